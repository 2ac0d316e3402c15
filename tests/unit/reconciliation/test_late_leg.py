"""Goods heard of after a leg ended, and accepted before: they are covered, and that the leg is gone is said once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.core.messages import DrawVerdict, LicenceStatus, Phase, Requirements
from services.reconciliation.domain import licence_deadlines
from services.reconciliation.domain.licence_deadlines import next_due
from services.reconciliation.domain.verification import verify
from tests.builders import ACCEPTED_AT, ISSUED, a_demand, a_draw, a_licence, a_line, a_status, an_authorisation, mrn
from tests.ledger_play import Play, recorded


@pytest.fixture(autouse=True)
def legs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of use are waited for too (`test_usage_deadlines`)."""
    monkeypatch.setattr(licence_deadlines, "AWAITED", licence_deadlines.AWAITED[:1])


CHANGED, FEDERAL = "licence.changed-under-shipment", "federal-authorisation.missing"
ONLY_FEDERAL = Requirements(federal_authorisation=True, end_use_certificate=False, state_guarantee=False)
REVOKED_AT = ACCEPTED_AT + timedelta(minutes=1)
REVOKED = an_authorisation(revision=2, statuses=(ISSUED, a_status(LicenceStatus.REVOKED, REVOKED_AT)))
LICENCE = a_licence(requires=ONLY_FEDERAL)
LAPSES = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)


def after(*messages: Any) -> Play:
    """As many minutes pass as a leg takes to be revoked."""
    play = Play(LICENCE, *messages)
    play._minute = 10
    return play


def said(play: Play) -> list[str]:
    assert set(play.codes) <= {CHANGED}
    return [c.licensed for finding in play.findings for c in finding.comparisons]


@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.RELEASED])
def test_goods_accepted_before_a_revocation_that_came_first_are_spoken_of_once(phase: Phase) -> None:
    play = after(an_authorisation(), REVOKED).ask(a_demand(phase=phase))
    assert play.held().verdict is DrawVerdict.COVERED
    assert said(play) == [f"{FEDERAL} at {REVOKED_AT.isoformat()}"]
    rests_on, [entry] = play.findings[0].entry, play.new_entries
    assert rests_on is not None
    assert (rests_on.revision, rests_on.hash) == (entry.revision, entry.hash)
    for later in (Phase.ACCEPTED, Phase.RELEASED):
        assert said(play.phase(mrn(1), later, version=2)) == []
    assert list(verify(recorded(play.entries))) == []


def test_it_is_the_finding_of_goods_that_were_there_already() -> None:
    there = after(an_authorisation(), a_demand()).hand(REVOKED)
    late = after(an_authorisation(), REVOKED).ask(a_demand())
    assert said(there) == said(late) != []


def test_a_lapse_that_was_looked_at_is_said_of_what_comes_later_and_one_to_come_by_its_reminder() -> None:
    play = Play(LICENCE, an_authorisation(), a_demand(mrn=mrn(9)))
    while play.state.reminded is None or play.state.reminded < LAPSES:
        play.wait()
    assert said(play.ask(a_demand())) == [f"{FEDERAL} at {play.state.reminded.isoformat()}"]
    early = Play(LICENCE, an_authorisation(), a_demand())
    assert said(early) == []


def test_a_lapse_that_was_not_looked_at_yet_is_left_to_its_reminder() -> None:
    ends = ACCEPTED_AT + timedelta(minutes=5)
    announced = an_authorisation(revision=2, statuses=(ISSUED, a_status(LicenceStatus.REVOKED, ends)))
    play = after(an_authorisation(), announced)
    assert said(play.ask(a_demand())) == []
    assert said(play.wait()) == [f"{FEDERAL} at {ends.isoformat()}"]


def test_a_lapse_heard_of_when_it_is_past_is_said_with_the_answer_alone() -> None:
    play = after(an_authorisation(valid_to=date(2026, 3, 1)))
    assert said(play.ask(a_demand(accepted_at=ACCEPTED_AT - timedelta(days=1)))) == [
        f"{FEDERAL} at 2026-03-01T23:00:00+00:00"
    ]
    assert next_due(play.state) is None


@pytest.mark.parametrize(
    ("more", "demand"),
    [
        (an_authorisation(ref="FED/2026/10"), a_demand()),
        (an_authorisation(ref="FED/2026/10", valid_from=date(2026, 3, 1)), a_demand()),
        (REVOKED, a_demand(phase=Phase.EXITED, final_exit=True)),
        (REVOKED, a_demand(phase=Phase.INVALIDATED)),
    ],
)
def test_nothing_is_said_where_a_leg_is_live_or_goods_are_not_under_way(more: Any, demand: Any) -> None:
    assert said(after(an_authorisation(), REVOKED, more).ask(demand)) == []


def test_a_revocation_that_is_announced_is_not_said_before_its_time() -> None:
    announced = a_status(LicenceStatus.REVOKED, ACCEPTED_AT + timedelta(days=30))
    play = after(an_authorisation(), an_authorisation(revision=2, statuses=(ISSUED, announced)))
    assert said(play.ask(a_demand())) == []


def test_goods_without_the_leg_at_acceptance_are_refused_for_it_alone() -> None:
    play = after(an_authorisation(), REVOKED).ask(a_demand(accepted_at=REVOKED_AT))
    assert play.codes == [FEDERAL]


def test_what_waited_for_the_licence_is_spoken_of_when_that_comes() -> None:
    play = Play(an_authorisation(), REVOKED, a_demand())
    play._minute = 10
    assert said_of_licence(play.hand(LICENCE)) == [f"{FEDERAL} at {REVOKED_AT.isoformat()}"]


def test_what_gets_an_amount_after_the_leg_ended_is_spoken_of() -> None:
    one = a_licence(a_line(quantity="1"), requires=ONLY_FEDERAL)
    play = Play(one, an_authorisation(), a_demand(), a_demand(mrn=mrn(2)), REVOKED)
    play._minute = 10
    play.phase(mrn(1), Phase.INVALIDATED)
    assert play.held(mrn(2)).verdict is DrawVerdict.COVERED
    assert [(finding.code, finding.mrn) for finding in play.findings] == [(CHANGED, mrn(2))]


def test_another_item_that_comes_later_is_spoken_of_alone() -> None:
    play = after(an_authorisation(), REVOKED).ask(a_demand())
    play.ask(a_demand(a_draw(amount="1.00"), a_draw(amount="1.00", item=2), version=2))
    assert [finding.item for finding in play.findings] == [2]


def said_of_licence(play: Play) -> list[str]:
    return [c.licensed for f in play.findings if f.code == CHANGED for c in f.comparisons]
