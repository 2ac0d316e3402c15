"""The second keys over HTTP: federal authorisations, and the documents of the receiving State that a licence needs.

These routes stand before those of `licence_http`, whose `{ref:path}` would take them for references.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse

from services.core.errors import Fault, Refused
from services.core.messages import Authorisation, AuthorisationKind
from services.licensing.adapters.answers import durable, expected_revisions, now, reference, refuse_if
from services.licensing.adapters.asked_by import asking_party
from services.licensing.adapters.authorisation_bodies import (
    MINISTER,
    DocumentBody,
    DocumentStepBody,
    FederalAuthorisationBody,
    content,
)
from services.licensing.adapters.authorisations import Asked, AuthorisationSearch, Given
from services.licensing.adapters.bodies import StepBody
from services.licensing.adapters.faults import NOT_ACCEPTABLE, DoorRoute
from services.licensing.adapters.search import Search
from services.licensing.adapters.words import named, word
from services.licensing.domain.authorising import ChangeAuthorisation, Place
from services.licensing.domain.re_import import re_import_faults
from services.licensing.domain.status import status_at

Submit = Callable[[Asked], Awaitable[Given]]
IfMatch = Annotated[str | None, Header()]
FEDERAL = AuthorisationKind.FEDERAL_AUTHORISATION


def authorisation_router(
    submit: Submit, found: AuthorisationSearch, licences: Search, zone_of: Callable[[str], str | None]
) -> APIRouter:
    """`submit` is the group commit; `zone_of` gives the time zone of an authority, None when it has none."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])
    _federal_routes(router, submit, found, zone_of)
    _document_routes(router, submit, found, licences)
    return router


def _federal_routes(
    router: APIRouter, submit: Submit, found: AuthorisationSearch, zone_of: Callable[[str], str | None]
) -> None:
    @router.post("/v1/federal-authorisations", status_code=201)
    async def enter_federal_authorisation(body: FederalAuthorisationBody) -> Response:
        zone = zone_of(body.issued_by) or zone_of(MINISTER)
        unknown = Fault("/issued_by", "authority-unknown", "no time zone is configured for this authority")
        refuse_if((*body.faults(), *(() if zone else (unknown,))))
        given = await durable(submit, body.entered(zone or "", now()))
        return _answer(given, f"/v1/federal-authorisations?ref={quote(body.ref)}")

    @router.post("/v1/federal-authorisations/status")
    async def step_by_query(ref: str, body: StepBody, if_match: IfMatch = None) -> Response:
        return await step(ref, body, if_match)

    @router.post("/v1/federal-authorisations/{ref:path}/status")
    async def step(ref: str, body: StepBody, if_match: IfMatch = None) -> Response:
        return await _step(submit, Place(FEDERAL, "", reference(ref)), body, if_match)

    @router.get("/v1/federal-authorisations")
    async def list_federal_authorisations(ref: str | None = None, licence: str | None = None) -> Response:
        if ref is not None:
            return await one_federal_authorisation(ref)
        if licence is None:
            raise Refused(422, NOT_ACCEPTABLE, (Fault("licence", "missing", "say which licence, or `ref`"),))
        beside = await found.beside(reference(licence))
        return _listed([of for of in beside if of.kind is FEDERAL])

    @router.get("/v1/federal-authorisations/{ref:path}")
    async def one_federal_authorisation(ref: str) -> Response:
        of = await found.federal(reference(ref))
        if of is None:
            raise Refused(404, "No such federal authorisation")
        return _one(of, 200)


def _document_routes(router: APIRouter, submit: Submit, found: AuthorisationSearch, licences: Search) -> None:
    @router.post("/v1/licences/documents/status")
    async def step_document_by_query(ref: str, body: DocumentStepBody, if_match: IfMatch = None) -> Response:
        return await step_document(ref, body, if_match)

    @router.post("/v1/licences/{ref:path}/documents/status")
    async def step_document(ref: str, body: DocumentStepBody, if_match: IfMatch = None) -> Response:
        return await _step(submit, Place(named(AuthorisationKind, body.kind), reference(ref), body.ref), body, if_match)

    @router.post("/v1/licences/documents", status_code=201)
    async def add_document_by_query(ref: str, body: DocumentBody) -> Response:
        return await add_document(ref, body)

    @router.post("/v1/licences/{ref:path}/documents", status_code=201)
    async def add_document(ref: str, body: DocumentBody) -> Response:
        """Its days are those of the licence's time zone."""
        licence = await licences.licence(reference(ref))
        if licence is None:
            raise Refused(404, "No such licence")
        refuse_if(body.faults())
        asked = body.entered(licence.ref, licence.time_zone, now())
        refuse_if(tuple(re_import_faults(licence, asked.authorisation)))
        given = await durable(submit, asked)
        return _answer(given, f"/v1/licences/documents?ref={quote(licence.ref)}")

    @router.get("/v1/licences/documents")
    async def documents_by_query(ref: str) -> Response:
        return await documents(ref)

    @router.get("/v1/licences/{ref:path}/documents")
    async def documents(ref: str) -> Response:
        if await licences.licence(reference(ref)) is None:
            raise Refused(404, "No such licence")
        return _listed([of for of in await found.beside(ref) if of.kind is not FEDERAL])


async def _step(submit: Submit, place: Place, body: StepBody, if_match: str | None) -> Response:
    asked = ChangeAuthorisation(
        place=place,
        status=body.step,
        reason=body.reason,
        effective_at=body.effective_at,
        actor=body.actor,
        legal_basis=body.legal_basis,
        expected=expected_revisions(if_match),
        at=now(),
        party=asking_party(),
    )
    return _one((await durable(submit, asked)).state.current, 200)


def _answer(given: Given, location: str) -> Response:
    response = _one(given.state.current, 201 if given.outputs else 200)
    if given.outputs:
        response.headers["Location"] = location
    return response


def _one(of: Authorisation, status: int) -> Response:
    return JSONResponse(_view(of), status, {"ETag": f'"{of.revision}"'})


def _listed(found: list[Authorisation]) -> Response:
    return JSONResponse({"items": [_view(of) for of in found]})


def _view(of: Authorisation) -> dict[str, Any]:
    """`status` is the one in force now."""
    return {**content(of), "status": word(status_at(of.statuses, now()))}
