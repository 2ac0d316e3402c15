"""Forms of declaration: when each is accepted, what it asks, and at which moment it is judged."""

from dataclasses import replace

import pytest

from services.core.messages import DeclarationForm, Phase, Stage, VerdictKind
from services.core.values import Mrn
from tests.builders import ACCEPTED_AT
from tests.builders_customs import (
    MRN,
    a_declaration,
    a_document,
    a_presentation,
    a_release,
    an_arrival,
    an_exit,
    an_exit_release,
    an_item,
    hours,
)
from tests.builders_shipments import Way

OTHER = Mrn("26BE343000000002A6")
INVOICE = a_document("F-1", document_type="N380", quantity=None, amount=None)


def test_a_pre_lodged_declaration_asks_early_and_is_accepted_when_its_goods_are_presented() -> None:
    way = Way().told(a_declaration(pre_lodged=True))
    lodged = way.latest_demand()
    assert (lodged.phase, lodged.pre_lodged, way.verdict().stage) == (Phase.ACCEPTED, True, Stage.LODGED)
    way = way.told(a_presentation(after_h=30))
    accepted = way.latest_demand()
    assert (accepted.pre_lodged, accepted.accepted_at, accepted.revision) == (False, hours(30), 2)
    assert (way.verdict().stage, [s.message_id for s in accepted.sources]) == (
        Stage.ACCEPTED,
        ["presented", "accepted-1"],
    )


def test_a_whole_version_that_is_not_pre_lodged_accepts_a_pre_lodged_declaration() -> None:
    way = Way().told(a_declaration(pre_lodged=True), a_declaration(version=2, accepted_at=hours(5)))
    assert (way.latest_demand().accepted_at, way.latest_demand().pre_lodged) == (hours(5), False)


def test_the_first_presentation_counts() -> None:
    way = Way().told(a_declaration(pre_lodged=True), a_presentation(after_h=9, fact_id="again"), a_presentation())
    assert way.latest_demand().accepted_at == hours(1)


def test_a_presentation_moves_the_acceptance_of_no_other_declaration() -> None:
    way = Way().told(a_declaration(), a_presentation(after_h=9))
    assert (way.latest_demand().accepted_at, way.latest_demand().revision) == (ACCEPTED_AT, 1)


def test_a_release_of_goods_whose_presentation_is_missing_consumes() -> None:
    demand = Way().told(a_declaration(pre_lodged=True), a_release()).latest_demand()
    assert (demand.phase, demand.pre_lodged) == (Phase.RELEASED, False)


def test_a_retrospective_declaration_is_judged_at_the_real_exit() -> None:
    declared = a_declaration(form=DeclarationForm.RETROSPECTIVE)
    assert Way().told(declared).latest_demand().judged_at is None
    demand = Way().told(declared, an_exit(after_h=-70)).latest_demand()
    assert (demand.judged_at, demand.accepted_at) == (hours(-70), ACCEPTED_AT)
    assert Way().told(a_declaration(), an_exit(after_h=-70)).latest_demand().judged_at is None


def test_a_re_export_notification_consumes_when_the_office_of_exit_releases() -> None:
    declared = a_declaration(form=DeclarationForm.RE_EXPORT_NOTIFICATION)
    way = Way().told(declared, an_arrival(after_h=3))
    assert way.latest_demand().phase is Phase.ACCEPTED
    way = way.told(an_exit_release(after_h=5))
    assert (way.latest_demand().phase, way.latest_demand().occurred_at) == (Phase.RELEASED, hours(5))
    assert way.told(an_exit()).finding_codes() == []


def test_a_supplementary_declaration_asks_for_released_goods_and_says_what_it_completes() -> None:
    form = DeclarationForm.SUPPLEMENTARY
    way = Way().told(a_declaration(form=form, completes=(OTHER, Mrn(MRN), OTHER)))
    demand = way.latest_demand()
    assert (demand.phase, demand.completes, way.verdict().stage) == (Phase.RELEASED, (OTHER,), Stage.ACCEPTED)


def test_only_a_supplementary_declaration_that_draws_on_a_licence_completes_there() -> None:
    way = Way().told(a_declaration(completes=(OTHER,)))
    assert way.latest_demand().completes == ()
    form = DeclarationForm.SUPPLEMENTARY
    dropped = Way().told(
        a_declaration(form=form, completes=(OTHER,)),
        a_declaration(an_item(a_document("L2")), form=form, completes=(OTHER,), version=2),
    )
    assert [(d.licence, d.completes) for d in dropped.latest_demands()] == [("L2", (OTHER,)), ("VL/2026/000123", ())]


@pytest.mark.parametrize("final", [False, True])
def test_a_split_departure_has_exited_only_with_its_last_part(*, final: bool) -> None:
    way = Way().told(a_declaration(), a_release(), an_exit(final=final))
    assert way.verdict().phase is Phase.EXITED
    assert way.verdict().stage is (Stage.EXITED if final else Stage.PARTLY_EXITED)
    assert way.latest_demand().final_exit is final


def test_a_late_lower_version_is_kept_and_changes_nothing_it_states() -> None:
    second = a_declaration(an_item(a_document(quantity="2")), version=2, amended_at=hours(1))
    way = Way().told(second)
    late = way.told(a_declaration())
    assert late.latest_demand().draws == way.latest_demand().draws
    assert (late.verdict().version, len(late.shipment.declarations)) == (2, 2)


@pytest.mark.parametrize(
    "procedure", ["10", "11", "21", "22", "23", "31", "T1", "T2", "T2F", "T2SM", "T", "TIR", "76", "95"]
)
def test_goods_are_controlled_when_they_cite_a_licence_whatever_their_procedure(procedure: str) -> None:
    citing, bare = (replace(an_item(*documents), procedure=procedure) for documents in ((a_document(),), (INVOICE,)))
    asking = Way().told(a_declaration(citing))
    assert (asking.verdict().verdict, asking.latest_demand().draws[0].procedure) == (VerdictKind.PENDING, procedure)
    silent = Way().told(a_declaration(bare))
    assert (silent.verdict().verdict, silent.latest_demands()) == (VerdictKind.NOT_CONTROLLED, ())
