"""A direct route answers as any other does, and is described like any other; the framework serves the rest."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from services.core.errors import Fault, Refused, Transient
from services.runtime.admission import Full
from services.runtime.direct import DirectRoute
from services.runtime.http import PROBLEM, application
from services.runtime.telemetry import REQUEST_SECONDS, trace_parent


class Nothing(Refused):
    """A kind of refusal that nobody has an answer of its own for."""


ERRORS: dict[str, Exception] = {
    "refused": Refused(409, "No", (Fault("/a", "b", "c"),)),
    "refused by a kind of it": Nothing(410, "Gone"),
    "full": Full("too much"),
    "away": Transient("the database is away"),
    "bug": KeyError("a bug"),
}


async def _receive(request: Request) -> Response:
    """Take it."""
    body = (await request.body()).decode()
    if body in ERRORS:
        raise ERRORS[body]
    return JSONResponse({"body": body, "trace": trace_parent()}, 202)


def door(route_class: type[Any]) -> httpx.AsyncClient:
    router = APIRouter(prefix="/v1", responses={422: {"description": "Not acceptable"}})
    router.add_api_route("/things", _receive, methods=["POST"], status_code=202, route_class_override=route_class)

    @router.get("/things/{name}")
    async def thing(name: str) -> str:
        return name

    async def ready() -> dict[str, bool]:
        return {}

    transport = httpx.ASGITransport(application("test", [router], ready, lambda: True), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://door")


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def observed(status: int) -> float:
    seconds: float = REQUEST_SECONDS.labels("POST", "/v1/things", status)._sum.get()
    return seconds


async def test_it_is_answered_measured_and_follows_its_trace() -> None:
    before = observed(202)
    async with door(DirectRoute) as http:
        answer = await http.post("/v1/things", content=b"x", headers={"traceparent": TRACE})
        assert (answer.status_code, answer.json()) == (202, {"body": "x", "trace": TRACE})
        assert (await http.get("/v1/things/one")).json() == "one"
    assert observed(202) > before


@pytest.mark.parametrize("error", sorted(ERRORS))
async def test_an_error_is_answered_as_the_framework_would_have_it_answered(error: str) -> None:
    answers = []
    for kind in (DirectRoute, DirectRoute.__base__):
        assert isinstance(kind, type)
        async with door(kind) as http:
            answer = await http.post("/v1/things", content=error.encode())
            answers.append((answer.status_code, answer.json(), answer.headers))
    assert answers[0] == answers[1]
    assert answers[0][0] == {"full": 503, "away": 503, "bug": 500, "refused by a kind of it": 410}.get(error, 409)
    assert answers[0][2]["content-type"] == PROBLEM


async def test_another_method_or_path_is_none_of_its_business() -> None:
    async with door(DirectRoute) as http:
        refused = await http.put("/v1/things", content=b"x")
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
        assert (await http.post("/v1/thing", content=b"x")).status_code == 404


async def test_it_stands_in_the_description() -> None:
    async with door(DirectRoute) as http:
        described = (await http.get("/openapi.json")).json()["paths"]["/v1/things"]["post"]
    assert described["description"] == "Take it."
    assert sorted(described["responses"]) == ["202", "422"]
