"""Denials over HTTP: `POST /v1/denials`, their import as CSV, reviews, and the register of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from services.core.errors import Refused
from services.core.messages import Denial
from services.licensing.adapters.answers import Cursor, Limit, durable, listed, now, page, reference, refuse_if, tagged
from services.licensing.adapters.denial_bodies import DenialBody, ReviewBody, denial_faults, denial_view
from services.licensing.adapters.denial_register import Command, DenialSearch, Done, RecordDenials
from services.licensing.adapters.denial_table import read_denials
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.fields import Day
from services.runtime.body import read_body

LARGEST_TABLE = 16 * 1024 * 1024
Submit = Callable[[Command], Awaitable[Done]]
_CSV: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}},
}


def denial_router(submit: Submit, search: DenialSearch) -> APIRouter:
    """All routes of denials; `submit` is their group commit."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])
    _write_routes(router, submit)
    _read_routes(router, search)
    return router


def _write_routes(router: APIRouter, submit: Submit) -> None:
    @router.post("/v1/denials", status_code=201)
    async def record_denial(body: DenialBody) -> Response:
        refuse_if(denial_faults(body, _today()))
        done = await durable(submit, RecordDenials((("/ref", body.denial(now())),)))
        return _denial(done.denials[0], 201 if done.made else 200)

    @router.post("/v1/denials/import", openapi_extra=_CSV)
    async def import_denials(request: Request, dry_run: bool = False) -> Response:  # noqa: FBT001, FBT002 - a query
        """A row for each party. All rows are taken, or none: `errors` then has row and column of each fault."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/csv":
            raise Refused(415, "The body must be text/csv, and say so in Content-Type")
        table = await read_body(request, LARGEST_TABLE, "table")
        # In a thread: a large table takes seconds, and others are to be answered meanwhile.
        denials = await asyncio.to_thread(read_denials, table, now())
        rows = tuple((f"{place} reference", denial) for place, denial in denials)
        done = await durable(submit, RecordDenials(rows, dry_run=dry_run))
        counts = {"denials": len(rows), "new": done.made, "known": len(rows) - done.made}
        return JSONResponse({**counts, "dry_run": dry_run})

    @router.post("/v1/denials/reviews")
    async def review_by_query(ref: str, body: ReviewBody) -> Response:
        return await review(ref, body)

    @router.post("/v1/denials/{ref:path}/reviews")
    async def review(ref: str, body: ReviewBody) -> Response:
        done = await durable(submit, body.review(reference(ref), now()))
        return _denial(done.denials[0], 200)


def _read_routes(router: APIRouter, search: DenialSearch) -> None:
    @router.get("/v1/denials")
    async def list_denials(
        ref: str | None = None,
        status: Literal["valid", "revoked"] | None = None,
        review_due_by: Annotated[Day | None, Query(description="Whose review is due by this day.")] = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Response:
        if ref is not None:
            return await one_denial(ref)
        found = await search.page(page(cursor, limit + 1), status, review_due_by)
        return listed([denial_view(denial, _today()) for denial in found], limit)

    @router.get("/v1/denials/{ref:path}")
    async def one_denial(ref: str) -> Response:
        denial = await search.one(reference(ref))
        if denial is None:
            raise Refused(404, "No such denial")
        return _denial(denial, 200)


def _denial(denial: Denial, status: int) -> Response:
    return tagged(denial_view(denial, _today()), status, "denials")


def _today() -> date:
    return now().date()
