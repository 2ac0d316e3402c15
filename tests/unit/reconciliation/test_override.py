"""An officer of customs decides himself: the judgement stays, the decision stands beside it, the authority is told."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.core.facts import Fact
from services.core.messages import Finding, Override, ReleaseOverridden, Severity, Track, VerdictKind
from services.core.values import Mrn
from tests.builders import REF, a_licence
from tests.builders_customs import MRN, a_declaration, a_release, a_source, hours
from tests.builders_shipments import Way
from tests.unit.reconciliation.test_shipment_and_ledger import Exchange, presses

OVERRIDDEN = "shipment.overridden"


def an_override(*, fact_id: str = "overridden", after_h: float = 1) -> ReleaseOverridden:
    return ReleaseOverridden(
        fact_id=fact_id,
        mrn=Mrn(MRN),
        sources=(a_source(fact_id),),
        decided_at=hours(after_h),
        officer="BE343000-417",
        reason="balance confirmed by telephone",
    )


DECIDED = Override(decided_at=hours(1), officer="BE343000-417", reason="balance confirmed by telephone")


def test_the_verdict_shows_who_decided_when_and_why_beside_the_unchanged_judgement() -> None:
    exchange = Exchange().hand(a_licence(), presses("3"))
    refused = exchange.verdict()
    exchange.hand(an_override())
    assert exchange.verdict().overrides == (DECIDED,)
    assert (exchange.verdict().verdict, exchange.verdict().items) == (VerdictKind.REFUSED, refused.items)
    assert exchange.verdict().revision > refused.revision, "customs is told again"
    assert exchange.quantity() == "0 0 0", "an override is no release"


def test_the_authority_is_told_what_was_overridden() -> None:
    exchange = Exchange().hand(a_licence(), presses("3"), an_override())
    (finding,) = [f for f in exchange.outputs if isinstance(f, Finding) and f.code == OVERRIDDEN]
    assert (finding.severity, finding.track, finding.subject, finding.mrn) == (Severity.WARNING, Track.BOTH, MRN, MRN)
    assert finding.legal_basis == "Impl. Reg. (EU) 2024/2145 art. 8"
    assert [(c.declared, c.licensed) for c in finding.comparisons] == [
        (
            "2026-03-02T09:15:00+00:00 by BE343000-417: balance confirmed by telephone",
            "refused: quantity.overrun, value.overrun",
        )
    ]
    assert [source.message_id for source in finding.sources] == ["overridden"]


def test_facts_win_when_overridden_goods_are_released() -> None:
    exchange = Exchange().hand(a_licence(), presses("3"), an_override(), a_release())
    assert exchange.quantity() == "0 3 0"
    assert exchange.verdict().verdict is VerdictKind.REFUSED
    assert {OVERRIDDEN, "released.uncovered"} <= exchange.codes()


def test_an_override_of_nothing_that_was_refused_is_only_recorded() -> None:
    exchange = Exchange().hand(a_licence(), presses("2"), an_override())
    assert (exchange.verdict().verdict, exchange.verdict().overrides) == (VerdictKind.COVERED, (DECIDED,))
    assert exchange.codes() == set()


def test_an_override_that_comes_before_the_refusal_is_known_is_said_with_it() -> None:
    way = Way().told(a_declaration(), an_override())
    assert way.finding_codes() == [], "pending: nothing is refused yet"
    assert way.answered({REF: ("quantity.overrun",)}).finding_codes() == [OVERRIDDEN]


def test_each_override_is_said_once() -> None:
    way = Way().told(a_declaration()).answered({REF: ("quantity.overrun",)})
    way = way.told(an_override(), an_override(fact_id="second", after_h=2), an_override())
    assert way.finding_codes() == [OVERRIDDEN, OVERRIDDEN]
    assert len({finding.id for finding in way.all(Finding)}) == 2
    assert [o.decided_at for o in way.verdict().overrides] == [hours(1), hours(2)]


@given(st.permutations([presses("3"), an_override(), a_release(), an_override(fact_id="second", after_h=3)]))
def test_the_order_of_arrival_changes_neither_verdict_nor_findings(order: list[Fact]) -> None:
    def end(facts: list[Fact]) -> tuple[object, ...]:
        exchange = Exchange().hand(a_licence(), *facts)
        ids = {f.id for f in exchange.outputs if isinstance(f, Finding) and f.code == OVERRIDDEN}
        return replace(exchange.verdict(), revision=0), ids, exchange.quantity()

    assert end(order) == end([presses("3"), an_override(), an_override(fact_id="second", after_h=3), a_release()])
