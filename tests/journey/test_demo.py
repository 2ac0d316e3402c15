"""The demo from its command line, and killed in the middle."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from services.embedded.ports import free_port
from tests.finding_codes import PLANNED
from tests.journey.scenario_process import README, Place, summary

SAME = ("declarations", "verdicts", "balances", "alerts_by_code", "expected_outcomes")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Outside of pytest's own directories, whose rights pytest takes back while PostgreSQL runs in them."""
    with TemporaryDirectory(prefix="tolbrug-journey-") as name:
        yield Path(name)


@pytest.fixture
async def place(folder: Path) -> AsyncIterator[Place]:
    place = Place(folder, free_port())
    yield place
    await place.stop_engines()


def shown_in_readme() -> dict[str, int]:
    """The counts of the demo's output in the README that are the same at every run."""
    text = README.split("```text\n")[1].split("```")[0]
    wanted = re.compile(r"^(declarations|covered|refused|not controlled|[a-z-]+\.[a-z-]+) +(\d+)$", re.MULTILINE)
    return {name.replace(" ", "_"): int(count) for name, count in wanted.findall(text)}


_uninterrupted: dict[str, Any] = {}


@pytest.mark.timeout(300)
async def test_the_demo_gives_every_expected_outcome(place: Place) -> None:
    code, output = await place.finish(await place.start("make", "demo", "ONCE=1", "JSON=1"), 240)
    result = summary(output)
    assert result["expected_outcomes"] == "all"
    assert code == 0
    assert result["duplicates_ignored"] > 0
    assert set(result["alerts_by_code"]) >= PLANNED
    assert shown_in_readme() == {
        "declarations": result["declarations"],
        **result["verdicts"],
        **result["alerts_by_code"],
    }
    _uninterrupted.update(result)


@pytest.mark.timeout(300)
async def test_killed_in_the_middle_and_sent_again_the_outcome_is_the_same(place: Place) -> None:
    first = await place.start("up")
    await place.ready()
    player = await place.start("play", "--json")
    await place.folded("reconciliation.shipments", 700)
    first.kill()
    player.kill()
    await first.wait()
    await player.wait()
    again = await place.start("up")
    await place.ready()
    code, output = await place.finish(await place.start("play", "--json"), 200)
    result = summary(output)
    assert result["expected_outcomes"] == "all"
    assert code == 0
    if _uninterrupted:  # it ran before, unless this test is run alone
        assert {k: result[k] for k in SAME} == {k: _uninterrupted[k] for k in SAME}
    verified, report = await place.finish(await place.start("verify", "--json"), 60)
    assert verified == 0, report
    again.terminate()
    assert (await place.finish(again, 30))[0] == 0
