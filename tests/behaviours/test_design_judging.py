"""DESIGN 6, how a draw is judged: at acceptance, up to the ceiling, in order of arrival, and when again."""

from decimal import Decimal

import pytest

from services.core.messages import Entry
from services.reconciliation.domain.rule_set import Ceiling, Mode
from services.reconciliation.domain.rules import rule_set
from tests.behaviours.exchange import Exchange
from tests.behaviours.written import (
    REF,
    A,
    B,
    C,
    both,
    declaration,
    document,
    invalidation,
    item,
    left,
    licence,
    line,
    release,
)


def test_rules_hold_at_acceptance_which_no_amendment_changes() -> None:
    exchange = Exchange(licence(), declaration(A, document("1"), accepted_at="2028-01-14T10:00:00Z"))
    assert exchange.verdict(A) == "covered"
    exchange.send(declaration(A, document("2"), version=2, accepted_at="2028-01-15T10:00:00Z"))
    assert (exchange.verdict(A), exchange.balance()) == ("covered", "2 0 0 8")


def test_the_acceptance_of_the_first_version_counts_though_it_comes_last() -> None:
    exchange = Exchange(licence(), declaration(A, document("2"), version=2, accepted_at="2028-01-15T10:00:00Z"))
    assert exchange.reasons(A) == ["licence.not-valid"]
    exchange.send(declaration(A, document("1"), accepted_at="2028-01-14T10:00:00Z"))
    assert (exchange.verdict(A), exchange.balance()) == ("covered", "2 0 0 8")


@pytest.mark.parametrize(("asked", "verdict"), [("10.5", "covered"), ("10.500001", "refused")])
def test_a_tolerance_is_a_fraction_of_what_is_authorised(asked: str, verdict: str) -> None:
    tolerant = rule_set(quantity=Ceiling(Decimal("0.05")))
    assert Exchange(licence(), declaration(A, document(asked)), rule_set=tolerant).verdict(A) == verdict


@pytest.mark.parametrize(("mode", "severity"), [(Mode.ALERT, "WARNING"), (Mode.INFORM, "INFO")])
def test_an_over_run_that_does_not_block_is_covered_and_told(mode: Mode, severity: str) -> None:
    lenient = rule_set(quantity=Ceiling(mode=mode))
    exchange = Exchange(licence(), declaration(A, document("11")), rule_set=lenient)
    assert (exchange.verdict(A), exchange.balance()) == ("covered", "11 0 0 -1")
    assert [f.severity.value for f in exchange.findings("quantity.overrun")] == [severity]
    assert "released.uncovered" not in exchange.send(release(A)).codes()


@pytest.mark.parametrize(
    ("quantity", "amount", "reasons"),
    [("11", "900.00", ["quantity.overrun"]), ("9", "1000.01", ["value.overrun"]), ("9", None, ["write-off.missing"])],
)
def test_both_is_all_or_nothing(quantity: str, amount: str | None, reasons: list[str]) -> None:
    exchange = Exchange(licence(both("10", "1000.00")), declaration(A, document(quantity, amount)))
    assert (exchange.balance(), exchange.value(), exchange.reasons(A)) == ("0 0 0 10", "0 0 0 1000", reasons)


def test_open_is_recorded_without_a_ceiling() -> None:
    terms = licence(line(None, basis="open", currency="EUR"))
    exchange = Exchange(terms, declaration(A, document("4000", "9000000.00")), declaration(B, document("2")))
    assert (exchange.verdict(A), exchange.verdict(B)) == ("covered", "covered")
    assert (exchange.balance(), exchange.value()) == ("4002 0 0 -", "9000000 0 0 -")
    exchange.send(release(A), left(A))
    assert (exchange.balance(), exchange.value()) == ("2 4000 4000 -", "0 9000000 9000000 -")


def test_the_uncontrolled_dimension_is_recorded_and_never_judged() -> None:
    terms = licence(line("10", value="1000.00", currency="EUR"))
    exchange = Exchange(terms, declaration(A, document("1", "5000.00")))
    assert (exchange.verdict(A), exchange.value()) == ("covered", "5000 0 0 -4000")
    assert Exchange(licence(line(currency="EUR")), declaration(A, document("1", "5.00"))).value() == "5 0 0 -"


