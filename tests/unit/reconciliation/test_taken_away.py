"""A licence, or a leg beside it, that its authority takes away from a day on: said once of goods under way then."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.core.messages import AuthorisationKind, DrawVerdict, LicenceStatus, Phase, Requirements
from services.reconciliation.domain import licence_deadlines
from services.reconciliation.domain.ledger import from_record, to_record
from services.reconciliation.domain.licence_deadlines import next_due
from services.reconciliation.domain.verification import verify
from services.reconciliation.handlers.ledger import licence_reminder
from tests.builders import ACCEPTED_AT, ISSUED, REF, a_demand, a_licence, a_line, a_status, an_authorisation, later, mrn
from tests.ledger_play import Play, recorded

CHANGED = "licence.changed-under-shipment"
NOT_VALID, FEDERAL = "licence.not-valid", "federal-authorisation.missing"
CERTIFICATE = "end-use-certificate.missing"
ONLY_FEDERAL = Requirements(federal_authorisation=True, end_use_certificate=False, state_guarantee=False)
BOTH = Requirements(federal_authorisation=True, end_use_certificate=True, state_guarantee=False)
DAY = datetime(2026, 4, 1, tzinfo=UTC)
REVOKED = LicenceStatus.REVOKED


@pytest.fixture(autouse=True)
def legs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of use are waited for too (`test_usage_deadlines`)."""
    monkeypatch.setattr(licence_deadlines, "AWAITED", licence_deadlines.AWAITED[:1])


def steps(*more: Any) -> Any:
    return {"statuses": (ISSUED, *more)}


def plenty(**changes: Any) -> Any:
    return a_licence(a_line(quantity="9", value="900000.00"), **changes)


def said(play: Play) -> list[tuple[Any, str]]:
    """Of which shipments it was said last, and what they lack."""
    found = [(f.mrn, c.licensed) for f in play.findings if f.code == CHANGED for c in f.comparisons]
    assert list(verify(recorded(play.entries))) == []
    assert from_record(to_record(play.state)) == play.state
    return found


@pytest.mark.parametrize("status", [LicenceStatus.SUSPENDED, REVOKED, LicenceStatus.ANNULLED])
@pytest.mark.parametrize("what", ["licence", "leg"])
def test_what_is_announced_is_said_on_its_day_of_all_that_are_under_way_then(what: str, status: LicenceStatus) -> None:
    play = Play(plenty(requires=ONLY_FEDERAL), an_authorisation(), a_demand())
    ends = steps(a_status(status, DAY))
    play = play.change(**ends) if what == "licence" else play.hand(an_authorisation(revision=2, **ends))
    assert said(play) == []
    between = a_demand(mrn=mrn(2), accepted_at=DAY - timedelta(hours=1))
    assert said(play.ask(between).ask(a_demand(mrn=mrn(3), phase=Phase.RELEASED))) == []
    play.ask(a_demand(mrn=mrn(4), phase=Phase.EXITED, final_exit=True)).ask(a_demand(mrn=mrn(5), accepted_at=DAY))
    assert play.held(mrn(5)).verdict is DrawVerdict.REFUSED
    assert next_due(play.state) == DAY
    code = NOT_VALID if what == "licence" else FEDERAL
    assert said(play.wait()) == [(mrn(number), f"{code} at {DAY.isoformat()}") for number in (1, 2, 3)]
    assert play.held(mrn(2)).verdict is DrawVerdict.COVERED
    state = play.state
    assert (play.hand(licence_reminder(REF, DAY)).outputs, play.state) == ((), state)


def test_what_is_taken_back_before_its_day_is_never_said() -> None:
    play = Play(plenty(), a_demand()).change(**steps(a_status(REVOKED, DAY)))
    assert next_due(play.state) == DAY
    assert next_due(play.change(**steps()).state) is None


@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.RELEASED])
def test_a_licence_that_is_suspended_at_once_is_said_at_once_and_once(phase: Phase) -> None:
    play = Play(plenty(), a_demand()).phase(mrn(1), phase)
    suspended = steps(a_status(LicenceStatus.SUSPENDED, later(1)))
    play.change(**suspended)
    assert said(play) == [(mrn(1), f"{NOT_VALID} at {later(1).isoformat()}")]
    assert (play.held().verdict, play.covers) == (DrawVerdict.COVERED, [])
    assert next_due(play.state) is None
    assert said(play.change(authority="BE-BRU")) == []
    assert said(play.ask(a_demand(mrn=mrn(2)))) == [(mrn(2), f"{NOT_VALID} at {later(1).isoformat()}")], "heard later"
    assert said(play.phase(mrn(2), Phase.RELEASED)) == []


