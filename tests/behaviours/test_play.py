"""The player against doors that answer as planned, and against doors that do not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.simulator import client, outcome, play, storyteller
from services.simulator.client import Doors, Unreachable
from services.simulator.progress import Silent
from services.simulator.scenario import build_scenario
from services.simulator.steps import Await, Scenario
from services.simulator.summary import Summary
from tests.behaviours.fake_doors import FakeDoors

TIMES = ("wall_seconds", "phases_seconds", "message_to_alert_ms")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """All stories but most of the everyday traffic, and no waiting for what will not come."""
    whole = build_scenario()
    return replace(whole, stories=whole.stories[:120])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "SETTLING_SECONDS", 0.0)


@asynccontextmanager
async def _doors(fake: FakeDoors, patience_seconds: float = 5.0) -> AsyncIterator[Doors]:
    transport = httpx.ASGITransport(app=fake.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://doors") as http:
        yield Doors(http, patience_seconds=patience_seconds)


async def _play(fake: FakeDoors) -> Summary:
    async with _doors(fake) as doors:
        return await play.play_scenario(fake.scenario, doors, "http://doors/", Silent())


def _without_times(summary: Summary) -> dict[str, Any]:
    return {name: value for name, value in summary.body().items() if name not in TIMES}


def _what(summary: Summary) -> list[str]:
    """Differences but those of intermediate verdicts, which these doors do not know."""
    return [one.what for one in summary.differences if not one.what.startswith("first verdict")]


async def test_a_play_that_meets_the_plan_says_so(scenario: Scenario, impatient: None) -> None:
    fake = FakeDoors(scenario)
    await _play(fake)
    summary = await _play(fake)
    assert summary.body()["expected_outcomes"] == "all"
    assert summary.declarations == sum(one.verdict is not None for one in scenario.expected)
    assert summary.duplicates_ignored == sum(send.repeat and send.answers == (200,) for send in scenario.sends)
    assert summary.malformed_refused == 2
    assert sum(summary.alerts_by_code.values()) == len(fake.alerts)
    assert summary.message_to_alert_ms["p50"] == pytest.approx(100 + len(fake.alerts) // 2, abs=1)
    assert len(fake.refusals) == summary.refusals + len(scenario.denials) == 12
    assert len(fake.licences) == summary.licences == 44


async def test_playing_again_sends_the_same_and_sums_up_the_same(scenario: Scenario, impatient: None) -> None:
    fake = FakeDoors(scenario)
    await _play(fake)
    second, messages = await _play(fake), dict(fake.messages)
    third = await _play(fake)
    assert _without_times(second) == _without_times(third)
    assert fake.messages == messages


async def test_a_missing_alert_is_a_difference(scenario: Scenario, impatient: None) -> None:
    fake = FakeDoors(scenario)
    lost = fake.alerts.pop(3)
    summary = await _play(fake)
    assert _what(summary) == [f"alert on {lost['mrn']} under {lost['licence']}"]
    assert not summary.as_expected


async def test_an_alert_too_many_on_our_declarations_is_a_difference_and_others_are_not_ours(
    scenario: Scenario, impatient: None
) -> None:
    fake = FakeDoors(scenario)
    fake.alerts.append({**fake.alerts[0], "mrn": scenario.expected[-1].mrn, "code": "exit.excess"})
    fake.alerts.append({**fake.alerts[0], "mrn": "26BE343000ZZZZZZA9"})
    summary = await _play(fake)
    assert len(_what(summary)) == 1


async def test_a_wrong_balance_verdict_or_answer_is_a_difference(scenario: Scenario, impatient: None) -> None:
    fake = FakeDoors(scenario)
    wrong = scenario.licences[0].ref

    def before(request: Request) -> Response | None:
        path = request.url.path
        if path.endswith(f"/v1/ledger/licences/{wrong}"):
            columns = dict.fromkeys(("authorised", "reserved", "consumed", "exited", "available"), "1")
            lines = [{"line": 1, "quantity": columns, "value": None}]
            return JSONResponse({"status": "issued", "lines": lines})
        if path.endswith(f"{scenario.expected[0].mrn}/verdict"):
            return JSONResponse({"verdict": "refused"})
        return JSONResponse({}, 422) if path == "/v1/refusals" else None

    fake.before = before
    summary = await _play(fake)
    what = " | ".join(_what(summary))
    assert f"authorised quantity of {wrong}" in what
    assert f"value of {wrong}, line 1" in what
    assert f"verdict of {scenario.expected[0].mrn}" in what
    assert "refusal REF/2007/1" in what


async def test_a_dossier_that_comes_to_something_else_is_a_difference(scenario: Scenario, impatient: None) -> None:
    fake = FakeDoors(scenario)
    ref = scenario.dossiers[0].ref

    def before(request: Request) -> Response | None:
        if request.method == "POST" or not request.url.path.endswith(ref):
            return None
        return JSONResponse({"state": "open", "advice": {"state": "given", "opinion": "unfavourable"}, "checks": []})

    fake.before = before
    what = _what(await _play(fake))
    assert {f"state of {ref}", f"advice of {ref}", f"check end-use of {ref}", f"state-guarantee of {ref}"} <= set(what)


async def test_a_repeat_that_is_taken_as_new_is_a_difference(scenario: Scenario, impatient: None) -> None:
    fake = FakeDoors(scenario)

    def before(request: Request) -> Response | None:
        return JSONResponse({"id": "1"}, 202) if request.url.path == "/v1/customs/messages" else None

    fake.before = before
    summary = await _play(fake)
    repeats = [send for send in scenario.sends if send.repeat or send.answers == (400,)]
    assert len([what for what in _what(summary) if what.startswith("answer to")]) == len(repeats)


async def test_the_player_waits_for_a_server_that_comes_back(scenario: Scenario, impatient: None) -> None:
    fake = FakeDoors(replace(scenario, stories=scenario.stories[-10:]))
    refused = iter(range(5))

    def before(_request: Request) -> Response | None:
        return Response(status_code=503) if next(refused, None) is not None else None

    fake.before = before
    summary = await _play(fake)
    assert "answer" not in " ".join(_what(summary))


async def test_a_server_that_stays_away_is_unreachable(scenario: Scenario) -> None:
    fake = FakeDoors(scenario)
    fake.before = lambda _: Response(status_code=503)
    async with _doors(fake, patience_seconds=0.0) as doors:
        with pytest.raises(Unreachable, match="HTTP 503"):
            await doors.get("/v1/alerts")


async def test_the_player_says_so_once_when_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(play, "Doors", lambda http: Doors(http, patience_seconds=0.0))
    with pytest.raises(Unreachable, match="ConnectError"):
        await play.play("http://127.0.0.1:1")


async def test_services_that_stand_still_are_found_out_after_one_long_wait(
    scenario: Scenario, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every story would wait in vain; only the first one is waited for."""
    monkeypatch.setattr(storyteller, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(storyteller, "SPENT_PATIENCE_SECONDS", 0.0)
    fake = FakeDoors(scenario)

    def before(request: Request) -> Response | None:
        return JSONResponse({"verdict": "pending"}) if request.url.path.endswith("/verdict") else None

    fake.before = before
    summary = await _play(fake)
    late = [one for one in summary.differences if one.came == "not in time"]
    waits = [step for story in scenario.stories for step in story.steps if isinstance(step, Await)]
    assert len(late) == len(waits)
    assert summary.phases_seconds["declarations"] < 0.3 * len(waits)
