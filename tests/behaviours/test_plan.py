"""The plan meets the rules: told to the services' own decisions, every expectation of the scenario comes out."""

from collections.abc import Iterator
from random import Random

import pytest

from services.core.messages import Ledger
from services.core.values import LicenceRef, Mrn
from services.reconciliation.adapters.views import ledger_view
from services.reconciliation.domain.ledger import to_record
from services.simulator.expectations import (
    Difference,
    alert_differences,
    balance_differences,
    expected_alerts,
    expected_balances,
    verdict_differences,
)
from services.simulator.scenario import build_scenario
from services.simulator.steps import Authorise, Await, Compare, Issue, Scenario, Send, Step, Tell
from tests.behaviours.pure_services import NOW, PureServices


@pytest.fixture(scope="module", params=[2026, 11])
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return build_scenario(request.param)


def _told(scenario: Scenario, *, times: int = 1, order: int | None = None) -> tuple[PureServices, list[str]]:
    """The services after the scenario, and every answer that was wrong on the way."""
    services, wrong = PureServices(), list[str]()
    services.refuse(scenario.refusals, scenario.denials)
    for licence in scenario.licences:
        services.issue(licence)
    for key in scenario.keys:
        services.authorise(key)
    for step in scenario.statuses:
        services.change_status(step)
    stories = list(scenario.stories)
    if order is not None:
        Random(order).shuffle(stories)
    for turn in range(times):
        for story in stories:
            wrong += _tell(services, story.steps, first=turn == 0)
    return services, wrong


def _tell(services: PureServices, steps: tuple[Step, ...], *, first: bool) -> Iterator[str]:
    for step in steps:
        match step:
            case Send(message, answers) if (status := services.receive(message)) not in answers:
                yield f"{message.id}: {status}, not {answers}"
            case Await(mrn, _, verdict) if first and (came := _word(services, mrn)) != verdict:
                yield f"{mrn}: {came}, not {verdict}"
            case Issue(licence) if first:
                services.issue(licence)
            case Authorise(key) if first:
                services.authorise(key)
            case Tell(report) if first:
                services.report(report)
            case Compare(figures) if first and (figured := services.figures(figures)) != figures.expected():
                yield f"{figures.licence.ref}: {figured}, not {figures.expected()}"


def _word(services: PureServices, mrn: Mrn) -> str | None:
    verdict = services.verdicts.get(mrn)
    return None if verdict is None else verdict.verdict.lower().replace("_", "-")


def _differences(scenario: Scenario, services: PureServices) -> list[Difference]:
    records: dict[LicenceRef, Ledger] = {ref: to_record(one) for ref, one in services.ledgers.items()}
    ledgers = {ref: ledger_view(record, NOW) for ref, record in records.items()}
    verdicts = {one.mrn: _word(services, one.mrn) for one in scenario.expected}
    alerts = {(f.mrn, f.licence, f.code) for f in services.findings if f.mrn is not None}
    return [
        *verdict_differences(scenario.expected, verdicts),
        *alert_differences(expected_alerts(scenario.expected), alerts),
        *balance_differences((*scenario.licences, *scenario.late), expected_balances(scenario.expected), ledgers),
    ]


def test_every_expectation_comes_out(scenario: Scenario) -> None:
    services, wrong = _told(scenario)
    assert wrong == []
    assert _differences(scenario, services) == []


def test_the_order_of_the_stories_makes_no_difference(scenario: Scenario) -> None:
    services, wrong = _told(scenario, order=3)
    assert wrong == []
    assert _differences(scenario, services) == []


def test_told_again_nothing_changes(scenario: Scenario) -> None:
    once, _ = _told(scenario)
    twice, wrong = _told(scenario, times=2)
    assert wrong == []
    assert [one.hash for one in twice.ledgers.values()] == [one.hash for one in once.ledgers.values()]
    assert twice.findings == once.findings
