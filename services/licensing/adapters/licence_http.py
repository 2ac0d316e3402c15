"""Licences over HTTP: issue, change of status, and reads of the register."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Response

from services.core.errors import Refused
from services.core.messages import LicenceStatus
from services.licensing.adapters.acting import Acting, sees_draft
from services.licensing.adapters.answers import (
    RESERVED,
    Cursor,
    Limit,
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
from services.licensing.adapters.asked_by import asking_party
from services.licensing.adapters.bodies import LicenceBody, StepBody
from services.licensing.adapters.desk import Desk
from services.licensing.adapters.draft_http import draft_answer, draft_view, save_draft
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.fields import EoriNumber
from services.licensing.adapters.issuing import issuing
from services.licensing.adapters.pending_views import pending_view
from services.licensing.adapters.views import licence_view
from services.licensing.adapters.words import StatusWord
from services.licensing.domain.drafting import State
from services.licensing.domain.rights import ActingParty
from services.licensing.handlers import ChangeStatus


def writing_router(desk: Desk) -> APIRouter:
    """Issue, with `draft` only a draft of it, and steps of status."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.post("/v1/licences", status_code=201)
    async def issue_licence(body: LicenceBody, *, draft: bool = False) -> Response:
        if draft:
            return await save_draft(desk, body)
        decision = await durable(desk.submit, issuing(body, desk.authorities, now()))
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
            party=asking_party(),
        )
        return licence_answer(registered(await durable(desk.submit, step)), 200)

    return router


def reading_router(desk: Desk) -> APIRouter:
    """The register; a licence comes with what waits for it. It takes every path below `/v1/licences/`: last."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.get("/v1/licences")
    async def list_licences(
        party: Acting,
        ref: str | None = None,
        holder: EoriNumber | None = None,
        status: StatusWord | Literal["draft"] | None = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Response:
        if ref is not None:
            return await one_licence(ref, party)
        if status == "draft":
            authority = None if party is None else party.authority
            drafts = await desk.drafts.page(holder, authority, page(cursor, limit + 1))
            return listed([draft_view(draft) for draft in drafts], limit)
        wanted = None if status is None else LicenceStatus(status.upper())
        at = now()
        return listed(await desk.search.views(holder, wanted, at, page(cursor, limit + 1)), limit)

    @router.get("/v1/licences/{ref:path}/{part}", include_in_schema=False)
    async def licence_part(ref: str, part: str, party: Acting) -> Response:
        if part in RESERVED:
            raise Refused(404, "No such resource")
        return await one_licence(f"{ref}/{part}", party)

    @router.get("/v1/licences/{ref:path}")
    async def one_licence(ref: str, party: Acting) -> Response:
        licence = await desk.search.licence(reference(ref))
        if licence is None:
            return await _one_draft(desk, ref, party)
        waiting = [pending_view(one) for one in await desk.pending.of_licence(licence.ref)]
        return tagged(licence_view(licence, now()) | ({"pending": waiting} if waiting else {}), 200, "licences")

    return router


async def _one_draft(desk: Desk, ref: str, party: ActingParty | None) -> Response:
    draft = await desk.drafts.one(ref)
    if draft is None or draft.state is not State.DRAFT or not sees_draft(party, draft.terms.authority):
        raise Refused(404, "No such licence")
    return draft_answer(draft, 200)
