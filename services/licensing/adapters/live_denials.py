"""The denials that count, in memory, and what was consulted about them, as the database has them in this transaction.

Grants hold a lock that only the writing of denials takes alone. So each denial is either there when something is
granted, or comes after all that was granted before it.
"""

from collections.abc import Collection
from typing import Any, Final

from pydantic import TypeAdapter

from services.licensing.adapters.denial_bodies import CheckBody, denial_of
from services.licensing.adapters.groups import lock
from services.licensing.domain.consultation import Course
from services.licensing.domain.granting import Consulted, Denied, Transaction
from services.licensing.domain.live_denials import LiveDenials
from services.runtime.columns import Texts
from services.runtime.database import Connection

AT_ONCE: Final = 200
"""Denials that are read before others have their turn."""
_LOCK = "licensing denials"
_SHARE = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))"
_NEXT = "SELECT stored, content FROM licensing.denial WHERE stored > %s ORDER BY stored LIMIT %s"
_COURSES = """
SELECT c.id, c.application, c.asked, d.course
FROM licensing.denial_check c JOIN licensing.denial_course d ON d.check_id = c.id
WHERE c.application = ANY(%s) ORDER BY c.checked_at, c.id
"""
_COURSE = TypeAdapter(Course)


async def lock_denials(connection: Connection) -> None:
    """Taken by who writes denials, just before: nothing is granted until the transaction ends."""
    await lock(connection, [_LOCK])


class DenialIndex:
    """One for each process. It reads what was written since: `stored` only grows, in the order of commits."""

    def __init__(self) -> None:
        self._live = LiveDenials()
        self._read_to = 0

    async def live(self, connection: Connection) -> LiveDenials:
        """All that is committed."""
        while True:
            rows = await (await connection.execute(_NEXT, (self._read_to, AT_ONCE))).fetchall()
            # Another transaction of this process may have read the same meanwhile, or more.
            for row in rows:
                if row["stored"] > self._read_to:
                    self._live.put(denial_of(row["content"]))
                    self._read_to = row["stored"]
            if len(rows) < AT_ONCE:
                return self._live

    async def denied(self, connection: Connection, applications: Collection[str], *, to_write: bool = True) -> Denied:
        """What is known when something is granted to these; without any, nothing. `to_write` False: no lock."""
        if not applications:
            return Denied(self._live, {})
        if to_write:
            await connection.execute(_SHARE, (_LOCK,))
        live = await self.live(connection)
        consulted: dict[str, list[Consulted]] = {}
        if len(live):
            for row in await (await connection.execute(_COURSES, (Texts(applications),))).fetchall():
                consulted.setdefault(row["application"], []).append(_consulted(row))
        return Denied(live, consulted)


def _consulted(row: dict[str, Any]) -> Consulted:
    asked = CheckBody.model_validate(row["asked"])
    transaction = Transaction(tuple(asked.wanted()), tuple(asked.parties()))
    return Consulted(row["id"], transaction, _COURSE.validate_python(row["course"]))
