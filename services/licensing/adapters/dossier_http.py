"""Shared dossiers over HTTP: `POST /v1/dossiers`, their steps and notes, and the list of them.

For which authority a request comes its token says; where no party has one, `Acting-For` does, and is believed.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse

from services.core.errors import Refused
from services.core.messages import Dossier
from services.licensing.adapters.acting import ActingFor
from services.licensing.adapters.answers import (
    Cursor,
    Limit,
    durable,
    expected_revisions,
    listed,
    now,
    page,
    reference,
    refuse_if,
    tagged,
)
from services.licensing.adapters.authorisations import AuthorisationSearch
from services.licensing.adapters.dossier_bodies import DossierStepBody, NoteBody, OpenBody
from services.licensing.adapters.dossier_register import Command, DossierSearch, Filed, Wanted
from services.licensing.adapters.dossier_views import dossier_view, legs_view, licence_status, note_view, steps_view
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.search import Search
from services.licensing.domain.dossier_notes import AddNote, Note
from services.licensing.domain.dossier_steps import Due
from services.licensing.domain.dossiers import side_of
from services.licensing.domain.legs import legs

Submit = Callable[[Command], Awaitable[Filed]]
IfMatch = Annotated[str | None, Header()]


class Shown:
    """A dossier with what it is linked to: the licence and what must stand beside it."""

    def __init__(self, licences: Search, beside: AuthorisationSearch) -> None:
        self._licences = licences
        self._beside = beside

    async def whole(self, of: Dossier) -> dict[str, Any]:
        at = now()
        licence = None if of.licence is None else await self._licences.licence(of.licence)
        beside = [] if of.licence is None else await self._beside.beside(of.licence)
        return {
            **dossier_view(of, at),
            "licence_status": licence_status(licence, at),
            "legs": legs_view(legs(licence, beside), at),
            "steps": steps_view(of),
        }

    async def answer(self, of: Dossier, status: int) -> Response:
        return tagged(await self.whole(of), status, "dossiers")


def dossier_router(
    submit: Submit,
    found: DossierSearch,
    shown: Shown,
    due: Callable[[str], Due],
    zone_of: Callable[[str], str | None],
) -> APIRouter:
    """All routes of dossiers. `submit` is their group commit; `due` gives the last days of what starts now."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])
    _write_routes(router, submit, found, shown, due, zone_of)
    _note_routes(router, submit, found)
    _read_routes(router, found, shown)
    return router


def _write_routes(
    router: APIRouter,
    submit: Submit,
    found: DossierSearch,
    shown: Shown,
    due: Callable[[str], Due],
    zone_of: Callable[[str], str | None],
) -> None:
    @router.post("/v1/dossiers", status_code=201)
    async def open_dossier(body: OpenBody, acting_for: ActingFor) -> Response:
        zone = zone_of(body.authority)
        refuse_if(body.faults(acting_for, zone))
        filed = await durable(submit, body.opened(zone or "", due(zone or ""), now()))
        return await shown.answer(_dossier(filed), 201 if filed.new else 200)

    @router.post("/v1/dossiers/steps")
    async def step_by_query(
        ref: str, body: DossierStepBody, acting_for: ActingFor, if_match: IfMatch = None
    ) -> Response:
        return await step(ref, body, acting_for, if_match)

    @router.post("/v1/dossiers/{ref:path}/steps")
    async def step(ref: str, body: DossierStepBody, acting_for: ActingFor, if_match: IfMatch = None) -> Response:
        refuse_if(body.faults())
        known = await _known(found, ref)
        asked = body.taken(known.ref, acting_for, due(known.time_zone), expected_revisions(if_match), now())
        return await shown.answer(_dossier(await durable(submit, asked)), 200)


def _note_routes(router: APIRouter, submit: Submit, found: DossierSearch) -> None:
    @router.post("/v1/dossiers/notes", status_code=201)
    async def note_by_query(ref: str, body: NoteBody, acting_for: ActingFor) -> Response:
        return await note(ref, body, acting_for)

    @router.post("/v1/dossiers/{ref:path}/notes", status_code=201)
    async def note(ref: str, body: NoteBody, acting_for: ActingFor) -> Response:
        filed = await durable(submit, AddNote(reference(ref), acting_for, body.actor, body.text, now()))
        assert isinstance(filed.made, Note)  # noqa: S101 - what became of a note
        return JSONResponse(note_view(filed.made), 201 if filed.new else 200)

    @router.get("/v1/dossiers/notes")
    async def notes_by_query(ref: str, acting_for: ActingFor) -> Response:
        return await notes(ref, acting_for)

    @router.get("/v1/dossiers/{ref:path}/notes")
    async def notes(ref: str, acting_for: ActingFor) -> Response:
        """Those of the authority that asks. Never those of the other."""
        known = await _known(found, ref)
        kept = await found.notes(known.ref, side_of(known, acting_for))
        return JSONResponse({"items": [note_view(one) for one in kept]})


def _read_routes(router: APIRouter, found: DossierSearch, shown: Shown) -> None:
    @router.get("/v1/dossiers")
    async def list_dossiers(
        ref: str | None = None,
        authority: str | None = None,
        application: str | None = None,
        licence: str | None = None,
        state: Literal["open", "closed"] | None = None,
        overdue: bool | None = None,  # noqa: FBT001 - a query
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Response:
        """In order of reference, without steps and legs. `overdue`: a check or the advice is late, or nothing is."""
        if ref is not None:
            return await one_dossier(ref)
        wanted = Wanted(
            authority=authority and reference(authority),
            application=application and reference(application),
            licence=licence and reference(licence),
            open=None if state is None else state == "open",
            overdue=overdue,
        )
        at = now()
        many = await found.page(page(cursor, limit + 1), wanted, at)
        return listed([dossier_view(of, at) for of in many], limit)

    @router.get("/v1/dossiers/{ref:path}")
    async def one_dossier(ref: str) -> Response:
        return await shown.answer(await _known(found, ref), 200)


async def _known(found: DossierSearch, ref: str) -> Dossier:
    known = await found.one(reference(ref))
    if known is None:
        raise Refused(404, "No such dossier")
    return known


def _dossier(filed: Filed) -> Dossier:
    assert isinstance(filed.made, Dossier)  # noqa: S101 - what became of a dossier
    return filed.made
