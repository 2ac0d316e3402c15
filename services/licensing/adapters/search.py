"""Reads of the register: one by reference, or pages in order of reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.core.messages import Licence, LicenceStatus, Refusal
from services.licensing.adapters.register import licence_of, refusal_of
from services.licensing.adapters.views import as_shown
from services.licensing.adapters.words import word
from services.licensing.domain.status import STEPS
from services.runtime.database import Database

_CURRENT = (
    "SELECT r.content FROM licensing.licence l JOIN licensing.licence_revision r"
    " ON r.ref = l.ref AND r.revision = l.revision WHERE "
)
# Whether the last day of validity is over, in the authority's time zone.
_OVER = "coalesce((l.valid_to + 1)::timestamp AT TIME ZONE (r.content->>'time_zone') <= %(now)s, false)"
# The status in force is the last step that has taken effect; before the first, the first. After the last day of
# validity it is expired, where it may become so (`domain.status.standing`).
_IN_FORCE = f"""
(SELECT CASE WHEN step->>'status' = ANY(%(expiring)s) AND {_OVER} THEN 'expired' ELSE step->>'status' END
 FROM jsonb_array_elements(l.statuses) WITH ORDINALITY AS steps (step, place)
 WHERE place = 1 OR (step->>'effective_at')::timestamptz <= %(now)s ORDER BY place DESC LIMIT 1)
"""  # noqa: S608 - put together from what stands here
# That it is behind a reference is said of both: else a merge of the two reads all revisions up to there.
_LISTED = f"""
SELECT l.ref, r.content, {_IN_FORCE} AS status FROM licensing.licence l
JOIN licensing.licence_revision r ON r.ref = l.ref AND r.revision = l.revision
WHERE l.ref > %(after)s AND r.ref > %(after)s"""  # noqa: S608 - as above
_PAGE = " ORDER BY l.ref LIMIT %(limit)s"
_EXPIRING = [word(status) for status, following in STEPS.items() if LicenceStatus.EXPIRED in following]


def _where_to_look(status: str) -> list[str]:
    """Where licences are that have a status in force, each place looked through in order of reference by an index.

    They are apart: the last step gave it; a step is still to come; nobody gave it, but the last day is over.
    """
    given = "l.last_status = %(status)s AND l.last_effective < %(second)s"
    places = [
        f"{given} AND NOT {_OVER}" if status in _EXPIRING else given,
        f"l.last_effective >= %(second)s AND {_IN_FORCE} = %(status)s",
    ]
    if status == word(LicenceStatus.EXPIRED):
        over = f"l.valid_to <= %(now)s::date + 1 AND {_OVER}"
        places.append(f"l.last_status = ANY(%(expiring)s) AND l.last_effective < %(second)s AND {over}")
    return places


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
        return [licence_of(row["content"]) for row in await self._listed(holder, status, now, page)]

    async def views(
        self, holder: str | None, status: LicenceStatus | None, now: datetime, page: Page
    ) -> list[dict[str, Any]]:
        """The same as the door shows them: as they are stored, with the status in force."""
        rows = await self._listed(holder, status, now, page)
        return [{**as_shown(row["content"]), "status": row["status"]} for row in rows]

    async def _listed(
        self, holder: str | None, status: LicenceStatus | None, now: datetime, page: Page
    ) -> Sequence[Mapping[str, Any]]:
        held = "" if holder is None else " AND l.holder = %(holder)s"
        query = _LISTED + held + _PAGE
        if status is not None:
            places = _where_to_look(word(status))
            found = " UNION ALL ".join(f"({_LISTED}{held} AND {place}{_PAGE})" for place in places)
            query = f"SELECT * FROM ({found}) AS l ORDER BY ref LIMIT %(limit)s"  # noqa: S608 - as above
        second = now.astimezone(UTC).isoformat()[:19]
        known = {"holder": holder, "status": status and word(status), "expiring": _EXPIRING}
        # A plan for any status reads the whole register for one that few licences have.
        times = {"now": now, "second": second}
        return await self._database.rows(query.encode(), {**known, **times, **_bounds(page)}, prepare=False)

    async def revisions(self, ref: str, since: int, limit: int) -> list[Mapping[str, object]]:
        """Stored revisions in order, from `since` on, with every field."""
        query = (
            "SELECT content FROM licensing.licence_revision WHERE ref = %(ref)s AND revision >= %(since)s"
            " ORDER BY revision LIMIT %(limit)s"
        )
        found = await self._contents(query, {"ref": ref, "since": since, "limit": limit})
        return [as_shown(content) for content in found]

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
