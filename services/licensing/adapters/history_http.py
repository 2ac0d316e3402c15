"""The life of a licence: each revision with who made it, why, by what right and from when, and what it changed."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from services.core.errors import Refused
from services.licensing.adapters.acting import Acting, sees_draft
from services.licensing.adapters.answers import Limit, reference
from services.licensing.adapters.draft_register import DraftSearch
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.search import Search
from services.licensing.adapters.views import licence_content
from services.licensing.domain.drafting import Draft

_OF_EVERY_REVISION = frozenset({"revision", "change", "changed_at"})
_SAID = ("actor", "reason", "legal_basis", "effective_at")
After = Annotated[int, Query(ge=0, lt=2**62)]
Content = Mapping[str, Any]


def history_router(search: Search, drafts: DraftSearch) -> APIRouter:
    """`GET /v1/licences/{ref}/history`, oldest first; `next` is the `after` of the page that follows.

    The first page has what became of its drafts.
    """
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.get("/v1/licences/history")
    async def history_by_query(ref: str, party: Acting, after: After = 0, limit: Limit = 50) -> Response:
        return await history(ref, party, after, limit)

    @router.get("/v1/licences/{ref:path}/history")
    async def history(ref: str, party: Acting, after: After = 0, limit: Limit = 50) -> Response:
        # The revision before the page is read for what the first on it changed, one behind it to know of a next page.
        found = await search.revisions(reference(ref), after, limit + 2)
        all_drafts = [] if after else await drafts.revisions(ref)
        drafted = [one for one in all_drafts if sees_draft(party, one.terms.authority)]
        if not found and not drafted and not after:
            raise Refused(404, "No such licence")
        before: list[Content | None] = [None, *found]
        changes = [change_view(was, made) for was, made in zip(before, found, strict=False)][1 if after else 0 :]
        more = len(changes) > limit
        shown = {"items": changes[:limit], "next": changes[limit - 1]["revision"] if more else None}
        return JSONResponse(shown if after else {"drafts": _drafts(drafted), **shown})

    return router


def _drafts(found: list[Draft]) -> list[dict[str, Any]]:
    contents: list[Content] = [licence_content(one.terms) for one in found]
    before: list[Content | None] = [None, *contents]
    return [
        {**change_view(was, made), "state": one.state.value}
        for one, was, made in zip(found, before, contents, strict=False)
    ]


def change_view(was: Content | None, made: Content) -> dict[str, Any]:
    """One change. `changed` names the fields that differ from the revision before, none of the first."""
    told = made.get("change") or {}
    names = set() if was is None else {n for n in was.keys() | made.keys() if was.get(n) != made.get(n)}
    return {
        "revision": made["revision"],
        **{name: told.get(name) for name in _SAID},
        "recorded_at": made["changed_at"],
        "changed": sorted(names - _OF_EVERY_REVISION),
    }
