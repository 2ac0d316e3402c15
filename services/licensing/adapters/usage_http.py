"""Reports of use over HTTP. These routes stand before those of `licence_http`, whose `{ref:path}` would take them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from services.core.errors import Refused
from services.core.messages import ReportChannel
from services.licensing.adapters.answers import Cursor, Limit, durable, next_page, now, page, reference
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.fields import Day
from services.licensing.adapters.json_body import with_json
from services.licensing.adapters.search import Search
from services.licensing.adapters.usage_bodies import UsageBody, usage_content
from services.licensing.adapters.usage_reading import Placed, read_json, read_table
from services.licensing.adapters.usage_register import UsageSearch, Wanted
from services.licensing.adapters.words import ChannelWord, named
from services.licensing.domain.usage import Recorded, RecordUsage
from services.runtime.body import read_body

LARGEST_TABLE = 2 * 1024 * 1024
Submit = Callable[[RecordUsage], Awaitable[Recorded]]
From = Annotated[Day | None, Query(alias="from", description="First day that the period may reach into.")]
To = Annotated[Day | None, Query(alias="to", description="Last day that the period may reach into.")]
_REPORT = UsageBody.model_json_schema()
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [_REPORT, {"type": "array", "items": _REPORT}]}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


def usage_router(submit: Submit, licences: Search, found: UsageSearch) -> APIRouter:
    """Take reports, and read them; `submit` is their group commit."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])
    _write_routes(router, submit, licences)
    _read_routes(router, licences, found)
    return router


def _write_routes(router: APIRouter, submit: Submit, licences: Search) -> None:
    @router.post("/v1/licences/usage-reports", status_code=201, openapi_extra=_BODY)
    async def report_by_query(ref: str, request: Request) -> Response:
        return await report(ref, request)

    @router.post("/v1/licences/{ref:path}/usage-reports", status_code=201, openapi_extra=_BODY)
    async def report(ref: str, request: Request) -> Response:
        """One report, a list of them, or a table: all are taken, or none. `new`: how many were not known."""
        placed, single = await _placed(request)
        licence = await licences.licence(reference(ref))
        if licence is None:
            raise Refused(404, "No such licence")
        at = now()
        reports = tuple((place, body.report(licence, at)) for place, body in placed)
        return _answer(await durable(submit, RecordUsage(licence.ref, reports)), licence.ref, single=single)


def _read_routes(router: APIRouter, licences: Search, found: UsageSearch) -> None:
    @router.get("/v1/licences/usage-reports")
    async def reports_by_query(
        ref: str,
        channel: ChannelWord | None = None,
        first: From = None,
        last: To = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Response:
        return await reports(ref, channel, first, last, cursor, limit)

    @router.get("/v1/licences/{ref:path}/usage-reports")
    async def reports(
        ref: str,
        channel: ChannelWord | None = None,
        first: From = None,
        last: To = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Response:
        """In order of their id. `counts`: no total of the same use came after that holds it."""
        if await licences.licence(reference(ref)) is None:
            raise Refused(404, "No such licence")
        wanted = Wanted(channel and named(ReportChannel, channel).value, first, last)
        views = await found.page(ref, wanted, page(cursor, limit + 1))
        return JSONResponse({"items": views[:limit], "next": next_page([view["id"] for view in views], limit)})


async def _placed(request: Request) -> tuple[list[Placed], bool]:
    """The reports of a request, and whether it is one alone."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/csv":
        return await asyncio.to_thread(read_table, await read_body(request, LARGEST_TABLE, "table")), False
    if kind != "application/json":
        raise Refused(415, "The body must be application/json or text/csv, and say so in Content-Type")
    document = await (await with_json(request)).json()
    return read_json(document), not isinstance(document, list)


def _answer(recorded: Recorded, licence: str, *, single: bool) -> Response:
    views = [usage_content(report) for report in recorded.reports]
    status = 201 if recorded.made else 200
    headers = {"Location": f"/v1/licences/usage-reports?ref={quote(licence)}"} if recorded.made else {}
    return JSONResponse(views[0] if single else {"items": views, "new": len(recorded.made)}, status, headers)
