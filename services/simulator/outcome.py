"""What came out: verdicts, balances and alerts as the doors give them, once they stand as planned or time is up."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from services.core.values import LicenceRef, Mrn
from services.simulator.client import Doors
from services.simulator.expectations import (
    Alert,
    Difference,
    alert_differences,
    balance_differences,
    expected_alerts,
    expected_balances,
    verdict_differences,
)
from services.simulator.progress import Progress
from services.simulator.steps import Expected, Scenario
from services.simulator.storyteller import HOLD_SECONDS, PAUSE_SECONDS, Tally, side_by_side, until
from services.simulator.summary import Summary

SETTLING_SECONDS = 30.0
VERDICTS = ("covered", "refused", "not-controlled")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the doors answered at the end. `alerts` are those on declarations of the scenario."""

    verdicts: Mapping[Mrn, str | None]
    ledgers: Mapping[LicenceRef, dict[str, Any]]
    alerts: tuple[dict[str, Any], ...]

    def differences(self, scenario: Scenario) -> tuple[Difference, ...]:
        licences = (*scenario.licences, *scenario.late)
        return (
            *verdict_differences(scenario.expected, self.verdicts),
            *alert_differences(expected_alerts(scenario.expected), map(_key, self.alerts)),
            *balance_differences(licences, expected_balances(scenario.expected), self.ledgers),
        )

    def summary(
        self, scenario: Scenario, tally: Tally, seconds: Mapping[str, float], wall_seconds: float, url: str
    ) -> Summary:
        kinds = Counter(verdict for verdict in self.verdicts.values() if verdict is not None)
        codes = Counter(str(alert["code"]) for alert in self.alerts)
        return Summary(
            seed=scenario.seed,
            licences=len(self.ledgers),
            refusals=len(scenario.refusals),
            dossiers=len(scenario.dossiers),
            reports=scenario.reports,
            messages_in={
                "total": tally.by_format.total(),
                "by_format": {str(name): tally.by_format[name] for name in sorted(tally.by_format)},
                "by_answer": dict(sorted(tally.by_answer.items())),
            },
            declarations=kinds.total(),
            verdicts={kind.replace("-", "_"): kinds[kind] for kind in (*VERDICTS, *sorted(set(kinds) - set(VERDICTS)))},
            balances={ref: ledger.get("lines", []) for ref, ledger in sorted(self.ledgers.items())},
            alerts_by_code=dict(sorted(codes.items())),
            duplicates_ignored=tally.by_answer["repeated"],
            malformed_refused=tally.by_answer["malformed"],
            message_to_alert_ms=_percentiles(self.alerts),
            wall_seconds=wall_seconds,
            phases_seconds=seconds,
            urls={"api": url, "alerts": f"{url}/v1/alerts", "metrics": f"{url}/metrics"},
            differences=(*tally.differences, *self.differences(scenario)),
        )


async def collect(scenario: Scenario, doors: Doors, progress: Progress) -> Outcome:
    """Ask until everything stands as planned, or it has had time enough to."""
    loop = asyncio.get_running_loop()
    end = loop.time() + SETTLING_SECONDS
    verdicts = await _verdicts(scenario.expected, doors, progress, end)
    while True:
        outcome = Outcome(verdicts, await _ledgers(scenario, doors), await _alerts(scenario, doors))
        if loop.time() > end or not outcome.differences(scenario):
            return outcome
        await asyncio.sleep(PAUSE_SECONDS)


async def _verdicts(
    expected: tuple[Expected, ...], doors: Doors, progress: Progress, end: float
) -> dict[Mrn, str | None]:
    """The verdict of each declaration as planned, else the last one it had when time was up.

    Asked with a version, the door answers when the effect of every message on the MRN is in: it is all applied then.
    """
    loop = asyncio.get_running_loop()
    verdicts: dict[Mrn, str | None] = {}
    progress.phase("settle", len(expected))

    async def one(wanted: Expected) -> None:
        async def ask() -> str | None:
            verdicts[wanted.mrn] = await _verdict(wanted, doors, end - loop.time())
            return "as planned" if verdicts[wanted.mrn] == wanted.verdict else None

        await until(ask, end - loop.time())
        progress.advance()

    await side_by_side(expected, one)
    return verdicts


async def _verdict(one: Expected, doors: Doors, left_seconds: float) -> str | None:
    hold = 0 if one.verdict is None else int(max(0.0, min(HOLD_SECONDS, left_seconds)))
    answer = await doors.get(f"/v1/customs/declarations/{one.mrn}/verdict", hold, version=one.version)
    return None if answer.status == 404 else str(answer.body.get("verdict"))


async def _ledgers(scenario: Scenario, doors: Doors) -> dict[LicenceRef, dict[str, Any]]:
    licences = (*scenario.licences, *scenario.late)
    answers = [await doors.get(f"/v1/ledger/licences/{quote(licence.ref)}") for licence in licences]
    return {licence.ref: answer.body for licence, answer in zip(licences, answers, strict=True)}


async def _alerts(scenario: Scenario, doors: Doors) -> tuple[dict[str, Any], ...]:
    """All pages; others than those on the scenario's declarations belong to somebody else."""
    ours = {one.mrn for one in scenario.expected}
    found: list[dict[str, Any]] = []
    cursor: dict[str, str | int] = {}
    while True:
        page = (await doors.get("/v1/alerts", 0, **cursor)).body
        found += (alert for alert in page.get("items", []) if alert["mrn"] in ours)
        if page.get("next") is None:
            return tuple(found)
        cursor = {"cursor": page["next"]}


def _key(alert: Mapping[str, Any]) -> Alert:
    licence = alert["licence"]
    return Mrn(alert["mrn"]), None if licence is None else LicenceRef(licence), str(alert["code"])


def _percentiles(alerts: tuple[dict[str, Any], ...]) -> dict[str, float | None]:
    """From the message that came in to the alert it raised, by the clocks of the services."""
    spans = sorted(_milliseconds(a) for a in alerts if a.get("opened_at") and a.get("received_at"))
    if not spans:
        return {"p50": None, "p99": None}
    return {f"p{share}": spans[min(len(spans) - 1, len(spans) * share // 100)] for share in (50, 99)}


def _milliseconds(alert: Mapping[str, Any]) -> float:
    span = datetime.fromisoformat(alert["opened_at"]) - datetime.fromisoformat(alert["received_at"])
    return round(span.total_seconds() * 1000, 1)
