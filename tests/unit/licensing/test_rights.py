"""The guard of the licensing door: every route has its right, and what lacks it comes no further."""

import json
from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from services.core.errors import Fatal
from services.core.messages import DossierSide
from services.licensing.adapters.bodies import LicenceBody, StepBody
from services.licensing.adapters.draft_http import DiscardBody
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.guard import Guard, guarded
from services.licensing.adapters.rights import RULES, Owner, Rule
from services.licensing.domain.rights import HAVE, ActingParty, Right
from services.licensing.settings import LicensingSettings
from services.licensing.wiring import build
from services.runtime.codec import Codec
from services.runtime.database import Database
from services.runtime.http import application
from services.runtime.parties import Doorkeeper
from services.runtime.service import Runtime
from services.runtime.settings import RuntimeSettings
from tests.builders_licensing import LICENCE, changed

VARIABLE = "TOLBRUG_LICENSING__PARTIES"
PARTIES: list[dict[str, Any]] = [
    {
        "name": name,
        "authority": authority,
        "side": side,
        "token_sha256": sha256(f"token of {name}".encode()).hexdigest(),
    }
    for name, authority, side in (
        ("FLANDERS", "BE-VLG", "region"),
        ("WALLONIA", "BE-WAL", "region"),
        ("CANVEK", "BE-FED", "federal"),
    )
]
OF_SIDE = {DossierSide.REGION: "FLANDERS", DossierSide.FEDERAL: "CANVEK"}


