"""What a shipment waits for: raised once its time has passed, never before, and not at all when it came in between."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.facts import Fact
from services.core.messages import (
    DeclarationForm,
    ExitReleased,
    ExitResult,
    Finding,
    GoodsExited,
    ReleaseOverridden,
    Severity,
    Shipment,
)
from services.reconciliation.domain.deadlines import GRACE, LEAD, RULES, next_due
from services.reconciliation.handlers.shipments import record_reminder, reminder
from tests.builders import ACCEPTED_AT
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
    an_item,
)
from tests.builders_shipments import Way

DAY = timedelta(days=1)
UNCONTROLLED = a_declaration(an_item())
RELEASE = a_release()
RELEASED_AT = RELEASE.released_at


def after(shipment: Shipment, now: datetime, *, lead: float = LEAD) -> tuple[Shipment, list[Finding]]:
    """What time alone does to a shipment: reminders as the runtime gives them, each when it is due, up to `now`."""
    raised: list[Finding] = []
    while (due := next_due(shipment, lead)) is not None and due <= now:
        decision = record_reminder(shipment, reminder(MRN, due), due, lead=lead)
        raised += [output for output in decision.outputs if isinstance(output, Finding)]
        later = next_due(decision.state, lead)
        assert later is None or later > due, "a reminder leads to a later one, or to none"
        shipment = decision.state
    return shipment, raised


def codes_at(now: datetime, *facts: Fact) -> list[str]:
    return [finding.code for finding in after(Way().told(*facts).shipment, now)[1]]


@pytest.mark.parametrize(
    ("code", "facts", "due"),
    [
        ("shipment.incomplete", [RELEASE], ACCEPTED_AT + GRACE),
        ("exit.without-release", [UNCONTROLLED, an_exit()], ACCEPTED_AT + GRACE),
        ("exit.overdue-90", [UNCONTROLLED, RELEASE], RELEASED_AT + 90 * DAY),
        ("shipment.unanswered", [a_declaration()], ACCEPTED_AT + timedelta(hours=2) * (1 - LEAD)),
    ],
)
def test_what_was_awaited_in_vain_is_raised_when_its_time_has_passed(
    code: str, facts: Sequence[Fact], due: datetime
) -> None:
    shipment = Way().told(*facts).shipment
    moment = timedelta(microseconds=1)
    assert next_due(shipment) == pytest.approx(due, abs=moment)
    assert after(shipment, due - 2 * moment)[1] == []
    later, (finding,) = after(shipment, due + moment)
    assert (finding.code, finding.subject, finding.raised_at) == (code, MRN, next_due(shipment))
    assert finding.id in later.findings
    assert finding.sources == tuple(source for fact in facts[-1:] for source in fact.sources)
    assert after(later, due + moment)[1] == []


def test_without_exit_an_enquiry_begins_and_then_the_declaration_may_be_invalidated() -> None:
    shipment, (first,) = after(Way().told(UNCONTROLLED, RELEASE).shipment, RELEASED_AT + 100 * DAY)
    assert (first.code, first.severity, first.respond_by) == (
        "exit.overdue-90",
        Severity.WARNING,
        RELEASED_AT + 150 * DAY,
    )
    assert next_due(shipment) == RELEASED_AT + 150 * DAY
    shipment, (second,) = after(shipment, RELEASED_AT + 150 * DAY)
    assert (second.code, second.severity, second.legal_basis) == (
        "exit.overdue-150",
        Severity.CRITICAL,
        "Del. Reg. (EU) 2015/2446 art. 248(2)",
    )
    assert next_due(shipment) is None


ENDINGS: Mapping[str, Fact] = {
    "final exit": an_exit(),
    "invalidation": an_invalidation(),
    "release refused after all": a_refusal(after_h=3),
}
NO_ENDINGS: Mapping[str, Fact] = {
    "part of the goods left": an_exit(final=False),
    "goods that did not leave": an_exit(result=ExitResult.B1),
    "amendment": an_amendment(),
}


@pytest.mark.parametrize("fact", ENDINGS.values(), ids=ENDINGS)
def test_what_ends_the_wait_for_an_exit(fact: Fact) -> None:
    assert codes_at(RELEASED_AT + 200 * DAY, UNCONTROLLED, RELEASE, fact) == []


@pytest.mark.parametrize("fact", NO_ENDINGS.values(), ids=NO_ENDINGS)
def test_what_does_not_end_it(fact: Fact) -> None:
    assert codes_at(RELEASED_AT + 200 * DAY, UNCONTROLLED, RELEASE, fact) == ["exit.overdue-90", "exit.overdue-150"]


@pytest.mark.parametrize(
    "form",
    [
        DeclarationForm.RETROSPECTIVE,
        DeclarationForm.SUPPLEMENTARY,
        DeclarationForm.RE_EXPORT_NOTIFICATION,
        DeclarationForm.TRANSIT,
    ],
)
def test_where_no_release_or_exit_is_to_come_none_is_awaited(form: DeclarationForm) -> None:
    declared = replace(UNCONTROLLED, form=form)
    assert codes_at(RELEASED_AT + 200 * DAY, declared, RELEASE) == []
    assert codes_at(RELEASED_AT + 200 * DAY, declared, an_exit()) == []


def test_a_release_by_the_office_of_exit_is_one() -> None:
    exit_release = ExitReleased(
        fact_id="exit-released", mrn=MRN, sources=(a_source("exit-released"),), released_at=RELEASED_AT
    )
    assert codes_at(RELEASED_AT + 200 * DAY, UNCONTROLLED, exit_release, an_exit()) == []
    assert codes_at(RELEASED_AT + 90 * DAY, UNCONTROLLED, exit_release) == ["exit.overdue-90"]


def test_goods_that_were_written_off_on_paper_were_released() -> None:
    written = replace(UNCONTROLLED, form=DeclarationForm.PAPER)
    assert codes_at(ACCEPTED_AT + 2 * DAY, written, an_exit()) == []


def test_an_override_is_not_waited_past_and_an_amendment_after_it_is() -> None:
    overridden = ReleaseOverridden(
        fact_id="overridden",
        mrn=MRN,
        sources=(a_source("overridden"),),
        decided_at=ACCEPTED_AT,
        officer="BE343000-417",
        reason="by telephone",
    )
    assert codes_at(ACCEPTED_AT + DAY, a_declaration(), overridden) == []
    source = replace(a_source("v2"), received_at=ACCEPTED_AT + DAY)
    amended = replace(a_declaration(version=2), sources=(source,))
    assert codes_at(ACCEPTED_AT + 2 * DAY, a_declaration(), overridden, amended) == ["shipment.unanswered"]


def test_a_release_that_is_received_late_leaves_its_exit_a_day_to_come() -> None:
    received_at = RELEASED_AT + 120 * DAY
    late = replace(RELEASE, sources=(replace(a_source("late"), received_at=received_at),))
    shipment = Way().told(UNCONTROLLED, late).shipment
    assert next_due(shipment) == received_at + GRACE
    assert after(Way(shipment).told(an_exit()).shipment, received_at + 2 * GRACE)[1] == []
    assert [f.code for f in after(shipment, received_at + GRACE)[1]] == ["exit.overdue-90"]


@pytest.mark.parametrize("fact", [a_refusal(), RELEASE, an_invalidation()], ids=["refused", "released", "invalidated"])
def test_a_decision_on_the_release_ends_the_wait_for_one(fact: Fact) -> None:
    assert "exit.without-release" not in codes_at(ACCEPTED_AT + 2 * DAY, UNCONTROLLED, an_exit(), fact)


def test_facts_without_their_declaration_are_raised_once_however_many_follow() -> None:
    shipment, (finding,) = after(Way().told(RELEASE, an_exit()).shipment, ACCEPTED_AT + DAY)
    assert {source.message_id for source in finding.sources} == {"released", "exited"}
    assert after(Way(shipment).told(a_refusal()).shipment, ACCEPTED_AT + 99 * DAY)[1] == []


def test_an_answer_ends_the_wait_for_it_and_an_amendment_begins_another() -> None:
    way = Way().told(a_declaration())
    assert next_due(way.shipment) is not None
    assert next_due(way.answered().shipment) is None
    received_at = ACCEPTED_AT + 3 * DAY
    amended = replace(a_declaration(version=2), sources=(replace(a_source("v2"), received_at=received_at),))
    again = way.answered().told(amended)
    assert again.verdict().respond_by == received_at + timedelta(hours=2)
    (finding,) = after(again.shipment, received_at + timedelta(hours=2))[1]
    assert finding.respond_by == received_at + timedelta(hours=2)
    assert finding.raised_at < finding.respond_by


def test_a_wait_that_begins_again_with_the_same_end_is_raised_once() -> None:
    way = Way().told(a_declaration(version=2))
    due = next_due(way.shipment)
    answered = way.answered()
    assert next_due(answered.shipment) is None
    lower = a_declaration(an_item(a_document("VL/2026/000999")), version=1)
    again = answered.told(lower).shipment
    assert next_due(again) == due
    shipment, (finding,) = after(again, ACCEPTED_AT + DAY)
    assert finding.raised_at == due
    assert record_reminder(shipment, reminder(MRN, finding.raised_at), finding.raised_at).outputs == ()


def test_nobody_waits_for_an_answer_once_customs_has_decided() -> None:
    way = Way().told(a_declaration(), RELEASE)
    assert "shipment.unanswered" not in [f.code for f in after(way.shipment, ACCEPTED_AT + DAY)[1]]


def test_how_early_it_is_raised_can_be_chosen() -> None:
    shipment = Way().told(a_declaration()).shipment
    assert next_due(shipment, 0.5) == ACCEPTED_AT + timedelta(hours=1)
    (finding,) = after(shipment, ACCEPTED_AT + timedelta(hours=1), lead=0.5)[1]
    assert finding.code == "shipment.unanswered"


def test_a_reminder_that_no_longer_applies_changes_nothing() -> None:
    shipment = Way().told(UNCONTROLLED, RELEASE, an_exit()).shipment
    decision = record_reminder(shipment, reminder(MRN, RELEASED_AT + 90 * DAY), RELEASED_AT)
    assert (decision.state, decision.outputs) == (shipment, ())
    assert record_reminder(Shipment(mrn=MRN), reminder(MRN, RELEASED_AT), RELEASED_AT).outputs == ()


LIFE: list[Fact] = [UNCONTROLLED, RELEASE, an_exit(final=False), an_amendment()]


def test_the_order_of_arrival_decides_nothing() -> None:
    raised = {
        tuple(sorted(f.id for f in after(Way().told(*facts).shipment, RELEASED_AT + 200 * DAY)[1]))
        for facts in permutations(LIFE)
    }
    assert len(raised) == 1


FACTS: tuple[Fact, ...] = (
    UNCONTROLLED,
    a_declaration(version=2),
    RELEASE,
    a_refusal(after_h=3),
    an_invalidation(),
    an_exit(final=False, fact_id="part"),
    an_exit(),
    an_exit(fact_id="not left", result=ExitResult.B1),
)


@given(st.lists(st.sampled_from(FACTS), unique_by=lambda fact: fact.fact_id), st.integers(0, 7))
def test_time_raises_each_code_once_and_a_repeat_of_it_nothing(facts: list[Fact], places: int) -> None:
    """However facts and time are mixed: what is raised last does not depend on when it was looked at before."""
    shipment, raised = Way().told(*facts[:places]).shipment, []
    shipment, first = after(shipment, RELEASED_AT + 91 * DAY)
    raised += first
    shipment, second = after(Way(shipment).told(*facts[places:]).shipment, RELEASED_AT + 200 * DAY)
    raised += second
    assert len({f.id for f in raised}) == len(raised)
    assert {f.code for f in raised} <= RULES.keys()
    assert next_due(shipment) is None
    for finding in raised:
        again = record_reminder(shipment, reminder(MRN, finding.raised_at), finding.raised_at)
        assert again.outputs == ()
    exited = [f for f in facts if isinstance(f, GoodsExited) and f.final and f.result is not ExitResult.B1]
    if exited and set(exited) <= set(facts[:places]):
        assert not {f.code for f in raised} & {"exit.overdue-90", "exit.overdue-150"}
