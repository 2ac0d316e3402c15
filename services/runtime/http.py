"""HTTP for every service: probes, metrics, and errors as problem+json (RFC 9457)."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as ASGIMessage

from services.core.errors import Fault, Refused, Transient
from services.runtime.admission import Admission, Full
from services.runtime.database import AWAY
from services.runtime.direct import Answering, Direct
from services.runtime.openapi import described
from services.runtime.parties import Unknown
from services.runtime.settings import HttpSettings
from services.runtime.telemetry import REQUEST_SECONDS, follow_trace, log

PROBLEM = "application/problem+json"
PROBED = ["GET", "HEAD"]


def problem(
    status: int, title: str, faults: Sequence[Fault] = (), headers: dict[str, str] | None = None
) -> JSONResponse:
    """The answer that is a problem document."""
    return JSONResponse(problem_document(status, title, faults), status, headers, PROBLEM)


def problem_document(status: int, title: str, faults: Sequence[Fault] = ()) -> dict[str, Any]:
    """A problem document; `errors` holds every fault with its path."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    if faults:
        body["errors"] = [{"path": f.path, "code": f.code, "detail": f.detail} for f in faults]
    return body


def application(
    title: str,
    routers: Sequence[APIRouter],
    ready: Callable[[], Awaitable[dict[str, bool]]],
    alive: Callable[[], bool],
    settings: HttpSettings | None = None,
) -> ASGIApp:
    """The application of a process: its services' routes, `/livez`, `/readyz`, `/metrics`, `/openapi.json`."""
    settings = settings or HttpSettings()
    app = FastAPI(title=title, docs_url=None, redoc_url=None)
    every = (*routers, _probes(ready, alive))
    for router in every:
        app.include_router(router)
    app.state.routes = [route for router in every for route in router.routes if isinstance(route, Route)]
    app.openapi = described(app)  # type: ignore[method-assign]  # the framework's own way to extend it
    for kind, answer in ANSWERS.items():
        app.add_exception_handler(kind, answer)
    direct = Direct(app, routers, ANSWERS)
    return Observed(Admission(direct, requests=settings.waiting, body_bytes=settings.waiting_bytes, full=_full()))


def _probes(ready: Callable[[], Awaitable[dict[str, bool]]], alive: Callable[[], bool]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/livez", methods=PROBED)
    async def livez() -> Response:
        """Whether the process works at all: never depends on Kafka, PostgreSQL or a registry."""
        return Response("alive\n" if alive() else "dead\n", 200 if alive() else 503, media_type="text/plain")

    @router.api_route("/readyz", methods=PROBED)
    async def readyz() -> JSONResponse:
        parts = await ready()
        return JSONResponse(parts, 200 if all(parts.values()) else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - registered for this class only
    headers = {"WWW-Authenticate": error.challenge} if isinstance(error, Unknown) else None
    return problem(error.status, error.title, error.faults, headers)


async def _away(_: Request, error: Exception) -> Response:
    log.warning("http.unavailable", reason=str(error))
    return problem(
        503, "Not available now, nothing was stored for certain: send it again", headers={"Retry-After": "1"}
    )


async def _overfull(_: Request, error: Exception) -> Response:
    del error  # not logged: under overload there are as many as requests
    return _full()


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    faults = [Fault("/".join(map(str, e["loc"])), e["type"].replace("_", "-"), e["msg"]) for e in error.errors()]
    return problem(422, "The request is not acceptable", faults)


async def _status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request))
    return problem(error.status_code, HTTPStatus(error.status_code).phrase, headers=headers)


def _methods(request: Request) -> list[str]:
    """What a path takes: the framework names the methods of its first route only (RFC 9110 section 15.5.6)."""
    matching = (route for route in request.app.state.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in matching for method in route.methods or ()})


async def _bug(request: Request, error: Exception) -> Response:
    log.error("http.error", path=request.url.path, exc_info=error)
    return problem(500, "An error of ours; it is logged")


ANSWERS: Final[Mapping[type[Exception], Answering]] = {
    Refused: _refused,
    Full: _overfull,
    RequestValidationError: _invalid,
    HTTPException: _status,
    Exception: _bug,
    **dict.fromkeys((Transient, *AWAY), _away),
}


def _full() -> Response:
    return problem(503, "Too much waits here now, nothing was stored: send it again", headers={"Retry-After": "1"})


class Observed:
    """Measures each request and follows its trace. Plain ASGI: bodies and streams pass through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        follow_trace(Headers(scope=scope).get("traceparent"))
        started, status = time.perf_counter(), 500

        async def note(message: ASGIMessage) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            REQUEST_SECONDS.labels(scope["method"], route, status).observe(time.perf_counter() - started)