def test_arrival_decides_who_gets_the_amount_and_not_acceptance() -> None:
    exchange = Exchange(licence(), declaration(A, document("8"), accepted_at="2026-03-04T08:00:00Z"))
    exchange.send(declaration(B, document("8"), accepted_at="2026-03-01T08:00:00Z"))
    assert (exchange.verdict(A), exchange.verdict(B)) == ("covered", "refused")


def test_a_refused_amendment_holds_nothing_and_others_get_the_amount() -> None:
    exchange = Exchange(licence(), declaration(A, document("8")), declaration(B, document("5")))
    exchange.send(declaration(A, document("11"), version=2))
    assert (exchange.verdict(A), exchange.verdict(B), exchange.balance()) == ("refused", "covered", "5 0 0 5")


def test_a_consumed_draw_that_shrinks_or_stays_is_not_judged_again() -> None:
    exchange = Exchange(licence(), declaration(A, document("8")), release(A))
    exchange.step("revoked", "2026-03-01T00:00:00+00:00")
    exchange.send(declaration(A, document("6"), version=2))
    assert (exchange.verdict(A), exchange.balance()) == ("covered", "0 6 0 4")
    assert exchange.codes() == ["licence.changed-under-shipment"], "its loss of cover is said, and changes nothing"


def test_a_consumed_draw_that_grows_within_the_licence_is_covered() -> None:
    exchange = Exchange(licence(), declaration(A, document("8")), release(A), declaration(A, document("10"), version=2))
    assert (exchange.verdict(A), exchange.balance()) == ("covered", "0 10 0 0")


def test_growth_of_a_consumed_draw_that_does_not_fit_is_consumed_and_uncovered() -> None:
    exchange = Exchange(licence(), declaration(B, document("2")), declaration(A, document("8")), release(A))
    exchange.send(declaration(A, document("9"), version=2))
    assert (exchange.verdict(A), exchange.balance()) == ("refused", "2 9 0 -1")
    assert exchange.codes(A) == ["quantity.overrun", "released.uncovered"]


def test_growth_of_one_item_does_not_take_what_another_item_has_consumed() -> None:
    exchange = Exchange(licence(), declaration(A, items=[item(document("5")), item(document("5"), number=2)]))
    exchange.send(release(A), declaration(A, items=[item(document("6")), item(document("5"), number=2)], version=2))
    assert [draw["verdict"] for draw in exchange.ledger()["draws"]] == ["refused", "covered"]


def test_what_was_refused_is_judged_again_in_order_of_arrival_when_an_amount_returns() -> None:
    exchange = Exchange(licence(), declaration(A, document("10")), declaration(B, document("6")))
    exchange.send(declaration(C, document("5")), invalidation(A))
    assert (exchange.verdict(B), exchange.verdict(C), exchange.balance()) == ("covered", "refused", "6 0 0 4")


def test_a_smaller_one_is_covered_when_what_returned_is_too_little_for_the_one_before_it() -> None:
    exchange = Exchange(licence(), declaration(A, document("10")), declaration(B, document("6")))
    exchange.send(declaration(C, document("3")), declaration(A, document("6"), version=2))
    assert (exchange.verdict(B), exchange.verdict(C), exchange.balance()) == ("refused", "covered", "9 0 0 1")


def test_a_shortfall_at_the_final_exit_is_for_those_who_were_refused() -> None:
    exchange = Exchange(licence(), declaration(A, document("10")), release(A), declaration(B, document("6")))
    short = {"item": 1, "quantity": "4"}
    assert exchange.send(left(A, short, final=False, message_id="so far")).verdict(B) == "refused"
    assert exchange.send(left(A, short)).verdict(B) == "covered"


def test_a_raised_licence_covers_what_it_refused_and_leaves_what_was_released_uncovered() -> None:
    exchange = Exchange(licence(), declaration(A, document("11")), declaration(B, document("12")), release(B))
    exchange.amend(lines=[line("30")])
    assert (exchange.verdict(A), exchange.verdict(B), exchange.balance()) == ("covered", "refused", "11 12 0 7")


