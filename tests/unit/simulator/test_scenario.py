"""The plan: the same for the same seed, complete, and consistent in itself."""

from collections import Counter
from decimal import Decimal

import pytest

from services.core.values import mrn_check_digit_holds
from services.simulator.declarations import Format
from services.simulator.desk import Desk
from services.simulator.expectations import expected_balances
from services.simulator.refusals import load_refusals
from services.simulator.register import build_register
from services.simulator.scenario import build_scenario
from services.simulator.steps import MALFORMED, Await, Scenario, Send
from services.simulator.stories_balance import balance as balance_stories
from tests.finding_codes import PLANNED

BELOW_ZERO = {"released-anyway", "grows-after-release"}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return build_scenario()


def test_the_same_seed_gives_the_same_bytes(scenario: Scenario) -> None:
    again = build_scenario()
    assert [send.message for send in scenario.sends] == [send.message for send in again.sends]
    assert scenario == again


def test_another_seed_shares_neither_mrns_nor_licences(scenario: Scenario) -> None:
    other = build_scenario(7)
    assert not {one.mrn for one in scenario.expected} & {one.mrn for one in other.expected}
    assert not {one.ref for one in scenario.licences} & {one.ref for one in other.licences}
    assert [send.message.id for send in other.sends] != [send.message.id for send in scenario.sends]


def test_every_finding_is_planned(scenario: Scenario) -> None:
    assert {code for one in scenario.expected for _, code in one.alerts} == PLANNED


def test_there_are_some_forty_licences_of_all_bases_and_the_named_goods(scenario: Scenario) -> None:
    licences = (*scenario.licences, *scenario.late)
    lines = [line for licence in licences for line in licence.lines]
    assert 40 <= len(licences) <= 45
    assert {line.basis for line in lines} == {"quantity", "value", "both", "open"}
    codes = {str(line.goods.control_code)[:5] for line in lines}
    assert {"2B204", "1C202", "2B201", "0C002"} <= codes
    assert {step.status for step in scenario.statuses} == {"suspended", "revoked", "exhausted"}
    assert len({licence.ref for licence in licences}) == len(licences)


def test_most_declarations_carry_no_licence_and_all_formats_are_spoken(scenario: Scenario) -> None:
    verdicts = Counter(one.verdict for one in scenario.expected)
    assert 480 <= sum(verdicts.values()) <= 530
    assert verdicts["not-controlled"] > sum(verdicts.values()) / 2
    assert min(verdicts["covered"], verdicts["refused"]) >= 30
    by_format = Counter(send.message.format for send in scenario.sends)
    assert set(by_format) == set(Format)
    assert min(by_format.values()) >= 300


def test_the_whole_life_of_a_declaration_is_told(scenario: Scenario) -> None:
    kinds = {send.message.kind for send in scenario.sends}
    assert kinds == {
        *("CC515C", "CC528C", "CC513C", "CC504C", "CC529C", "CC509C", "CC551C", "CC599C"),
        *("EXA", "COR", "DMSACC", "DMSREJ", "DMSROG", "DMSINV", "DMSREQ", "DMSEOG"),
        *("declaration", "release", "no-release", "invalidation", "exit"),
    }


def test_messages_come_twice_late_and_broken(scenario: Scenario) -> None:
    repeats = [send for send in scenario.sends if send.repeat]
    assert sum(send.answers == MALFORMED for send in scenario.sends) == 2
    assert len(repeats) >= 50
    orders = [
        [step.message.kind for step in story.steps if isinstance(step, Send) and not step.repeat]
        for story in scenario.stories
    ]
    assert any(order.index("exit") < order.index("declaration") for order in orders if "exit" in order)
    assert any(order.index("CC528C") < order.index("CC515C") for order in orders if "CC528C" in order)
    assert any(order.index("DMSROG") < order.index("DMSACC") for order in orders if "DMSROG" in order)


def test_a_repeat_has_the_bytes_of_the_first_sending(scenario: Scenario) -> None:
    first = {send.message.id: send.message.body for send in scenario.sends if not send.repeat}
    ids = [send.message.id for send in scenario.sends if not send.repeat]
    assert len(set(ids)) == len(ids)
    for send in scenario.sends:
        if send.repeat and send.answers == (200,):
            assert send.message.body == first[send.message.id]


def test_identifiers_fit_their_data_elements(scenario: Scenario) -> None:
    assert all(mrn_check_digit_holds(one.mrn) for one in scenario.expected)
    assert len({one.mrn for one in scenario.expected}) == len(scenario.expected)
    assert all(len(send.message.id) <= 35 for send in scenario.sends if send.message.format is Format.AES)


def test_only_what_is_released_in_spite_goes_below_zero(scenario: Scenario) -> None:
    register = build_register(scenario.seed)
    keys = {licence.ref: key for key, licence in (*register.issued.items(), *register.late.items())}
    lines = {(licence.ref, line.number): line for licence in register.everything for line in licence.lines}
    below = set()
    for (ref, number), balance in expected_balances(scenario.expected).items():
        line = lines[ref, number]
        for authorised, columns in ((line.quantity, balance.quantity), (line.value, balance.value)):
            assert min(columns.reserved, columns.consumed, columns.exited) >= 0
            assert columns.exited <= columns.consumed
            if authorised is not None and authorised < columns.reserved + columns.consumed:
                below.add(keys[ref])
    assert below == BELOW_ZERO


def test_ample_licences_stay_far_from_their_ceiling(scenario: Scenario) -> None:
    """Their shipments are sent side by side: no order of arrival may matter."""
    register = build_register(scenario.seed)
    balances = expected_balances(scenario.expected)
    for key, licence in register.issued.items():
        balance = balances.get((licence.ref, 1))
        if key.startswith("ample") and balance is not None:
            for authorised, columns in (
                (licence.line().quantity, balance.quantity),
                (licence.line().value, balance.value),
            ):
                assert authorised is None or columns.reserved + columns.consumed < authorised * Decimal("0.5")


def test_stories_about_one_balance_wait_before_the_next_shipment(scenario: Scenario) -> None:
    story = next(story for story in scenario.stories if story.name == "last-press")
    waits = [step.verdict for step in story.steps if isinstance(step, Await)]
    assert waits == ["covered", "refused", "covered"]


def test_no_other_story_touches_a_balance_that_is_contended(scenario: Scenario) -> None:
    """Stories are told side by side; only inside one is the order of arrival what it says."""
    register = build_register(scenario.seed)
    for story in balance_stories(Desk(scenario.seed)):
        ref = register.issued[story.name].ref.encode()
        citing = [
            other.name
            for other in scenario.stories
            if any(ref in step.message.body for step in other.steps if isinstance(step, Send))
        ]
        assert citing == [story.name]


def test_every_refused_export_of_the_table_is_a_refusal() -> None:
    bodies = load_refusals()
    assert len(bodies) == 11
    assert len({body["ref"] for body in bodies}) == 11
    assert {body["destination"] for body in bodies} == {"IR", "US", "UA", "IN", "CN", "TW", "RU"}
    total = sum(Decimal(goods["value"] or 0) for body in bodies for goods in body["goods"])
    assert total == 421235 + 7085 + 2720000 + 1926898 + 2773500 + 1150000 + 36780
