"""Code lists on real engines: imported once, judged by at every door, published, shown as they were."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.core.messages import CodeList
from services.customs.wiring import build
from services.licensing.wiring import build as licensing
from services.reconciliation.wiring import build as reconciliation
from services.runtime.settings import RuntimeSettings
from tests.integration.in_process import Running, running
from tests.unit.customs.written import as_json, declaration

CSV = {"content-type": "text/csv"}
JSON = {"content-type": "application/json"}
WALK = Path(__file__).parents[2] / "docs" / "walk"
HEADER = "code,name,valid_from,valid_to,source,dated\n"


async def imported(one: Running, name: str, rows: str, **query: Any) -> httpx.Response:
    return await one.http.post(f"/v1/codes/{name}", content=HEADER + rows, headers=CSV, params=query)


async def warnings(one: Running, message_id: str) -> list[str]:
    body = as_json(declaration(message_id=message_id, country_of_destination="QM"))
    response = await one.http.post("/v1/customs/messages", content=body, headers=JSON)
    assert response.status_code == 202, response.text
    return [warning["code"] for warning in response.json()["warnings"] if warning["path"] == "/country_of_destination"]


async def settled(one: Running, expected: list[str]) -> None:
    """A message of a number of its own each time, until the door warns so."""
    async with asyncio.timeout(20):
        number = 0
        while await warnings(one, f"{expected}-{number}") != expected:
            number += 1
            await asyncio.sleep(0.1)


async def test_an_import_is_a_version_that_every_door_judges_by_and_the_topic_holds(
    runtime_settings: RuntimeSettings,
) -> None:
    async with running(runtime_settings, [build]) as one, running(runtime_settings, [build]) as other:
        await settled(one, ["code.unknown"])
        bundled = (await one.http.get("/v1/codes/countries")).json()
        assert bundled["revision"] == 0
        dry = await imported(one, "countries", "QM,ship stores,2020-01-01,,,\n", dry_run=True)
        assert (dry.status_code, dry.json()["revision"], dry.json()["added"]) == (200, 1, 1)
        first = await imported(
            one, "countries", "QM,ship stores,2020-01-01,2026-01-31,,\nBE,Belgium,,,,\nIN,India,,,,\n"
        )
        assert (first.status_code, first.json()["revision"]) == (201, 1)
        assert (first.json()["added"], first.json()["removed"]) == (1, bundled["size"] - 2)
        await settled(other, ["code.not-in-force"])
        second = await imported(other, "countries", "QM,ship stores,,,,\nBE,Belgium,,,,\nIN,India,,,,\n")
        assert (second.json()["revision"], second.json()["changed"]) == (2, 1)
        again = await imported(one, "countries", "QM,ship stores,,,,\nBE,Belgium,,,,\nIN,India,,,,\n")
        assert (again.status_code, again.json()["revision"], again.json()["new"]) == (200, 2, False)
        await settled(one, [])
        then = await one.http.get("/v1/codes/countries", params={"at": "2026-02-01", "revision": 1})
        assert [code["code"] for code in then.json()["codes"]] == ["BE", "IN"]
        assert (await one.http.get("/v1/codes/countries", params={"revision": 9})).status_code == 404
        async with asyncio.timeout(20):
            while len(found := await one.published(CodeList.TOPIC)) < 2:  # noqa: ASYNC110 - the topic is in Kafka
                await asyncio.sleep(0.1)
        versions = {m.revision: m.version for m in found if isinstance(m, CodeList)}
        assert versions == {1: first.json()["version"], 2: second.json()["version"]}


async def test_a_message_that_was_taken_stays_so_when_a_refusing_door_has_other_lists(
    runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLBRUG_CUSTOMS__UNLISTED_CODES", "refuse")
    taken, other, altered = (
        as_json(declaration(message_id=name, country_of_destination="QM", version=version))
        for name, version in (("m-1", 1), ("m-2", 1), ("m-1", 2))
    )
    async with running(runtime_settings, [build]) as one:

        async def sent(body: bytes) -> httpx.Response:
            return await one.http.post("/v1/customs/messages", content=body, headers=JSON)

        listed = "QM,ship stores,,,,\nBE,Belgium,,,,\nIN,India,,,,\n"
        await imported(one, "countries", listed)
        first = await sent(taken)
        assert first.status_code == 202, first.text
        await imported(one, "countries", listed.replace("QM", "QN"))
        assert (await sent(other)).status_code == 422
        again = await sent(taken)
        assert (again.status_code, again.json()["duplicate"], again.json()["id"]) == (200, True, first.json()["id"])
        assert (await sent(altered)).status_code == 409
        many = await one.http.post(
            "/v1/customs/messages", content=taken + b"\n" + other, headers={"content-type": "application/x-ndjson"}
        )
        assert [json.loads(line)["status"] for line in many.text.splitlines()] == [200, 422]
        assert [row["message_id"] for row in await one.rows("SELECT message_id FROM customs.message")] == ["m-1"]


async def test_an_imported_list_is_noticed_at_the_door_and_changes_no_verdict(
    runtime_settings: RuntimeSettings,
) -> None:
    async with running(runtime_settings, [build, licensing, reconciliation]) as exchange:
        assert (await imported(exchange, "document-types", "N380,invoice,,,,\n")).status_code == 201
        licence, declared = ((WALK / name).read_bytes() for name in ("licence.json", "two-presses.json"))
        assert (await exchange.http.post("/v1/licences", content=licence, headers=JSON)).status_code == 201
        sent = (await exchange.http.post("/v1/customs/messages", content=declared, headers=JSON)).json()
        assert ("/items/0/documents/0/type", "code.unknown") in [(w["path"], w["code"]) for w in sent["warnings"]]
        path = f"/v1/customs/declarations/{sent['mrn']}/verdict"
        verdict = (await exchange.http.get(path, params={"wait": 15})).json()
        assert (verdict["verdict"], verdict["items"][0]["licence"]) == ("covered", "VL/2026/000123")


async def test_a_file_that_is_wrong_changes_nothing_and_says_where(
    runtime_settings: RuntimeSettings, tmp_path: Path
) -> None:
    async with running(runtime_settings, [build]) as one:
        url = str(one.http.base_url)

        async def tolbrug(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "services.cli", "codes", *arguments, "--url", url]
            environment = os.environ | {"COLUMNS": "200"}
            return await asyncio.to_thread(
                subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=False
            )

        file = tmp_path / "units.csv"
        file.write_text("code,name,valid_from\nKGM,kilogram,\nkgm,x,2026-13-01\n")
        wrong = await tolbrug("import", str(file), "--list", "units")
        assert wrong.returncode == 1
        assert "/1/code code.shape: row 2" in wrong.stderr
        assert "/1/valid_from date.invalid: row 2" in wrong.stderr
        file.write_text("code,name,valid_from\nKGM,kilogram,2026-01-01\n")
        right = await tolbrug("import", str(file), "--list", "units", "--json")
        assert (right.returncode, json.loads(right.stdout)["revision"]) == (0, 1)
        listed = await tolbrug("list", "--json")
        assert {one["list"]: one["revision"] for one in json.loads(listed.stdout)["items"]}["units"] == 1
        shown = await tolbrug("show", "units", "--at", "2025-12-31", "--json")
        assert json.loads(shown.stdout)["codes"] == []
        assert (await tolbrug("show", "units", "--revision", "7")).returncode == 1
        assert (await tolbrug("show", "colours")).returncode == 2
