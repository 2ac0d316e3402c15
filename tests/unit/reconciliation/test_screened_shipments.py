"""When a shipment is looked at, and what becomes of what is found."""

from dataclasses import replace

import pytest

from services.core.facts import Fact
from services.core.messages import (
    ArrivedAtExit,
    DeclarationAmended,
    Finding,
    GoodsPresented,
    Resemblance,
    Screening,
    Severity,
    Track,
)
from services.core.values import CommodityCode, LicenceRef
from services.reconciliation.domain.shipment import with_resemblance
from tests.builders_customs import (
    MRN,
    a_declaration,
    a_document,
    a_refusal,
    a_release,
    a_source,
    an_amendment,
    an_exit,
    an_invalidation,
    hours,
)
from tests.builders_screening import NOW, REFUSED_APPLICANT, found
from tests.builders_screening import a_refusal as refused_before
from tests.builders_shipments import RULES, Way

PRESENTED = GoodsPresented(fact_id="presented", mrn=MRN, sources=(a_source("presented"),), presented_at=hours(1))
ARRIVED = ArrivedAtExit(
    fact_id="arrived", mrn=MRN, sources=(a_source("arrived"),), arrived_at=hours(30), office_of_exit="BE343000"
)
OTHER_GOODS = an_amendment(commodity_code="84802000")
LIVES: dict[str, tuple[tuple[Fact, ...], list[int]]] = {
    "each step before the goods leave": ((a_declaration(), PRESENTED, a_release(), ARRIVED, an_exit()), [1, 2, 3, 4]),
    "an amendment": ((a_declaration(), OTHER_GOODS), [1, 2]),
    "a repeat changes nothing": ((a_declaration(), a_declaration(), a_release(), a_release()), [1, 2]),
    "not what takes goods away from the border": ((a_declaration(), a_refusal(), an_invalidation()), [1]),
    "facts wait for their declaration": ((a_release(), a_declaration()), [2]),
    "what is declared late, too": ((an_exit(), a_declaration()), [2]),
    "not what was invalidated": ((a_declaration(), an_invalidation(), OTHER_GOODS), [1]),
}


@pytest.mark.parametrize("life", LIVES)
def test_a_shipment_is_looked_at(life: str) -> None:
    facts, revisions = LIVES[life]
    assert [asked.revision for asked in Way().told(*facts).all(Screening)] == revisions


def test_what_is_asked_is_the_declaration_as_it_now_stands() -> None:
    first, second = Way().told(a_declaration(), OTHER_GOODS).all(Screening)
    declared = a_declaration()
    assert (first.items, first.exporter, first.consignee) == (declared.items, declared.exporter, declared.consignee)
    assert [item.commodity_code for item in second.items] == [CommodityCode("84802000")]
    assert second.accepted_at == declared.accepted_at


def resembling(way: Way) -> list[Resemblance]:
    """What each screening so far finds beside the press of 2017."""
    refusal = refused_before(applicant=replace(REFUSED_APPLICANT, eori=a_declaration().exporter.eori))
    return [one for asked in way.all(Screening) for one in found(asked, refusal)]


def test_a_resemblance_is_one_finding_at_whatever_step_it_is_found() -> None:
    way = Way().told(a_declaration(), a_release())
    first, second = resembling(way)
    raised = with_resemblance(way.shipment, first, NOW, RULES)
    [finding] = raised.outputs
    assert isinstance(finding, Finding)
    assert with_resemblance(raised.state, second, NOW, RULES).outputs == ()
    assert (finding.code, finding.severity, finding.track, finding.item) == (
        *("refusal.shadow", Severity.WARNING, Track.BOTH, 1),
    )
    assert (finding.subject, finding.mrn, finding.licence, finding.entry) == (MRN, MRN, None, None)
    assert (finding.comparisons, finding.summary, finding.raised_at) == (first.comparisons, first.summary, NOW)
    assert (finding.rule, finding.rule_set) == ("refusal.shadow@1", RULES)
    assert {source.message_id for source in finding.sources} == {"accepted-1"}
    assert finding.legal_basis == "Reg. (EU) 2021/821 arts 16(1), 21(2)"


def test_a_finding_rests_on_the_amendments_too() -> None:
    way = Way().told(a_declaration(), OTHER_GOODS)
    [one, *_] = resembling(way)
    [finding] = with_resemblance(way.shipment, one, NOW, RULES).outputs
    assert isinstance(finding, Finding)
    assert [source.message_id for source in finding.sources] == ["accepted-1", "amended"]


def test_a_finding_changes_no_answer_to_customs() -> None:
    way = Way().told(a_declaration(), a_release()).answered()
    [one, *_] = resembling(way)
    after = with_resemblance(way.shipment, one, NOW, RULES).state
    assert (after.verdict, after.licences) == (way.shipment.verdict, way.shipment.licences)


def test_an_amended_licence_is_said_beside_the_refusal() -> None:
    moved = DeclarationAmended(fact_id="moved", mrn=MRN, sources=(a_source("moved"),), amended_at=hours(1))
    way = Way().told(a_declaration(), moved)
    licences = {c.declared for one in resembling(way) for c in one.comparisons if c.what == "licence"}
    assert licences == {LicenceRef(a_document().reference)}
