"""Parties at the licensing door on real engines: each does what is its side's, to what is its authority's."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.core.messages import Licence
from services.licensing.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_dossiers import DOSSIER, step_body
from tests.builders_licensing import LICENCE, changed
from tests.integration.in_process import Running, running
from tests.integration.test_licensing import REF, settled
from tests.integration.test_licensing_keys import FEDERAL
from tests.unit.licensing.test_rights import PARTIES, VARIABLE, by

NOW = datetime.now(UTC)
WALLOON = changed(LICENCE, ref="WAL/2026/1", authority="BE-WAL")
NOTES = f"/v1/dossiers/{DOSSIER['ref']}/notes"
Ask = Callable[..., Awaitable[tuple[int, Any]]]


async def test_each_does_what_is_its_own_and_sees_its_own_notes(
    runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, json.dumps(PARTIES))
    monkeypatch.setenv("TOLBRUG_LICENSING__LITE__AUTHORITY", "BE-VLG")
    async with running(runtime_settings, [build]) as door:

        async def ask(party: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
            stated = {**by(party), **{name.replace("_", "-"): value for name, value in headers.items()}}
            sent = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
            answer = await door.http.request(method, path, headers=stated, **sent)
            is_json = answer.headers["content-type"].endswith("json") and "ndjson" not in answer.headers["content-type"]
            return answer.status_code, answer.json() if is_json else answer.text

        await licences(ask, door)
        await drafts(ask)
        await amendments(ask)
        await lines_of_an_import(ask)
        await dossiers(ask)
        await pages(door)
        published = await settled(door, Licence.TOPIC)
    assert {licence.ref for licence in published} == {REF, "VL/2026/2", WALLOON["ref"]}
    acted = {(one.ref, one.change.actor, one.change.party) for one in published if one.change is not None}
    assert {(REF, "an officer", "FLANDERS"), (WALLOON["ref"], "BE-WAL", "WALLONIA")} <= acted
    assert all(party is not None for *_, party in acted)


async def licences(ask: Ask, door: Running) -> None:
    assert (await ask("NOBODY", "POST", "/v1/licences", LICENCE))[0] == 401
    assert (await door.http.post("/v1/licences", json=LICENCE)).status_code == 401
    assert await status(ask("WALLONIA", "POST", "/v1/licences", LICENCE)) == 403
    code, told = await ask("CANVEK", "POST", "/v1/licences", LICENCE)
    assert (code, told["title"]) == (403, "CANVEK may not issue or change licences")
    assert (await ask("FLANDERS", "POST", "/v1/licences", LICENCE))[0] == 201
    assert (await ask("WALLONIA", "POST", "/v1/licences", WALLOON))[0] == 201
    for party, expected in (("WALLONIA", 403), ("CANVEK", 403), ("FLANDERS", 200)):
        suspended = {"status": "suspended", "reason": "an inquiry", "actor": "an officer"}
        assert await status(ask(party, "POST", f"/v1/licences/{REF}/status", suspended)) == expected
        assert await status(ask(party, "GET", f"/v1/licences?ref={REF}")) == 200
    assert await status(ask("FLANDERS", "POST", "/v1/federal-authorisations", FEDERAL)) == 403
    assert await status(ask("CANVEK", "POST", "/v1/federal-authorisations", FEDERAL)) == 201


async def drafts(ask: Ask) -> None:
    """They are seen, replaced and issued by their own authority alone."""
    valid = {"valid_from": NOW.date().isoformat(), "valid_to": (NOW + timedelta(days=300)).date().isoformat()}
    draft = changed(LICENCE, ref="VL/2026/2", **valid)
    assert await status(ask("FLANDERS", "POST", "/v1/licences?draft=true", draft)) == 201
    for party, seen in (("FLANDERS", 1), ("WALLONIA", 0), ("CANVEK", 0)):
        assert await status(ask(party, "GET", "/v1/licences/VL/2026/2")) == (200 if seen else 404)
        assert await status(ask(party, "GET", "/v1/licences/VL/2026/2/history")) == (200 if seen else 404)
        assert len((await ask(party, "GET", "/v1/licences?status=draft"))[1]["items"]) == seen
    for body in (draft, changed(draft, authority="BE-WAL")):
        assert await status(ask("WALLONIA", "PUT", "/v1/licences/VL/2026/2", body, If_Match='"draft-1"')) == 403
    issue = ("POST", "/v1/licences/VL/2026/2/issue", {"actor": "an officer"})
    assert await status(ask("WALLONIA", *issue, If_Match='"draft-1"')) == 403
    assert await status(ask("FLANDERS", *issue, If_Match='"draft-1"')) == 201
    assert await status(ask("WALLONIA", "GET", "/v1/licences/VL/2026/2")) == 200


async def amendments(ask: Ask) -> None:
    later = {"conditions": [], "effective_at": (NOW + timedelta(days=30)).isoformat(), "reason": "asked for"}
    path = "/v1/licences/VL/2026/2/amendments"
    assert await status(ask("WALLONIA", "POST", path, later, If_Match='"1"')) == 403
    code, waiting = await ask("FLANDERS", "POST", path, later, If_Match='"1"')
    assert code == 202, waiting
    withdrawal = ("POST", f"/v1/amendments/{waiting['id']}/withdrawal", {"actor": "an officer", "reason": "an error"})
    assert [await status(ask(party, *withdrawal)) for party in ("WALLONIA", "FLANDERS")] == [403, 200]


async def lines_of_an_import(ask: Ask) -> None:
    """Of many licences in one body each is judged by itself, in a dry run too."""
    body = "\n".join(json.dumps(changed(LICENCE, ref=ref, authority=of)) for ref, of in OWN_AND_OTHER).encode()
    for path in ("/v1/licences/import?dry_run=true", "/v1/licences/import"):
        code, text = await ask("FLANDERS", "POST", path, body, Content_Type="application/x-ndjson")
        assert (code, [json.loads(line)["status"] for line in text.splitlines()]) == (200, [200, 403]), text
    lite = ("POST", "/v1/lite/licence-data", b"no file of that kind")
    asked = [ask(party, *lite, Content_Type="text/plain") for party in ("WALLONIA", "CANVEK", "FLANDERS")]
    assert [await status(one) for one in asked] == [403, 403, 422]


OWN_AND_OTHER = ((REF, "BE-VLG"), ("WAL/2026/2", "BE-WAL"))


async def dossiers(ask: Ask) -> None:
    """The token says for whom a request comes; the header may say it too, and no other."""
    assert await status(ask("CANVEK", "POST", "/v1/dossiers", DOSSIER)) == 403
    assert await status(ask("WALLONIA", "POST", "/v1/dossiers", DOSSIER)) == 403
    assert await status(ask("FLANDERS", "POST", "/v1/dossiers", DOSSIER)) == 201
    steps = f"/v1/dossiers/{DOSSIER['ref']}/steps"
    assert await status(ask("CANVEK", "POST", steps, step_body("advice-requested"))) == 409
    assert await status(ask("CANVEK", "POST", steps, step_body("advice-requested"), Acting_For="BE-VLG")) == 403
    assert await status(ask("FLANDERS", "POST", steps, step_body("advice-requested"))) == 200
    assert await status(ask("CANVEK", "POST", steps, step_body("advice-given"), Acting_For="BE-FED")) == 200
    for party in ("FLANDERS", "CANVEK"):
        assert await status(ask(party, "POST", NOTES, {"actor": "someone", "text": f"secret of {party}"})) == 201
        code, read = await ask(party, "GET", NOTES)
        assert (code, [note["text"] for note in read["items"]]) == (200, [f"secret of {party}"])
    assert await status(ask("CANVEK", "GET", NOTES, Acting_For="BE-VLG")) == 403
    assert await status(ask("WALLONIA", "GET", NOTES)) == 403


async def pages(door: Running) -> None:
    """A browser asks its user for a password, which is the token."""
    assert (await door.http.get("/console/licences")).headers["www-authenticate"].startswith("Basic ")
    for password, expected in (("token of CANVEK", 200), ("token of nobody", 401)):
        assert (await door.http.get("/console/licences", auth=("anybody", password))).status_code == expected


async def status(asked: Awaitable[tuple[int, Any]]) -> int:
    return (await asked)[0]
