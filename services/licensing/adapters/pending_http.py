"""Amendments that take effect later over HTTP: what waits, what became of it, and taking it back."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from services.core.errors import Refused
from services.licensing.adapters.answers import Cursor, Limit, durable, next_page, now, page, reference
from services.licensing.adapters.bodies import ChangeBody
from services.licensing.adapters.desk import SubmitPending
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.fields import LongText, ShortText
from services.licensing.adapters.pending_register import PendingSearch, Withdraw
from services.licensing.adapters.pending_views import pending_view
from services.licensing.domain.pending import Pending, State

StateWord = Annotated[State | None, Query()]


class WithdrawalBody(ChangeBody):
    """Who takes it back, and why."""

    actor: ShortText
    reason: LongText


def pending_router(submit: SubmitPending, search: PendingSearch) -> APIRouter:
    """`/v1/amendments`: each has an id of its own, for a licence may have several."""
    router = APIRouter(route_class=DoorRoute, prefix="/v1/amendments", tags=["licensing"])

    @router.get("")
    async def list_amendments(
        licence: str | None = None, state: StateWord = None, cursor: Cursor = None, limit: Limit = 50
    ) -> Response:
        ref = None if licence is None else reference(licence)
        found = await search.page(page(cursor, limit + 1), ref, state)
        items = [pending_view(one) for one in found[:limit]]
        return JSONResponse({"items": items, "next": next_page([one.id for one in found], limit)})

    @router.get("/{id_}")
    async def one_amendment(id_: str) -> Response:
        return JSONResponse(pending_view(await _known(search, id_)))

    @router.post("/{id_}/withdrawal")
    async def withdraw_amendment(id_: str, body: WithdrawalBody) -> Response:
        known = await _known(search, id_)
        at = now()
        by = body.change(body.actor, at)
        return JSONResponse(pending_view((await durable(submit, Withdraw(known.id, known.ref, by, at))).pending))

    return router


async def _known(search: PendingSearch, id_: str) -> Pending:
    found = await search.one(id_) if id_.isalnum() else None
    if found is None:
        raise Refused(404, "No such amendment")
    return found