def test_a_lowered_licence_keeps_its_reservations_and_says_so() -> None:
    exchange = Exchange(licence(), declaration(A, document("8")), declaration(B, document("1")))
    exchange.amend(lines=[line("5")])
    assert (exchange.balance(), exchange.verdict(A), exchange.verdict(B)) == ("9 0 0 -4", "covered", "covered")
    [finding] = exchange.findings("quantity.overrun")
    assert (finding.subject, finding.licence, finding.line, finding.mrn) == (REF, REF, 1, None)
    assert exchange.send(release(A)).balance() == "1 8 0 -4"
    assert exchange.verdict(A) == "covered"


def test_a_raised_licence_that_is_still_overdrawn_says_nothing_new() -> None:
    exchange = Exchange(licence(), declaration(A, document("14")), release(A))
    before = exchange.codes()
    assert exchange.amend(lines=[line("12")]).balance() == "0 14 0 -2"
    assert exchange.codes() == before


def test_a_suspension_in_the_past_refuses_open_draws_which_keep_their_amount() -> None:
    exchange = Exchange(licence(), declaration(A, document("4")), declaration(B, document("3")), release(B))
    before = exchange.all(Entry)
    exchange.step("suspended", "2026-03-01T00:00:00+00:00")
    assert (exchange.verdict(A), exchange.reasons(A)) == ("refused", ["licence.not-valid"])
    assert (exchange.verdict(B), exchange.balance()) == ("covered", "4 3 0 3")
    assert exchange.all(Entry)[: len(before)] == before
    exchange.send(release(A))
    assert (exchange.balance(), "released.uncovered" in exchange.codes(A)) == ("0 7 0 3", True)


def test_a_suspension_lifted_over_the_moment_of_acceptance_covers_again() -> None:
    exchange = Exchange(licence(), declaration(A, document("4")))
    exchange.step("suspended", "2026-03-01T00:00:00+00:00").step("reinstated", "2026-03-02T00:00:00+00:00")
    assert (exchange.verdict(A), exchange.balance()) == ("covered", "4 0 0 6")


def test_a_suspension_to_come_leaves_what_was_accepted_before_it() -> None:
    exchange = Exchange(licence(), declaration(A, document("4")))
    exchange.step("suspended", "2026-03-10T00:00:00+00:00")
    exchange.send(declaration(B, document("1"), accepted_at="2026-03-10T00:00:00Z"))
    assert (exchange.verdict(A), exchange.verdict(B)) == ("covered", "refused")


def test_a_line_that_is_added_covers_what_waited_for_it() -> None:
    exchange = Exchange(licence(), declaration(A, document("4", line=2)))
    exchange.amend(lines=[line(), line("5", number=2)])
    assert (exchange.verdict(A), exchange.balance(2)) == ("covered", "4 0 0 1")


def test_an_authority_that_allows_more_says_how_much_was_compared() -> None:
    exchange = Exchange(licence(), declaration(A, document("8")), rule_set=rule_set(quantity=Ceiling(Decimal("0.05"))))
    exchange.amend(lines=[line("5")])
    [finding] = exchange.findings("quantity.overrun")
    assert [(c.what, c.declared, c.licensed) for c in finding.comparisons] == [
        ("quantity drawn", "8 NAR", "5 NAR"),
        ("quantity drawn at most", "8 NAR", "5.25 NAR"),
    ]


def test_draws_on_an_unknown_licence_wait_refused_and_are_judged_in_order_of_arrival() -> None:
    exchange = Exchange(declaration(A, document("6")), declaration(B, document("6")), declaration(C, document("4")))
    assert [exchange.reasons(mrn) for mrn in (A, B, C)] == [["licence.unknown"]] * 3
    exchange.send(licence())
    assert [exchange.verdict(mrn) for mrn in (A, B, C)] == ["covered", "refused", "covered"]
    assert exchange.balance() == "10 0 0 0"


def test_what_was_released_on_an_unknown_licence_is_consumed_when_the_licence_arrives() -> None:
    exchange = Exchange(declaration(A, document("6")), release(A))
    assert exchange.codes(A) == ["licence.unknown", "released.uncovered"]
    exchange.send(licence())
    assert (exchange.verdict(A), exchange.balance()) == ("covered", "0 6 0 4")
