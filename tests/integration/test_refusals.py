"""Refused applications: the published ones by command, and only with grounds of the vocabulary."""

import asyncio
from collections.abc import AsyncIterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.refusals import commands
from services.core.messages import Refusal
from services.licensing.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_licensing import REFUSAL, changed
from tests.integration.in_process import Running, running
from tests.integration.runtime.probe_process import until

TABLE = files("services.simulator").joinpath("data/refusals-2007-2017.csv")


@pytest.fixture
async def door(runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    async with running(runtime_settings, [build]) as door:
        yield door


async def imported(door: Running, file: Path, *options: str) -> str:
    run = ["import", str(file), "--url", str(door.http.base_url), *options]
    result = await asyncio.to_thread(CliRunner().invoke, commands, run)
    assert result.exit_code == 0, result.output
    return result.output


async def test_the_refused_exports_of_2007_to_2017_are_loaded_once(door: Running) -> None:
    with as_file(TABLE) as file:
        assert "11 refusals, nothing sent" in await imported(door, file, "--dry-run")
        assert (await door.http.get("/v1/refusals")).json()["items"] == []
        assert "11 of them new" in await imported(door, file)
        assert "0 of them new" in await imported(door, file)

    async def all_published() -> bool:
        return len(await door.published(Refusal.TOPIC)) == 11

    await until(all_published, "every refusal is published")


@pytest.mark.parametrize("grounds", [["just-because"], ["criterion-9"], [""], [7]])
async def test_a_ground_outside_the_vocabulary_is_refused_with_its_place(grounds: list[Any], door: Running) -> None:
    known = (await door.http.get("/v1/refusal-grounds")).json()["items"]
    assert {"criterion-1", "diversion-risk"} < {ground["code"] for ground in known}
    answer = await door.http.post("/v1/refusals", json=changed(REFUSAL, grounds=grounds))
    assert (answer.status_code, [fault["path"] for fault in answer.json()["errors"]]) == (422, ["/grounds/0"])
