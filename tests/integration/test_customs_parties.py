"""Parties at the customs door on real engines: each in its own name, none sees what is another's."""

import json
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest

from services.runtime.settings import RuntimeSettings
from tests.integration.customs_installation import Door, door
from tests.unit.customs.written import MRN, as_json, declaration, event

TOKENS = {"BE.CUSTOMS": "token of Belgium", "FR.CUSTOMS": "token of France", "SUPERVISING": "token of the office"}


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def by(party: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[party]}"}


@pytest.fixture
async def guarded(runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    parties = [
        {"name": name, "token_sha256": hashed(token), "administers": name == "SUPERVISING"}
        for name, token in TOKENS.items()
    ]
    monkeypatch.setenv("TOLBRUG_CUSTOMS__PARTIES", json.dumps(parties))
    async with door(runtime_settings) as one:
        yield one


async def test_without_a_token_nothing_is_taken_and_nothing_told(guarded: Door) -> None:
    body = as_json(declaration())
    answers = [
        await guarded.post(body),
        await guarded.post(body, {"Authorization": "Bearer wrong"}),
        await guarded.get("/messages/" + "0" * 32),
        await guarded.get(f"/declarations/{MRN}"),
        await guarded.get(f"/declarations/{MRN}/verdict"),
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert (await guarded.get(f"/declarations/{MRN}", headers=by("BE.CUSTOMS"))).status_code == 404


async def test_a_message_is_of_the_party_whose_token_it_carries(guarded: Door) -> None:
    body = as_json(event("release", released_at="2026-03-03T17:40:00Z"))
    belgian, french = [await guarded.post(body, by(name)) for name in ("BE.CUSTOMS", "FR.CUSTOMS")]
    assert (belgian.status_code, french.status_code) == (202, 202)
    assert belgian.json()["id"] != french.json()["id"]


async def test_only_who_declared_it_or_a_supervising_office_changes_a_declaration(guarded: Door) -> None:
    assert (await guarded.post(as_json(declaration()), by("BE.CUSTOMS"))).status_code == 202
    again = as_json(declaration(version=2, message_id="m-2", amended_at="2026-03-02T10:15:00Z"))
    invalidated = as_json(event("invalidation", invalidated_at="2026-03-03T17:40:00Z"))
    for body in (again, invalidated):
        refused = await guarded.post(body, by("FR.CUSTOMS"))
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "mrn.other-party")
    assert (await guarded.get(f"/declarations/{MRN}", headers=by("FR.CUSTOMS"))).status_code == 404, "nothing was kept"
    assert (await guarded.post(again, by("BE.CUSTOMS"))).status_code == 202
    assert (await guarded.post(invalidated, by("SUPERVISING"))).status_code == 202
    assert (await guarded.post(again, by("BE.CUSTOMS"))).status_code == 200


async def test_what_a_party_sent_is_there_for_it_alone(guarded: Door) -> None:
    body = as_json(declaration())
    message = (await guarded.post(body, by("BE.CUSTOMS"))).json()["id"]
    for path, query in ((f"/messages/{message}", {}), (f"/messages/{message}", {"raw": 1})):
        assert (await guarded.get(path, headers=by("BE.CUSTOMS"), **query)).status_code == 200
        assert (await guarded.get(path, headers=by("FR.CUSTOMS"), **query)).status_code == 404
    for path in (f"/declarations/{MRN}", f"/declarations/{MRN}/verdict"):
        assert (await guarded.get(path, headers=by("BE.CUSTOMS"))).status_code == 200
        assert (await guarded.get(path, headers=by("FR.CUSTOMS"))).status_code == 404
    exit_of_it = as_json(event("exit", exited_at="2026-03-03T17:40:00Z", result="A1"))
    assert (await guarded.post(exit_of_it, by("FR.CUSTOMS"))).status_code == 202
    for path in (f"/declarations/{MRN}", f"/declarations/{MRN}/verdict"):
        assert (await guarded.get(path, headers=by("FR.CUSTOMS"))).status_code == 200
    assert (await guarded.get(f"/messages/{message}", headers=by("FR.CUSTOMS"), raw=1)).status_code == 404