@pytest.mark.parametrize("status", [LicenceStatus.EXPIRED, LicenceStatus.SURRENDERED, LicenceStatus.EXHAUSTED])
def test_a_licence_that_is_used_up_or_over_takes_nothing_from_what_was_accepted_before(status: LicenceStatus) -> None:
    play = Play(plenty(), a_demand()).change(**steps(a_status(status, later(1))))
    assert said(play) == []
    assert next_due(play.change(**steps(a_status(status, DAY))).state) is None


@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.RELEASED])
def test_one_taken_away_from_before_acceptance_is_said_once_as_an_answer_that_changed(phase: Phase) -> None:
    play = Play(plenty(), a_demand()).phase(mrn(1), phase)
    play.change(**steps(a_status(REVOKED, ACCEPTED_AT - timedelta(days=1))))
    assert said(play) == [(mrn(1), f"refused: {NOT_VALID}")]
    assert next_due(play.state) is None


def test_goods_that_waited_for_a_licence_which_comes_revoked_are_spoken_of_once() -> None:
    play = Play(a_demand()).hand(plenty(**steps(a_status(REVOKED, later(1)))))
    assert play.held().verdict is DrawVerdict.COVERED
    assert said(play) == [(mrn(1), f"{NOT_VALID} at {later(1).isoformat()}")]
    assert next_due(play.state) is None


def test_a_last_day_that_is_moved_into_the_past_gives_one_finding() -> None:
    accepted = ACCEPTED_AT - timedelta(days=3)
    play = Play(plenty(requires=ONLY_FEDERAL), an_authorisation(), a_demand(accepted_at=accepted))
    play.hand(an_authorisation(revision=2, valid_to=date(2026, 2, 28), changed_at=later(1)))
    assert said(play) == [(mrn(1), f"{FEDERAL} at {later(1).isoformat()}")]
    assert next_due(play.state) is None


def test_legs_that_end_together_are_named_together() -> None:
    certificate = an_authorisation(kind=AuthorisationKind.END_USE_CERTIFICATE, ref="EUC/77")
    play = Play(plenty(requires=BOTH), an_authorisation(), certificate, a_demand()).wait()
    assert [what for _, what in said(play)] == [f"{FEDERAL}, {CERTIFICATE} at 2026-12-31T23:00:00+00:00"]


def ended(**changes: Any) -> Play:
    """Goods that were refused when the leg ended, by what `changes` of the licence says."""
    play = Play(plenty(requires=ONLY_FEDERAL, **changes), an_authorisation(), a_demand())
    assert play.held().verdict is DrawVerdict.REFUSED
    revoked = an_authorisation(revision=2, **steps(a_status(REVOKED, later(1))))
    assert said(play.hand(revoked)) == []
    return play


def test_goods_that_a_revision_covers_after_a_leg_ended_are_spoken_of() -> None:
    play = ended(destinations=("JP",)).change(destinations=())
    assert play.held().verdict is DrawVerdict.COVERED
    assert said(play) == [(mrn(1), f"{FEDERAL} at {later(1).isoformat()}")]
    assert said(play.change(authority="BE-BRU")) == []


def test_goods_that_another_leg_covers_after_one_ended_are_spoken_of() -> None:
    play = Play(plenty(requires=BOTH), an_authorisation(), a_demand())
    play.hand(an_authorisation(revision=2, **steps(a_status(REVOKED, later(1)))))
    play.hand(an_authorisation(kind=AuthorisationKind.END_USE_CERTIFICATE, ref="EUC/77"))
    assert play.held().verdict is DrawVerdict.COVERED
    assert said(play) == [(mrn(1), f"{FEDERAL} at {later(1).isoformat()}")]


def test_a_leg_that_ends_after_another_did_is_said_too() -> None:
    certificate = an_authorisation(kind=AuthorisationKind.END_USE_CERTIFICATE, ref="EUC/77")
    play = Play(plenty(requires=BOTH), an_authorisation(), certificate, a_demand())
    play.hand(an_authorisation(revision=2, **steps(a_status(REVOKED, later(1)))))
    more = an_authorisation(kind=certificate.kind, ref="EUC/77", revision=2, **steps(a_status(REVOKED, later(2))))
    assert said(play.hand(more)) == [(mrn(1), f"{CERTIFICATE} at {later(2).isoformat()}")]
