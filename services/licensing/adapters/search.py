"""Reads of the register: one by reference, or pages in order of reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.core.messages import Licence, LicenceStatus, Refusal
from services.licensing.adapters.register import licence_of, refusal_of
from services.licensing.adapters.words import word
from services.licensing.domain.status import STEPS
from services.runtime.database import Database

_CURRENT = (
    "SELECT r.content FROM licensing.licence l JOIN licensing.licence_revision r"
    " ON r.ref = l.ref AND r.revision = l.revision WHERE "
)
# The status in force is the last step that has taken effect; before the first, the first. After the last day of
# validity it is expired, where it may become so (`domain.status.standing`).
_IN_FORCE = """
(SELECT CASE WHEN step->>'status' = ANY(%(expiring)s)
   AND (l.valid_to + 1)::timestamp AT TIME ZONE (r.content->>'time_zone') <= %(now)s
   THEN 'expired' ELSE step->>'status' END
 FROM jsonb_array_elements(l.statuses) WITH ORDINALITY AS steps (step, place)
 WHERE place = 1 OR (step->>'effective_at')::timestamptz <= %(now)s ORDER BY place DESC LIMIT 1) = %(status)s
"""
_EXPIRING = [word(status) for status, following in STEPS.items() if LicenceStatus.EXPIRED in following]


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page starts (after this reference) and how much it holds."""

    after: str
    limit: int


class Search:
    """Reads committed rows; never behind an answered request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def licence(self, ref: str) -> Licence | None:
        found = await self._contents(_CURRENT + "l.ref = %(ref)s", {"ref": ref})
        return licence_of(found[0]) if found else None

    async def licences(
        self, holder: str | None, status: LicenceStatus | None, now: datetime, page: Page
    ) -> list[Licence]:
        wanted = ["l.ref > %(after)s"]
        if holder is not None:
            wanted.append("l.holder = %(holder)s")
        if status is not None:
            wanted.append(_IN_FORCE)
        values = {"holder": holder, "status": status and word(status), "now": now, "expiring": _EXPIRING}
        query = _CURRENT + " AND ".join(wanted) + " ORDER BY l.ref LIMIT %(limit)s"
        return [licence_of(content) for content in await self._contents(query, {**values, **_bounds(page)})]

    async def revisions(self, ref: str, since: int, limit: int) -> list[Mapping[str, object]]:
        """Stored revisions in order, from `since` on."""
        query = (
            "SELECT content FROM licensing.licence_revision WHERE ref = %(ref)s AND revision >= %(since)s"
            " ORDER BY revision LIMIT %(limit)s"
        )
        return await self._contents(query, {"ref": ref, "since": since, "limit": limit})

    async def refusal(self, ref: str) -> Refusal | None:
        found = await self._contents("SELECT content FROM licensing.refusal WHERE ref = %(ref)s", {"ref": ref})
        return refusal_of(found[0]) if found else None

    async def refusals(self, applicant: str | None, page: Page) -> list[Refusal]:
        query = (
            "SELECT content FROM licensing.refusal WHERE ref > %(after)s"
            " AND (%(applicant)s::text IS NULL OR applicant = %(applicant)s) ORDER BY ref LIMIT %(limit)s"
        )
        found = await self._contents(query, {"applicant": applicant, **_bounds(page)})
        return [refusal_of(content) for content in found]

    async def _contents(self, query: str, values: Mapping[str, object]) -> list[Mapping[str, object]]:
        return [row["content"] for row in await self._database.rows(query.encode(), values)]


def _bounds(page: Page) -> dict[str, object]:
    return {"after": page.after, "limit": page.limit}
