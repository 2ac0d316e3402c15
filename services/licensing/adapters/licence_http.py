"""Licences over HTTP: issue, change of status, and reads of the register."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from services.core.errors import Refused
from services.core.messages import LicenceStatus
from services.licensing.adapters.answers import (
    RESERVED,
    Cursor,
    Limit,
    Submit,
    durable,
    expected_revisions,
    licence_answer,
    listed,
    now,
    page,
    reference,
    registered,
    tagged,
)
from services.licensing.adapters.bodies import LicenceBody, StepBody
from services.licensing.adapters.faults import Authorities, DoorRoute
from services.licensing.adapters.fields import EoriNumber
from services.licensing.adapters.issuing import issuing
from services.licensing.adapters.pending_register import PendingSearch
from services.licensing.adapters.pending_views import pending_view
from services.licensing.adapters.search import Search
from services.licensing.adapters.views import licence_view
from services.licensing.adapters.words import StatusWord
from services.licensing.handlers import ChangeStatus


def writing_router(submit: Submit, authorities: Authorities) -> APIRouter:
    """Issue and steps of status."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.post("/v1/licences", status_code=201)
    async def issue_licence(body: LicenceBody) -> Response:
        decision = await durable(submit, issuing(body, authorities, now()))
        return licence_answer(registered(decision), 201 if decision.outputs else 200)

    # The query form stands before the path form, and both before `GET {ref:path}`.
    @router.post("/v1/licences/status")
    async def change_status_by_query(
        ref: str, body: StepBody, if_match: Annotated[str | None, Header()] = None
    ) -> Response:
        return await change_status(ref, body, if_match)

    @router.post("/v1/licences/{ref:path}/status")
    async def change_status(ref: str, body: StepBody, if_match: Annotated[str | None, Header()] = None) -> Response:
        step = ChangeStatus(
            ref=reference(ref),
            status=body.step,
            reason=body.reason,
            effective_at=body.effective_at,
            expected=expected_revisions(if_match),
            at=now(),
            actor=body.actor,
            legal_basis=body.legal_basis,
        )
        return licence_answer(registered(await durable(submit, step)), 200)

    return router


def reading_router(search: Search, pending: PendingSearch) -> APIRouter:
    """The register; a licence comes with what waits for it. It takes every path below `/v1/licences/`: last."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.get("/v1/licences")
    async def list_licences(
        ref: str | None = None,
        holder: EoriNumber | None = None,
        status: StatusWord | None = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Response:
        if ref is not None:
            return await one_licence(ref)
        wanted = None if status is None else LicenceStatus(status.upper())
        at = now()
        found = await search.licences(holder, wanted, at, page(cursor, limit + 1))
        return listed([licence_view(licence, at) for licence in found], limit)

    @router.get("/v1/licences/{ref:path}/{part}", include_in_schema=False)
    async def licence_part(ref: str, part: str) -> Response:
        if part in RESERVED:
            raise Refused(404, "No such resource")
        return await one_licence(f"{ref}/{part}")

    @router.get("/v1/licences/{ref:path}")
    async def one_licence(ref: str) -> Response:
        licence = await search.licence(reference(ref))
        if licence is None:
            raise Refused(404, "No such licence")
        waiting = [pending_view(one) for one in await pending.of_licence(licence.ref)]
        return tagged(licence_view(licence, now()) | ({"pending": waiting} if waiting else {}), 200, "licences")

    return router
