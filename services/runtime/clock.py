"""The time by which reminders are due. Decisions depend on no clock: they carry the time of what caused them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class Clock:
    """`ahead` moves it: for tests, and to rehearse what a quarter without news would raise."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead
