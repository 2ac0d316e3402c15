"""The life of a licence: each revision with who made it, why, by what right and from when, and what it changed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from services.core.errors import Refused
from services.licensing.adapters.acting import Acting
from services.licensing.adapters.answers import Limit, reference
from services.licensing.adapters.draft_register import DraftSearch
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.search import Search
from services.licensing.adapters.views import licence_content
from services.licensing.domain.drafting import Draft

_OF_EVERY_REVISION = frozenset({"revision", "change", "changed_at"})
_SAID = ("actor", "party", "reason", "legal_basis", "effective_at")
After = Annotated[int, Query(ge=0, lt=2**62)]
Content = Mapping[str, Any]


def history_router(search: Search, drafts: DraftSearch) -> APIRouter:
    """`GET /v1/licences/{ref}/history`, oldest first; `next` is the `after` of the page that follows.

    The first page has what became of its drafts; where those take more, `next_draft` is the `drafts_after` of what
    follows, which has drafts alone.
    """
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.get("/v1/licences/history")
    async def history_by_query(
        ref: str, party: Acting, after: After = 0, drafts_after: After = 0, limit: Limit = 50
    ) -> Response:
        return await history(ref, party, after, drafts_after, limit)

    @router.get("/v1/licences/{ref:path}/history")
    async def history(
        ref: str, party: Acting, after: After = 0, drafts_after: After = 0, limit: Limit = 50
    ) -> Response:
        name, also_drafts = reference(ref), drafts_after > 0 or not after
        authority = None if party is None else party.authority
        # The revision before the page is read for what the first on it changed, one behind it to know of a next page.
        found = [] if drafts_after else await search.revisions(name, after, limit + 2)
        drafted = await drafts.revisions(name, authority, drafts_after, limit + 2) if also_drafts else []
        if not (found or drafted or after or drafts_after):
            raise Refused(404, "No such licence")
        items, following = _page([change_view(was, made) for was, made in _pairs(found)], after, limit)
        shown = {"items": items, "next": following}
        if also_drafts:
            earlier, more = _page(_drafts(drafted), drafts_after, limit)
            shown |= {"drafts": earlier, "next_draft": more}
        return JSONResponse(shown)

    return router


def _page(changes: list[dict[str, Any]], after: int, limit: int) -> tuple[list[dict[str, Any]], int | None]:
    """Those behind the revision `after`, which is the first of them, and where the next page begins."""
    page = changes[1 if after else 0 :]
    return page[:limit], page[limit - 1]["revision"] if len(page) > limit else None


def _pairs(found: Sequence[Content]) -> Iterator[tuple[Content | None, Content]]:
    """Each with the one before it."""
    return zip((None, *found), found, strict=False)


def _drafts(found: Sequence[Draft]) -> list[dict[str, Any]]:
    contents = [licence_content(one.terms) for one in found]
    return [
        {**change_view(was, made), "state": one.state.value}
        for one, (was, made) in zip(found, _pairs(contents), strict=True)
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
