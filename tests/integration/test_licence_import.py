"""Many licences at once on real engines: judged one by one, entered once, published whole."""

import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from services.cli.licence import commands
from services.core.messages import Licence
from services.licensing.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_licensing import LICENCE, changed
from tests.integration.command import tolbrug
from tests.integration.in_process import Running, dying, running
from tests.integration.test_licensing import settled

NDJSON = {"content-type": "application/x-ndjson"}
PATH = "/v1/licences/import"


@pytest.fixture
async def door(runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    async with running(runtime_settings, [build]) as door:
        yield door


def licences(*numbers: int) -> list[dict[str, Any]]:
    return [changed(LICENCE, ref=f"VL/2026/{number:06d}") for number in numbers]


def ndjson(documents: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(document) + "\n" for document in documents).encode()


def outcomes(answer: httpx.Response) -> list[tuple[int, int]]:
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.text.splitlines()]
    return [(line["line"], line["status"]) for line in lines]


async def test_each_licence_is_judged_alone_by_the_rules_of_the_door(door: Running) -> None:
    first, second, third = licences(1, 2, 3)
    other = changed(first, destinations=["PK"])
    over = changed(third, lines=[{**LICENCE["lines"][0], "control_code": "2B888"}])
    body = ndjson([first, second, first, over, other]) + b"{\n"
    expected = [(1, 201), (2, 201), (3, 200), (4, 422), (5, 409), (6, 400)]
    assert outcomes(await door.http.post(f"{PATH}?dry_run=true", content=body, headers=NDJSON)) == expected
    assert (await door.http.get("/v1/licences")).json()["items"] == []
    answer = await door.http.post(PATH, content=body, headers=NDJSON)
    assert outcomes(answer) == expected
    alone = await door.http.post("/v1/licences", json=over)
    assert json.loads(answer.text.splitlines()[3])["problem"] == alone.json()
    again = await door.http.post(f"{PATH}?first_line=11", content=body, headers=NDJSON)
    assert outcomes(again)[:3] == [(11, 200), (12, 200), (13, 200)]
    found = (await door.http.get("/v1/licences")).json()["items"]
    created = await door.http.post("/v1/licences", json=second)
    assert (created.status_code, created.json()) == (200, found[1])
    assert {licence.ref for licence in await settled(door, Licence.TOPIC)} == {first["ref"], second["ref"]}


async def test_licences_are_listed_by_the_status_in_force_and_shown_as_each_is_alone(door: Running) -> None:
    """Also one whose last step is still to come, and one whose days are over though nobody said so."""
    over = changed(LICENCE, ref="VL/2020/000009", valid_from="2020-01-15", valid_to="2021-01-14")
    await door.http.post(PATH, content=ndjson([*licences(*range(5)), over]), headers=NDJSON)
    steps = ({"status": "revoked", "reason": "r"}, {"status": "suspended", "effective_at": "2099-01-01T00:00:00Z"})
    for number, step in enumerate(steps):
        answer = await door.http.post(f"/v1/licences/VL/2026/{number:06d}/status", json=step)
        assert answer.status_code == 200, answer.text
    expected = {"expired": [over["ref"]], "revoked": ["VL/2026/000000"], "suspended": []}
    expected["issued"] = [f"VL/2026/{number:06d}" for number in range(1, 5)]
    for status, refs in expected.items():
        found = (await door.http.get(f"/v1/licences?status={status}&holder=BE0314595348&limit=3")).json()
        rest = {"cursor": found["next"], "status": status} if found["next"] else {"cursor": "fg=="}
        found["items"] += (await door.http.get("/v1/licences", params=rest)).json()["items"]
        assert [one["ref"] for one in found["items"]] == refs
        for one in found["items"]:
            assert (await door.http.get(f"/v1/licences/{one['ref']}")).json() == one


async def test_a_door_that_dies_in_an_import_has_entered_each_licence_once_or_not_at_all(
    runtime_settings: RuntimeSettings,
) -> None:
    body = ndjson(licences(*range(600)))
    async with dying(runtime_settings, "licensing", "intake-after-commit") as (url, process):
        async with httpx.AsyncClient(base_url=url) as client:
            with pytest.raises(httpx.TransportError):
                await client.post(PATH, content=body, headers=NDJSON)
        assert await process.wait() == -signal.SIGKILL
    async with running(runtime_settings, [build]) as door:
        statuses = [status for _, status in outcomes(await door.http.post(PATH, content=body, headers=NDJSON))]
        assert {status: statuses.count(status) for status in (200, 201)} == {200: 250, 201: 350}
        assert sorted(one.ref for one in await settled(door, Licence.TOPIC)) == [
            one["ref"] for one in licences(*range(600))
        ]


async def test_the_command_imports_its_template_and_names_line_and_column_of_a_fault(
    door: Running, tmp_path: Path
) -> None:
    template = CliRunner().invoke(commands, ["template"]).output
    header, row = template.splitlines()
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(template)
    bad.write_text("\n".join([header, row, row.replace("000200", "000201").replace("NAR", "?")]))

    async def run(file: Path, *options: str) -> dict[str, Any]:
        url = str(door.http.base_url)
        code, summary = await tolbrug(door.settings, "licence", "import", str(file), "--url", url, *options)
        assert code == bool(summary["refused"]), summary
        return summary

    tried, taken, before = await run(good, "--dry-run"), await run(good), await run(good)
    assert [tried["new"], taken["new"], before["new"]] == [1, 1, 1]
    assert [tried["answered_before"], taken["answered_before"], before["answered_before"]] == [0, 0, 1]
    mixed = await run(bad)
    assert (mixed["new"], mixed["known"]) == (0, 1)
    (refused,) = mixed["refused"]
    assert (refused["line"], refused["ref"], refused["status"]) == (3, "VL/2026/000201", 422)
    assert [(fault["path"], fault["code"]) for fault in refused["errors"]] == [("row 3 unit", "unit")]
