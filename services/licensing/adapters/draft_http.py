"""Drafts over HTTP: saved with `POST /v1/licences?draft=true`, replaced, discarded, issued.

Their ETag is `"draft-N"`, so that what was seen of a draft is never taken for a revision of the licence.
"""

import re
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse

from services.core.errors import Fault, Refused
from services.core.messages import Licence
from services.licensing.adapters.answers import durable, licence_answer, location, now, reference, refuse_if, registered
from services.licensing.adapters.bodies import ChangeBody, LicenceBody, LicenceTerms
from services.licensing.adapters.desk import Desk
from services.licensing.adapters.faults import NOT_ACCEPTABLE, DoorRoute
from services.licensing.adapters.fields import LongText, ShortText
from services.licensing.adapters.issuing import issuing
from services.licensing.adapters.views import licence_content
from services.licensing.domain.drafting import DiscardDraft, Draft, SaveDraft, State

IfMatch = Annotated[str | None, Header()]
_TAG = re.compile(r'\s*(?:W/)?"?draft-([0-9]{1,18})"?\s*')


class DiscardBody(ChangeBody):
    """Who discards it, and why."""

    actor: ShortText
    reason: LongText


def draft_router(desk: Desk) -> APIRouter:
    """`PUT` replaces a draft, `discard` ends it: by path and by query."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.put("/v1/licences")
    async def replace_by_query(ref: str, body: LicenceBody, if_match: IfMatch = None) -> Response:
        return await replace_draft(ref, body, if_match)

    @router.post("/v1/licences/discard")
    async def discard_by_query(ref: str, body: DiscardBody, if_match: IfMatch = None) -> Response:
        return await discard(ref, body, if_match)

    @router.post("/v1/licences/{ref:path}/discard")
    async def discard(ref: str, body: DiscardBody, if_match: IfMatch = None) -> Response:
        at = now()
        asked = DiscardDraft(reference(ref), body.change(body.actor, at), _expected(if_match, needed=False), at)
        return draft_answer((await durable(desk.save, asked)).draft, 200)

    @router.put("/v1/licences/{ref:path}")
    async def replace_draft(ref: str, body: LicenceBody, if_match: IfMatch = None) -> Response:
        if body.ref != reference(ref):
            raise Refused(422, NOT_ACCEPTABLE, (Fault("/ref", "ref-other", f"the path names {ref}"),))
        return await save_draft(desk, body, _expected(if_match))

    return router


def issue_router(desk: Desk) -> APIRouter:
    """`POST /v1/licences/{ref}/issue`: the draft that was seen becomes a licence; again, the licence it became."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.post("/v1/licences/issue", status_code=201)
    async def issue_by_query(ref: str, body: ChangeBody, if_match: IfMatch = None) -> Response:
        return await issue(ref, body, if_match)

    @router.post("/v1/licences/{ref:path}/issue", status_code=201)
    async def issue(ref: str, body: ChangeBody, if_match: IfMatch = None) -> Response:
        expected = _expected(if_match)
        draft = await desk.drafts.one(reference(ref))
        if draft is not None and draft.state is State.ISSUED and draft.terms.revision - 1 in (expected or ()):
            return licence_answer(await _issued(desk, ref), 200)
        if draft is None or draft.state is not State.DRAFT:
            raise Refused(404, "No such draft")
        allowed = (expected or frozenset()) & {draft.terms.revision}
        asked = issuing(_as_sent(draft.terms, body), desk.authorities, now())
        decision = await durable(desk.submit, replace(asked, draft=allowed))
        return licence_answer(registered(decision), 201 if decision.outputs else 200)

    return router


async def save_draft(desk: Desk, body: LicenceBody, expected: frozenset[int] | None = None) -> Response:
    """Well formed it must be, and of an authority there is; the rules of its kind wait for the issue."""
    zone = desk.authorities.zone_of(body.authority)
    if zone is None:
        refuse_if((Fault("/authority", "authority-unknown", "no time zone is configured for this authority"),))
    at = now()
    change = body.change(body.authority, at)
    saved = await durable(desk.save, SaveDraft(body.revision_of(1, zone or "", (), at, change), expected))
    return draft_answer(saved.draft, 201 if saved.changed and expected is None else 200)


def draft_answer(draft: Draft, status: int) -> Response:
    headers = {"ETag": f'"draft-{draft.terms.revision}"'}
    if status == 201:
        headers["Location"] = location(draft.terms.ref, "licences")
    return JSONResponse(draft_view(draft), status, headers)


def draft_view(draft: Draft) -> dict[str, Any]:
    return {**licence_content(draft.terms), "status": draft.state.value}


def _as_sent(terms: Licence, said: ChangeBody) -> LicenceBody:
    """The draft as a request that issues it; every rule is judged now."""
    content = licence_content(terms)
    stated = {name: content[name] for name in LicenceTerms.model_fields}
    return LicenceBody.model_validate({**stated, **{name: getattr(said, name) for name in ChangeBody.model_fields}})


async def _issued(desk: Desk, ref: str) -> Licence:
    licence = await desk.search.licence(ref)
    if licence is None:
        raise Refused(404, "No such licence")
    return licence


def _expected(if_match: str | None, *, needed: bool = True) -> frozenset[int] | None:
    """The revisions of drafts in an `If-Match`; without one, any, or Refused 428."""
    if if_match is None:
        if needed:
            fault = Fault("If-Match", "required", "send the ETag of the draft you mean")
            raise Refused(428, "Say which revision of the draft you mean", (fault,))
        return None
    tags = [_TAG.fullmatch(tag) for tag in if_match.split(",")]
    return frozenset(int(tag[1]) for tag in tags if tag is not None)
