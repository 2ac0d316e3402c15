"""Amendments over HTTP: the fields that are sent replace those of the licence, all others stay."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from services.core.errors import Fault, Refused
from services.licensing.adapters.answers import (
    Submit,
    durable,
    expected_revisions,
    licence_answer,
    now,
    reference,
    refuse_if,
    registered,
)
from services.licensing.adapters.bodies import AmendmentBody, ChangeBody, LicenceTerms, StoredLicence
from services.licensing.adapters.faults import NOT_ACCEPTABLE, Authorities, DoorRoute, licence_faults
from services.licensing.adapters.search import Search
from services.licensing.adapters.views import licence_content
from services.licensing.domain.amending import AmendLicence
from services.licensing.domain.kinds import as_authorised

IfMatch = Annotated[str | None, Header()]
_TERMS = frozenset(LicenceTerms.model_fields)


def amendment_router(submit: Submit, search: Search, authorities: Authorities) -> APIRouter:
    """`POST /v1/licences/{ref}/amendments`; without `If-Match` 428, for a revision that is no more 412."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.post("/v1/licences/amendments")
    async def amend_by_query(ref: str, body: AmendmentBody, if_match: IfMatch = None) -> Response:
        return await amend(ref, body, if_match)

    @router.post("/v1/licences/{ref:path}/amendments")
    async def amend(ref: str, body: AmendmentBody, if_match: IfMatch = None) -> Response:
        current = await search.licence(reference(ref))
        if current is None:
            raise Refused(404, "No such licence")
        allowed = expected_revisions(if_match)
        if allowed is None:
            fault = Fault("If-Match", "required", "send the ETag of the revision you amend")
            raise Refused(428, "An amendment says which revision it amends", (fault,))
        before = StoredLicence.model_validate(licence_content(current))
        terms = before.model_copy(update=_sent(body))
        refuse_if(licence_faults(terms, authorities, issued=True))
        at = now()
        effective_at = body.effective_at or at
        if effective_at > at:
            fault = Fault("/effective_at", "in-future", "an amendment takes effect at once, or has already")
            raise Refused(422, NOT_ACCEPTABLE, (fault,))
        asked = AmendLicence(
            terms=as_authorised(terms.revision_of(current.revision, current.time_zone, current.statuses, at)),
            change=body.change(current.authority, effective_at),
            # What was merged with is the revision that was read, whatever else the sender would allow.
            expected=allowed & {current.revision},
            at=at,
        )
        return licence_answer(registered(await durable(submit, asked)), 200)

    return router


def _sent(body: ChangeBody) -> dict[str, Any]:
    """The terms that the request names, `null` among them."""
    return {name: getattr(body, name) for name in body.model_fields_set & _TERMS}
