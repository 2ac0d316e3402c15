"""Alerts over HTTP (API.md): lists, one with its evidence, and a stream of Server-Sent Events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse

from services.alerting.adapters.search import Cursor, Search
from services.alerting.adapters.tail import Place, Tail
from services.alerting.adapters.views import alert_view
from services.core.errors import Fault, Refused

HEARTBEAT_S = 10.0

StateWord = Literal["open", "acknowledged", "closed"]
SeverityWord = Literal["info", "warning", "critical"]
TrackWord = Literal["administrative", "criminal", "both"]
# PostgreSQL has no character 0, and text without it is compared, never interpreted.
Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")]


def alerting_router(search: Search, tail: Tail) -> APIRouter:
    """All routes. The stream stands before `{id}`, which would take its name for one."""
    router = APIRouter(tags=["alerting"])

    @router.get("/v1/alerts")
    async def list_alerts(
        state: StateWord | None = None,
        code: Text = None,
        severity: SeverityWord | None = None,
        track: TrackWord | None = None,
        licence: Text = None,
        mrn: Text = None,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> Response:
        words = {"state": state, "severity": severity, "track": track}
        wanted = {name: word.upper() for name, word in words.items() if word is not None}
        wanted |= {n: text for n, text in (("code", code), ("licence", licence), ("mrn", mrn)) if text is not None}
        items, following = await search.alerts(wanted, _cursor(cursor), limit)
        return JSONResponse({"items": items, "next": following})

    @router.get("/v1/alerts/stream", response_class=StreamingResponse)
    async def stream_alerts(last_event_id: Annotated[str | None, Header()] = None) -> Response:
        """Each revision of an alert as it comes; after `Last-Event-ID` when given, else from now on."""
        place = await tail.end() if last_event_id is None else _place(last_event_id)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_events(tail, place), media_type="text/event-stream", headers=headers)

    @router.get("/v1/alerts/{alert_id}")
    async def one_alert(alert_id: str) -> Response:
        found = await search.alert(alert_id) if alert_id.isalnum() else None
        if found is None:
            raise Refused(404, "No such alert")
        return JSONResponse(found, headers={"ETag": f'"{found["revision"]}"'})

    return router


async def _events(tail: Tail, place: Place) -> AsyncIterator[str]:
    # An id without data is remembered by the client: one that is cut off before the first alert misses none either.
    yield f"retry: 2000\nid: {place}\n\n"
    while True:
        growth = tail.growth
        found = await tail.after(place)
        for after, alert in found:
            yield _event(str(after), alert_view(alert))
            place = after
        if not found:
            try:
                await asyncio.wait_for(growth.wait(), HEARTBEAT_S)
            except TimeoutError:
                yield ":\n\n"


def _event(place: str, view: dict[str, Any]) -> str:
    return f"id: {place}\nevent: alert\ndata: {json.dumps(view, ensure_ascii=False)}\n\n"


def _place(text: str) -> Place:
    try:
        return Place.parse(text)
    except ValueError as error:
        raise Refused(
            400, "Not a position of this stream", (Fault("Last-Event-ID", "position", str(error)),)
        ) from error


def _cursor(text: str | None) -> Cursor | None:
    try:
        return None if text is None else Cursor.parse(text)
    except ValueError as error:
        raise Refused(422, "The request is not acceptable", (Fault("cursor", "cursor", str(error)),)) from error
