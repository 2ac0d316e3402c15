"""Findings of the same licence, code and shipment are one alert."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.domain.alert import Case, alert_id
from services.alerting.handlers import raise_alert
from services.core.errors import Rejected
from services.core.message import Message
from services.core.messages import Alert, AlertState, Finding, Severity, Track
from services.core.values import LicenceRef
from tests.builders_alerting import AT, a_finding


def after(*findings: Finding) -> Alert:
    case = Case()
    for finding in findings:
        case = raise_alert(case, finding, AT).state
    assert case.alert is not None
    return case.alert


def test_the_first_finding_opens_an_alert() -> None:
    decision = raise_alert(Case(), a_finding(), AT)
    (alert,) = decision.outputs
    assert isinstance(alert, Alert)
    assert (alert.revision, alert.count, alert.state) == (1, 1, AlertState.OPEN)
    assert alert.findings == ("f1",)
    assert (alert.raised_at, alert.updated_at) == (AT, AT)
    assert decision.state.alert == alert


def test_a_second_finding_joins_it_with_the_highest_severity_and_the_latest_words() -> None:
    alert = after(a_finding("f1", Severity.CRITICAL), a_finding("f2", Severity.INFO, minutes=5))
    assert (alert.revision, alert.count, alert.severity) == (2, 2, Severity.CRITICAL)
    assert alert.summary == "summary of f2"
    assert (alert.raised_at, alert.updated_at) == (AT, AT + timedelta(minutes=5))


def test_findings_of_both_tracks_concern_both() -> None:
    criminal = replace(a_finding("f2"), track=Track.CRIMINAL)
    assert after(a_finding(), criminal).track is Track.BOTH


def test_the_earliest_answer_due_stands() -> None:
    soon, late = AT + timedelta(days=1), AT + timedelta(days=9)
    findings = [replace(a_finding(f"f{n}"), respond_by=due) for n, due in enumerate([late, None, soon])]
    assert after(*findings).respond_by == soon
    assert after(findings[1]).respond_by is None


def test_a_finding_that_is_there_already_leaves_the_very_same_state() -> None:
    case = raise_alert(Case(), a_finding(), AT).state
    again = raise_alert(case, a_finding(), AT)
    assert again.outputs == ()
    assert again.state is case


def test_a_closed_alert_opens_again_and_an_acknowledged_one_stays_so() -> None:
    for state, expected in [(AlertState.CLOSED, AlertState.OPEN), (AlertState.ACKNOWLEDGED, AlertState.ACKNOWLEDGED)]:
        case = Case(replace(after(a_finding()), state=state))
        joined = raise_alert(case, a_finding("f2"), AT).state.alert
        assert joined is not None
        assert joined.state is expected


def test_licence_code_and_shipment_tell_alerts_apart_and_nothing_else_does() -> None:
    finding = a_finding()
    assert alert_id(finding) == alert_id(replace(finding, id="f2", item=3, line=2, summary="other"))
    others = [
        replace(finding, licence=LicenceRef("VL/2026/000124")),
        replace(finding, licence=None),
        replace(finding, code="value.overrun"),
        replace(finding, mrn=None),
    ]
    assert len({alert_id(f) for f in [finding, *others]}) == 5


def test_a_finding_under_a_foreign_key_is_a_dead_letter() -> None:
    with pytest.raises(Rejected, match="subject"):
        raise_alert(Case(), replace(a_finding(), subject="VL/2026/000123"), AT)


def test_a_finding_about_a_licence_alone_is_keyed_by_it() -> None:
    finding = replace(a_finding(), mrn=None, subject="VL/2026/000123")
    assert raise_alert(Case(), finding, AT).outputs


@given(st.lists(st.integers(0, 6), max_size=20))
def test_repeats_in_any_order_give_one_revision_per_finding(names: list[int]) -> None:
    case = Case()
    outputs: list[Message] = []
    for name in names:
        decision = raise_alert(case, a_finding(f"f{name}"), AT)
        case = decision.state
        outputs += decision.outputs
    distinct = list(dict.fromkeys(f"f{name}" for name in names))
    assert [o.revision for o in outputs if isinstance(o, Alert)] == list(range(1, len(distinct) + 1))
    assert ([] if case.alert is None else list(case.alert.findings)) == distinct
    assert [s.alert.revision for s in case.steps] == list(range(1, len(distinct) + 1))
