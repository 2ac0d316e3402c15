"""Write-offs entered from paper: judged by the date on it, consumed at once, and drawn once whatever comes after."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.facts import Fact
from services.core.messages import (
    DeclarationAccepted,
    DeclarationForm,
    Finding,
    LicenceStatus,
    Phase,
    Stage,
    VerdictKind,
)
from tests.builders import ISSUED, REF, a_licence, a_status
from tests.builders_customs import (
    MRN,
    a_declaration,
    a_document,
    a_refusal,
    a_release,
    an_exit,
    an_invalidation,
    an_item,
    hours,
)
from tests.unit.reconciliation.test_shipment_and_ledger import Exchange

COVERED, REFUSED = VerdictKind.COVERED, VerdictKind.REFUSED


def presses(quantity: str, fact_id: str, **changes: Any) -> DeclarationAccepted:
    item = an_item(a_document(REF, quantity=quantity, amount=f"{int(quantity) * 100_000}.00"))
    return replace(a_declaration(item, fact_id=fact_id), **changes)


def on_paper(quantity: str = "1", fact_id: str = "paper", **changes: Any) -> DeclarationAccepted:
    return presses(quantity, fact_id, form=DeclarationForm.PAPER, **changes)


def electronic(quantity: str = "1", days: int = 2, **changes: Any) -> DeclarationAccepted:
    """The same goods, declared once systems are back."""
    return presses(quantity, "electronic", accepted_at=hours(24 * days), **changes)


def test_a_paper_is_consumed_at_once() -> None:
    exchange = Exchange().hand(a_licence(), on_paper())
    assert exchange.quantity() == "0 1 0"
    verdict = exchange.verdict()
    assert (verdict.verdict, verdict.phase, verdict.stage) == (COVERED, Phase.RELEASED, Stage.RELEASED)
    assert (verdict.applied, exchange.codes()) == (("paper",), set())


def test_a_paper_is_judged_by_its_date() -> None:
    suspended = a_licence(statuses=(ISSUED, a_status(LicenceStatus.SUSPENDED, hours(48))))
    assert Exchange().hand(suspended, on_paper()).codes() == set()
    late = Exchange().hand(suspended, on_paper(accepted_at=hours(72)))
    assert late.codes() == {"licence.not-valid", "released.uncovered"}
    ended = Exchange().hand(a_licence(valid_to=date(2026, 3, 1)), on_paper())
    assert ended.codes() == {"licence.not-valid", "released.uncovered"}


def test_a_paper_that_does_not_fit_is_consumed_and_said() -> None:
    exchange = Exchange().hand(a_licence(), on_paper("3"))
    assert exchange.quantity() == "0 3 0"
    assert exchange.verdict().verdict is REFUSED
    assert exchange.codes() == {"quantity.overrun", "value.overrun", "released.uncovered"}
    (finding,) = [f for f in exchange.outputs if isinstance(f, Finding) and f.code == "quantity.overrun"]
    assert [source.message_id for source in finding.sources] == ["paper"]


def test_a_paper_entered_twice_is_drawn_once() -> None:
    exchange = Exchange().hand(a_licence(), on_paper(), on_paper(), on_paper(fact_id="typed again"))
    assert (exchange.quantity(), exchange.codes()) == ("0 1 0", set())


def test_a_paper_entered_twice_with_other_figures_is_a_conflict_and_the_first_counts() -> None:
    exchange = Exchange().hand(a_licence(), on_paper(), on_paper("2", "typed again"))
    assert (exchange.quantity(), exchange.codes()) == ("0 1 0", {"shipment.version-conflict"})


def test_a_corrected_paper_replaces_the_first() -> None:
    exchange = Exchange().hand(a_licence(), on_paper(), on_paper("2", "corrected", version=2))
    assert (exchange.quantity(), exchange.verdict().version) == ("0 2 0", 2)


@pytest.mark.parametrize("paper_first", [True, False])
def test_the_declaration_itself_supersedes_the_paper_and_draws_no_second_time(*, paper_first: bool) -> None:
    facts = [on_paper(), electronic("2")]
    exchange = Exchange().hand(a_licence(), *(facts if paper_first else reversed(facts)))
    assert exchange.quantity() == "0 2 0", "what it declares, still released"
    verdict = exchange.verdict()
    assert (verdict.verdict, verdict.stage, verdict.version) == (COVERED, Stage.RELEASED, 1)
    assert exchange.codes() == set(), "neither a conflict nor out of sequence"
    assert set(verdict.applied) == {"paper", "electronic"}


def test_the_superseding_declaration_is_still_judged_by_the_date_on_paper() -> None:
    suspended = a_licence(statuses=(ISSUED, a_status(LicenceStatus.SUSPENDED, hours(24))))
    exchange = Exchange().hand(suspended, electronic(), on_paper())
    assert exchange.verdict().verdict is COVERED
    (demand,) = [held.demand for held in exchange.shipments[MRN].licences]
    assert demand.accepted_at == on_paper().accepted_at
    assert {source.message_id for source in demand.sources} == {"paper", "electronic"}


def test_a_licence_that_only_the_paper_cited_gets_its_amount_back() -> None:
    unlicensed = replace(a_declaration(an_item(), fact_id="electronic"), accepted_at=hours(48))
    exchange = Exchange().hand(a_licence(), on_paper("2"), unlicensed)
    assert (exchange.quantity(), exchange.verdict().verdict) == ("0 0 0", VerdictKind.NOT_CONTROLLED)


@pytest.mark.parametrize("paper_first", [True, False])
def test_a_licence_that_only_the_paper_cited_is_asked_for_nothing_in_any_order(*, paper_first: bool) -> None:
    elsewhere = replace(electronic(), items=(an_item(a_document("VL/2026/000124")),))
    facts = [on_paper(), elsewhere]
    exchange = Exchange().hand(a_licence(), *(facts if paper_first else reversed(facts)))
    asked = {held.demand.licence: len(held.demand.draws) for held in exchange.shipments[MRN].licences}
    assert asked == {REF: 0, "VL/2026/000124": 1}


def test_a_corrected_paper_gives_way_too_and_the_version_never_falls() -> None:
    exchange = Exchange().hand(a_licence(), on_paper("2", version=2), electronic())
    assert (exchange.quantity(), exchange.verdict().version) == ("0 1 0", 2)


def test_later_decisions_of_customs_count_as_ever() -> None:
    assert Exchange().hand(a_licence(), on_paper(), a_refusal(after_h=-1)).quantity() == "0 1 0"
    assert Exchange().hand(a_licence(), on_paper(), a_refusal(after_h=5)).quantity() == "0 0 0"
    assert Exchange().hand(a_licence(), on_paper(), an_invalidation()).quantity() == "0 0 0"
    assert Exchange().hand(a_licence(), on_paper(), an_exit()).quantity() == "0 1 1"


LIFE: tuple[Fact, ...] = (
    on_paper("2"),
    electronic(),
    a_release(fact_id="released", after_h=48.5),
    an_exit(after_h=60),
)


@given(st.permutations([*LIFE, *LIFE[:2]]))
def test_any_order_of_paper_and_declaration_ends_in_the_same_balance(order: list[Fact]) -> None:
    exchange = Exchange().hand(a_licence(), *order)
    assert (exchange.quantity(), exchange.codes()) == ("0 1 1", set())
    assert exchange.verdict().verdict is COVERED
    assert exchange.verdict().stage is Stage.EXITED
