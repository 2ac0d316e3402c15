"""Reminders of dossiers: what has run out is said, once; how many are late is shown."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from prometheus_client import Gauge

from services.core.errors import Transient
from services.licensing.adapters.answers import now as clock
from services.licensing.adapters.denial_courses import OWN_STATE
from services.licensing.adapters.dossier_register import DossierSearch, Filed
from services.licensing.adapters.working_days import working_days
from services.licensing.domain.consultation import working_days_after
from services.licensing.domain.dossier_steps import Due
from services.licensing.domain.dossiers import RunOut
from services.runtime.database import AWAY
from services.runtime.telemetry import log

PAUSE_S: Final = 1.0
AT_ONCE: Final = 100
OVERDUE = Gauge("tolbrug_dossiers_overdue", "Dossiers with a check or an advice whose last day has passed.")


@dataclass(frozen=True, slots=True)
class Days:
    """How many working days of this state each of the clocks runs."""

    check: int
    advice: int
    decision: int

    def due(self, time_zone: str) -> Due:
        """The last days of what starts now."""
        today, is_working = clock().astimezone(ZoneInfo(time_zone)).date(), working_days(OWN_STATE)
        counts = (self.check, self.advice, self.decision)
        return Due(*(working_days_after(today, count, is_working) for count in counts))


class DossierClock:
    """Looks for clocks that are over and has each dossier say so, by the same group commit as every other change.

    What is said stands in the dossier, decided under its lock: processes that look at once, or die in between, say it
    once. A dossier that cannot be written is logged and passed over, and does not hold up the others.
    """

    def __init__(
        self,
        search: DossierSearch,
        submit: Callable[[RunOut], Awaitable[Filed]],
        now: Callable[[], datetime] = clock,
    ) -> None:
        self._search = search
        self._submit = submit
        self._now = now
        self._stuck: set[str] = set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except (Transient, *AWAY) as error:
                log.warning("dossiers.waiting", reason=str(error))
            await asyncio.sleep(PAUSE_S)

    async def look(self) -> None:
        """Say all that has run out by now."""
        at = self._now()
        found = await self._search.run_out(at, AT_ONCE + len(self._stuck))
        await asyncio.gather(*(self._say(ref, at) for ref in found if ref not in self._stuck))
        OVERDUE.set(await self._search.overdue(at))

    async def _say(self, ref: str, at: datetime) -> None:
        try:
            await self._submit(RunOut(ref, at))
        except (Transient, *AWAY):
            raise
        except Exception:  # noqa: BLE001 - the door goes on; the dossier is listed and counted as overdue all the same
            self._stuck.add(ref)
            log.exception("dossier.unsaid", dossier=ref)
