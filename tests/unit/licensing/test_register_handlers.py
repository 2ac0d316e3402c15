"""Use cases of the register."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from services.core.errors import Refused
from services.core.messages import (
    Basis,
    Licence,
    LicenceLine,
    LicenceStatus,
    LicenceType,
    Party,
    Refusal,
    Requirements,
    StatusChange,
)
from services.core.values import CountryCode, Currency, Eori, LicenceRef, Unit
from services.licensing.domain.registered import Registered
from services.licensing.handlers import (
    ChangeStatus,
    IssueLicence,
    RecordRefusal,
    change_status,
    issue,
    refuse,
)

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def a_licence(value: str = "250000.00", at: datetime = NOW) -> Licence:
    line = LicenceLine(
        line=1,
        description="isostatic press",
        control_code="2B204",
        basis=Basis.BOTH,
        quantity=Decimal(2),
        unit=Unit("NAR"),
        value=Decimal(value),
        currency=Currency("EUR"),
    )
    return Licence(
        ref=LicenceRef("VL/2026/000123"),
        revision=1,
        type=LicenceType.INDIVIDUAL,
        authority="BE-VLG",
        holder=Party(eori=Eori("BE0314595348")),
        valid_from=date(2026, 1, 15),
        time_zone="Europe/Brussels",
        requires=Requirements(federal_authorisation=False, end_use_certificate=False, state_guarantee=False),
        lines=(line,),
        statuses=(StatusChange(status=LicenceStatus.ISSUED, effective_at=NOW - timedelta(days=30)),),
        changed_at=at,
    )


def a_step(
    status: LicenceStatus = LicenceStatus.SUSPENDED,
    *,
    reason: str | None = "inspection",
    effective_at: datetime | None = NOW,
    expected: frozenset[int] | None = None,
    at: datetime = NOW,
) -> ChangeStatus:
    return ChangeStatus("VL/2026/000123", status, reason, effective_at, expected, at)


def registered() -> Registered:
    return Registered(a_licence(), a_licence())


def test_a_new_licence_is_published_as_it_is() -> None:
    decision = issue(None, IssueLicence(a_licence()))
    assert decision.outputs == (a_licence(),)
    assert decision.state == registered()


def test_the_same_terms_later_and_in_other_decimals_are_a_repeat() -> None:
    again = replace(a_licence("250000.0"), changed_at=NOW + timedelta(days=1), time_zone="Europe/Paris", statuses=())
    decision = issue(registered(), IssueLicence(again))
    assert decision.outputs == ()
    assert decision.state == registered()


def test_the_same_terms_are_a_repeat_after_the_licence_has_moved_on() -> None:
    moved = change_status(registered(), a_step()).state
    assert issue(moved, IssueLicence(a_licence())).state.current.revision == 2


def test_other_terms_under_the_same_reference_conflict() -> None:
    with pytest.raises(Refused) as refused:
        issue(registered(), IssueLicence(a_licence("250000.01")))
    assert refused.value.status == 409
    assert [(f.path, f.code) for f in refused.value.faults] == [("/ref", "ref-taken")]


def test_a_step_makes_the_next_revision_and_keeps_the_history() -> None:
    decision = change_status(registered(), a_step())
    (licence,) = decision.outputs
    assert isinstance(licence, Licence)
    assert (licence.revision, licence.changed_at) == (2, NOW)
    assert [s.status for s in licence.statuses] == ["ISSUED", "SUSPENDED"]
    assert decision.state.issued == a_licence()


def test_a_step_asked_twice_is_a_repeat_even_when_its_revision_is_outdated() -> None:
    once = change_status(registered(), a_step(expected=frozenset({1})))
    twice = change_status(once.state, a_step(expected=frozenset({1})))
    assert twice.outputs == ()
    assert twice.state == once.state


def test_a_step_without_a_time_takes_effect_at_once_and_repeats_only_as_the_latest() -> None:
    once = change_status(registered(), a_step(effective_at=None)).state
    assert once.current.statuses[-1].effective_at == NOW
    later = a_step(effective_at=None, at=NOW + timedelta(hours=1))
    assert change_status(once, later).outputs == ()
    lifted = change_status(once, a_step(LicenceStatus.REINSTATED, effective_at=None, at=NOW + timedelta(hours=2))).state
    again = change_status(lifted, a_step(effective_at=None, at=NOW + timedelta(hours=3)))
    assert [s.status for s in again.state.current.statuses] == ["ISSUED", "SUSPENDED", "REINSTATED", "SUSPENDED"]


def test_who_knows_an_older_revision_only_is_told() -> None:
    moved = change_status(registered(), a_step()).state
    with pytest.raises(Refused) as refused:
        change_status(moved, a_step(LicenceStatus.REVOKED, expected=frozenset({1})))
    assert refused.value.status == 412


def test_an_illegal_step_conflicts_and_an_unknown_licence_is_not_found() -> None:
    with pytest.raises(Refused) as conflict:
        change_status(registered(), a_step(LicenceStatus.REINSTATED))
    with pytest.raises(Refused) as unknown:
        change_status(None, a_step())
    assert (conflict.value.status, unknown.value.status) == (409, 404)


def test_recorded_times_never_run_backwards() -> None:
    moved = change_status(registered(), a_step(at=NOW + timedelta(seconds=5))).state
    behind = change_status(moved, a_step(LicenceStatus.REVOKED, effective_at=NOW, at=NOW - timedelta(seconds=5)))
    assert behind.state.current.changed_at == NOW + timedelta(seconds=5)


def test_a_refusal_is_recorded_once() -> None:
    refusal = Refusal(
        ref="REF/2026/17",
        revision=1,
        authority="BE-VLG",
        decided_at=date(2026, 2, 10),
        applicant=Party(eori=Eori("BE0314595348")),
        destination=CountryCode("IN"),
        changed_at=NOW,
    )
    assert refuse(None, RecordRefusal(refusal)).outputs == (refusal,)
    assert refuse(refusal, RecordRefusal(replace(refusal, changed_at=NOW + timedelta(days=1)))).outputs == ()
    with pytest.raises(Refused):
        refuse(refusal, RecordRefusal(replace(refusal, destination=CountryCode("PK"))))
