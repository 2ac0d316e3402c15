"""How deliveries stand per destination: for people, for Prometheus, and how a destination that was given up resumes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from services.runtime.database import AWAY, Database
from services.runtime.statements import Statements
from services.runtime.webhook.metrics import OLDEST, PAUSED, UNDELIVERED

EVERY_S: Final = 5.0
STATES: Final = ("pending", "failed", "gone")

_STANDING = """
SELECT e.id, e.disabled_at, d.pending, d.failed, d.gone, d.oldest, l.last_status, l.last_error
FROM {s}.endpoint e
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'failed') AS failed,
        count(*) FILTER (WHERE state = 'gone') AS gone, min(created_at) FILTER (WHERE state = 'pending') AS oldest
    FROM {s}.delivery WHERE endpoint = e.id AND state <> 'delivered'
) d ON true
LEFT JOIN LATERAL (
    SELECT last_status, last_error FROM {s}.delivery
    WHERE endpoint = e.id AND state <> 'delivered' AND (last_status IS NOT NULL OR last_error IS NOT NULL)
    ORDER BY due_at DESC LIMIT 1
) l ON true
ORDER BY e.id
"""
_ENABLE = "UPDATE {s}.endpoint SET disabled_at = NULL WHERE id = %s"
_REVIVE = """
UPDATE {s}.delivery SET state = 'pending', attempts = 0, created_at = clock_timestamp(), due_at = clock_timestamp(),
    ended_at = NULL
WHERE endpoint = %s AND state IN ('failed', 'gone')
"""
_STATEMENTS = Statements()


@dataclass(frozen=True, slots=True)
class Standing:
    """A destination: when it was paused, how many deliveries are in each of `STATES`, and what last went wrong."""

    id: str
    paused_at: datetime | None
    pending: int
    failed: int
    gone: int
    oldest: datetime | None
    last_status: int | None
    last_error: str | None


class Overview:
    """Reads committed rows of one service's schema."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service

    async def read(self) -> Sequence[Standing]:
        """All destinations there ever were, in order of name."""
        rows = await self._database.rows(_STATEMENTS.of(self._service, _STANDING))
        return [Standing(paused_at=row.pop("disabled_at"), **row) for row in rows]

    async def resume(self, destination: str) -> int:
        """Deliver to it again, beginning with what was given up; how many that is."""
        async with self._database.transaction() as connection:
            await connection.execute(_STATEMENTS.of(self._service, _ENABLE), (destination,))
            return (await connection.execute(_STATEMENTS.of(self._service, _REVIVE), (destination,))).rowcount

    async def watch(self) -> None:
        """Keep the metrics until cancelled; every process of a service shows the same."""
        while True:
            try:
                for standing in await self.read():
                    self._show(standing)
            except AWAY:
                pass
            await asyncio.sleep(EVERY_S)

    def _show(self, standing: Standing) -> None:
        where = (self._service, standing.id)
        for state in STATES:
            UNDELIVERED.labels(*where, state).set(getattr(standing, state))
        age = (datetime.now(UTC) - standing.oldest).total_seconds() if standing.oldest else 0
        OLDEST.labels(*where).set(max(0.0, age))
        PAUSED.labels(*where).set(standing.paused_at is not None)
