"""Refused applications over HTTP."""

from fastapi import APIRouter, Response

from services.core.errors import Refused
from services.core.messages import Refusal
from services.licensing.adapters.answers import (
    Cursor,
    Limit,
    Submit,
    durable,
    listed,
    now,
    page,
    reference,
    refuse_if,
    tagged,
)
from services.licensing.adapters.bodies import RefusalBody
from services.licensing.adapters.faults import DoorRoute, refusal_faults
from services.licensing.adapters.fields import EoriNumber
from services.licensing.adapters.search import Search
from services.licensing.adapters.views import refusal_view
from services.licensing.handlers import RecordRefusal


def refusal_router(submit: Submit, search: Search) -> APIRouter:
    """Record a refusal, and read what is recorded."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.post("/v1/refusals", status_code=201)
    async def record_refusal(body: RefusalBody) -> Response:
        refuse_if(refusal_faults(body))
        decision = await durable(submit, RecordRefusal(body.refusal(now())))
        assert isinstance(decision.state, Refusal)  # noqa: S101 - the decision on a refusal
        return tagged(refusal_view(decision.state), 201 if decision.outputs else 200, "refusals")

    @router.get("/v1/refusals")
    async def list_refusals(
        ref: str | None = None, applicant: EoriNumber | None = None, cursor: Cursor = None, limit: Limit = 50
    ) -> Response:
        if ref is not None:
            return await one_refusal(ref)
        found = await search.refusals(applicant, page(cursor, limit + 1))
        return listed([refusal_view(refusal) for refusal in found], limit)

    @router.get("/v1/refusals/{ref:path}")
    async def one_refusal(ref: str) -> Response:
        refusal = await search.refusal(reference(ref))
        if refusal is None:
            raise Refused(404, "No such refusal")
        return tagged(refusal_view(refusal), 200, "refusals")

    return router
