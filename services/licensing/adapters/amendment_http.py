"""Amendments over HTTP: the fields that are sent replace those of the licence, all others stay."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse

from services.core.errors import Fault, Refused
from services.core.messages import Change, Licence
from services.licensing.adapters.answers import (
    durable,
    expected_revisions,
    licence_answer,
    now,
    reference,
    refuse_if,
    registered,
)
from services.licensing.adapters.bodies import AmendmentBody, ChangeBody, LicenceTerms
from services.licensing.adapters.desk import Desk
from services.licensing.adapters.faults import DoorRoute, licence_faults
from services.licensing.adapters.pending_views import identity, overlaid, pending_view, waiting_before
from services.licensing.adapters.views import licence_content
from services.licensing.domain.amending import AmendLicence
from services.licensing.domain.kinds import as_authorised
from services.licensing.domain.pending import Pending, Schedule

IfMatch = Annotated[str | None, Header()]
_TERMS = frozenset(LicenceTerms.model_fields)


def amendment_router(desk: Desk) -> APIRouter:
    """`POST /v1/licences/{ref}/amendments`; without `If-Match` 428, for a revision that is no more 412."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.post("/v1/licences/amendments")
    async def amend_by_query(ref: str, body: AmendmentBody, if_match: IfMatch = None) -> Response:
        return await amend(ref, body, if_match)

    @router.post("/v1/licences/{ref:path}/amendments")
    async def amend(ref: str, body: AmendmentBody, if_match: IfMatch = None) -> Response:
        current = await desk.search.licence(reference(ref))
        if current is None:
            raise Refused(404, "No such licence")
        allowed = expected_revisions(if_match)
        if allowed is None:
            fault = Fault("If-Match", "required", "send the ETag of the revision you amend")
            raise Refused(428, "An amendment says which revision it amends", (fault,))
        at = now()
        change = body.change(current.authority, body.effective_at or at)
        if change.effective_at > at:
            return await _later(desk, current, _Later(body, change, allowed, at))
        asked = AmendLicence(
            terms=_merged(desk, current, body),
            change=change,
            # What was merged with is the revision that was read, whatever else the sender would allow.
            expected=allowed & {current.revision},
            at=at,
        )
        return licence_answer(registered(await durable(desk.submit, asked)), 200)

    return router


@dataclass(frozen=True, slots=True)
class _Later:
    body: AmendmentBody
    change: Change
    allowed: frozenset[int]
    at: datetime


async def _later(desk: Desk, current: Licence, asked: _Later) -> Response:
    """Laid over the licence as it will be by then, as far as that is known, and kept until then."""
    change = asked.change
    before = waiting_before(await desk.pending.of_licence(current.ref), change.effective_at)
    base = overlaid(current, [one.sent for one in before]).stored()
    made = _merged(desk, base, asked.body)
    will_be, was = licence_content(made), licence_content(base)
    names = sorted(_sent(asked.body))
    sent = {name: will_be[name] for name in names}
    pending = Pending(
        id=identity(current.ref, asked.allowed, sent, change),
        ref=current.ref,
        sent=sent,
        before={name: was[name] for name in names},
        change=change,
        recorded_at=asked.at,
    )
    settled = await durable(desk.schedule, Schedule(pending, base, made, asked.allowed & {current.revision}))
    headers = {"Location": f"/v1/amendments/{settled.pending.id}"}
    return JSONResponse(pending_view(settled.pending), 202 if settled.changed else 200, headers)


def _merged(desk: Desk, licence: Licence, body: AmendmentBody) -> Licence:
    """The licence with the terms that were sent. Refused 422 when that is no licence of its kind."""
    terms = overlaid(licence, ()).model_copy(update=_sent(body))
    refuse_if(licence_faults(terms, desk.authorities, issued=True))
    return as_authorised(terms.stored())


def _sent(body: ChangeBody) -> dict[str, Any]:
    """The terms that the request names, `null` among them."""
    return {name: getattr(body, name) for name in body.model_fields_set & _TERMS}