def by(party: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token of {party}"}


def door(*routers: APIRouter) -> httpx.AsyncClient:
    async def ready() -> dict[str, bool]:
        return {}

    transport = httpx.ASGITransport(application("test", routers, ready, lambda: True), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://door")


def routes_of_the_door() -> tuple[APIRouter, ...]:
    settings = RuntimeSettings()
    return build(Runtime(settings, Database(settings.database.url), Codec())).routers


@pytest.fixture
async def whole(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """All that the door has, and nothing behind it: what gets past the guard fails."""
    monkeypatch.setenv(VARIABLE, json.dumps(PARTIES))
    async with door(*routes_of_the_door()) as client:
        yield client


def asked(route: str) -> tuple[str, str]:
    """Method and path of a request to the route."""
    method, path = route.split(" ")
    for name in ("{ref:path}", "{id_}", "{check_id}", "{part}"):
        path = path.replace(name, "X1")
    return method, path


GUARDED: Mapping[str, Rule] = {route: rule for route, rule in RULES.items() if rule.right is not Right.LOOK_UP}


def test_every_route_of_the_door_has_its_right_and_no_other_has() -> None:
    found = [route for router in routes_of_the_door() for route in router.routes]
    named = [f"{m} {one.path}" for one in found if isinstance(one, DoorRoute) for m in one.methods or ()]
    assert (len(named), sorted(named)) == (len(found), sorted(RULES))


@pytest.mark.parametrize("router_class", [DoorRoute, APIRoute])
def test_a_route_without_a_right_stops_the_start(router_class: type[APIRoute]) -> None:
    router = APIRouter(route_class=router_class)

    @router.delete("/v1/licences")
    async def forgotten() -> None: ...

    with pytest.raises(Fatal, match="/v1/licences"):
        guarded([router], Guard(Doorkeeper({}, ""), {}, {}))


def test_each_right_is_somebodys_and_none_changes_what_only_the_other_may() -> None:
    assert set(HAVE) == set(Right)
    assert all(HAVE.values())
    assert not HAVE[Right.LICENSE] & HAVE[Right.AUTHORISE]
    unowned = {route for route, rule in RULES.items() if rule.right is Right.LICENSE and not rule.owners}
    assert unowned == {"POST /v1/licences/import"}, "judged line by line"


async def test_without_a_token_nothing_is_done_and_no_body_is_looked_at(whole: httpx.AsyncClient) -> None:
    for route, rule in GUARDED.items():
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Acting-For": "BE-VLG"}):
            answer = await whole.request(*asked(route), headers=headers)
            assert (answer.status_code, answer.json()["title"]) == (401, "Who sends this is not known"), route
            challenge = answer.headers["www-authenticate"]
            assert challenge.startswith("Basic realm=") if rule.browser else challenge == "Bearer", route


async def test_a_side_without_the_right_is_told_what_it_may_not_do(whole: httpx.AsyncClient) -> None:
    for route, rule in GUARDED.items():
        for side, name in OF_SIDE.items():
            answer = await whole.request(*asked(route), headers={**by(name), "Acting-For": "BE-WAL"})
            without = f"{name} may not {rule.right}", "not-of-your-side"
            told = without if side not in HAVE[rule.right] else (f"{name} may not act for BE-WAL", "not-yours")
            shown = answer.json()
            assert (answer.status_code, shown["title"], shown["errors"][0]["code"]) == (403, *told), route


@pytest.mark.parametrize("path", ["/v1/control-list?q=2B204", "/v1/refusal-grounds", "/console/control-list", "/livez"])
async def test_what_is_public_asks_for_no_token(path: str, whole: httpx.AsyncClient) -> None:
    assert (await whole.get(path)).status_code == 200


@pytest.fixture
async def owned() -> AsyncIterator[httpx.AsyncClient]:
    """Some routes of the door, with a licence, a draft and an amendment of another region behind them."""
    router = APIRouter(route_class=DoorRoute)

    @router.post("/v1/licences")
    async def issue(body: LicenceBody) -> Response:
        return JSONResponse(body.authority)

    @router.put("/v1/licences/{ref:path}")
    async def redraft(ref: str, body: LicenceBody) -> Response:
        return JSONResponse([ref, body.authority])

    @router.post("/v1/licences/status")
    async def step_by_query(ref: str, body: StepBody) -> Response:
        return JSONResponse([ref, body.status])

    @router.post("/v1/licences/{ref:path}/status")
    async def step(ref: str, body: StepBody) -> Response:
        return JSONResponse([ref, body.status])

    @router.post("/v1/amendments/{id_}/withdrawal")
    async def withdraw(id_: str, body: DiscardBody) -> Response:
        return JSONResponse([id_, body.actor])

    async def find(name: str) -> str | None:
        return {"VL/1": "BE-VLG", "7": "BE-VLG", "WAL/1": "BE-WAL", "8": "BE-WAL"}.get(name)

    known = {
        one["name"]: ActingParty(one["name"], one["authority"], DossierSide(one["side"].upper())) for one in PARTIES
    }
    keeper = Doorkeeper({one["name"]: one["token_sha256"] for one in PARTIES}, "")
    finds = dict.fromkeys((Owner.LICENCE, Owner.DRAFT, Owner.AMENDMENT), find)
    async with door(*guarded([router], Guard(keeper, known, finds))) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/licences", LICENCE, 200),
        ("POST", "/v1/licences", changed(LICENCE, authority="BE-WAL"), 403),
        ("POST", "/v1/licences", changed(LICENCE, authority=" BE-VLG"), 403),
        ("POST", "/v1/licences", changed(LICENCE, authority=None), 422),
        ("POST", "/v1/licences", [LICENCE], 422),
        ("PUT", "/v1/licences/VL/1", LICENCE, 200),
        ("PUT", "/v1/licences/WAL/1", LICENCE, 403),
        ("PUT", "/v1/licences/VL/1", changed(LICENCE, authority="BE-WAL"), 403),
        ("POST", "/v1/licences/VL/1/status", {"status": "suspended"}, 200),
        ("POST", "/v1/licences/WAL%2F1/status", {"status": "suspended"}, 403),
        ("POST", "/v1/licences/WAL/1/status?ref=VL/1", {"status": "suspended"}, 403),
        ("POST", "/v1/licences/status?ref=VL/1&ref=WAL/1", {"status": "suspended"}, 403),
        ("POST", "/v1/licences/status?ref=VL/1", {"status": "suspended"}, 200),
        ("POST", "/v1/licences/status", {"status": "suspended"}, 422),
        ("POST", "/v1/licences/NL/1/status", {"status": "suspended"}, 404),
        ("POST", "/v1/amendments/7/withdrawal", {"actor": "a", "reason": "b"}, 200),
        ("POST", "/v1/amendments/8/withdrawal?ref=VL/1", {"actor": "a", "reason": "b"}, 403),
        ("POST", "/v1/amendments/9/withdrawal", {"actor": "a", "reason": "b"}, 404),
    ],
)
async def test_a_region_changes_what_is_its_own(
    method: str, path: str, body: Any, status: int, owned: httpx.AsyncClient
) -> None:
    answer = await owned.request(method, path, json=body, headers=by("FLANDERS"))
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["title"] == "FLANDERS may not issue or change licences of " + (
            body["authority"] if "authority" in body and path == "/v1/licences" else "BE-WAL"
        )


def settings(*parties: dict[str, Any]) -> LicensingSettings:
    return LicensingSettings(parties=parties)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"side": "both"}, "side"),
        ({"authority": ""}, "authority"),
        ({"token": "token of FLANDERS"}, "token"),
        ({"name": "WALLONIA"}, "same name"),
        ({"authority": "BE-FED"}, "different sides"),
    ],
)
def test_parties_that_cannot_be_used_stop_the_start(changes: dict[str, Any], says: str) -> None:
    assert settings(*PARTIES).parties[2].side == "federal"
    with pytest.raises(ValidationError, match=says) as error:
        settings(PARTIES[0] | changes, *PARTIES[1:])
    assert "token of FLANDERS" not in str(error.value)
