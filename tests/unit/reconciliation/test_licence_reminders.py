"""What a licence waits for: a leg that ends by its date alone while goods are under way."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.core.messages import AuthorisationKind, EntryCause, EntryOrigin, LicenceStatus, Phase, Requirements
from services.reconciliation.domain import licence_deadlines
from services.reconciliation.domain.awaited import Awaited, Wait
from services.reconciliation.domain.case import Failure, Mismatch
from services.reconciliation.domain.ledger import LicenceLedger, from_record, to_record
from services.reconciliation.domain.licence_deadlines import next_due
from services.reconciliation.domain.verification import verify
from services.reconciliation.handlers.ledger import licence_reminder
from tests.builders import ISSUED, REF, a_demand, a_licence, a_status, an_authorisation, mrn
from tests.ledger_play import Play, recorded

FEDERAL, CERTIFICATE = "federal-authorisation.missing", "end-use-certificate.missing"
CHANGED = "licence.changed-under-shipment"
ONLY_FEDERAL = Requirements(federal_authorisation=True, end_use_certificate=False, state_guarantee=False)
BOTH = Requirements(federal_authorisation=True, end_use_certificate=True, state_guarantee=False)
LAPSES = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
"""The end of the year in Brussels."""


@pytest.fixture(autouse=True)
def legs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of use are waited for too (`test_usage_deadlines`)."""
    monkeypatch.setattr(licence_deadlines, "AWAITED", licence_deadlines.AWAITED[:1])


def under_way(*more: Any, requires: Requirements = ONLY_FEDERAL, **changes: Any) -> Play:
    return Play(a_licence(requires=requires), an_authorisation(**changes), *more, a_demand())


def certificate(**changes: Any) -> Any:
    return an_authorisation(**{"kind": AuthorisationKind.END_USE_CERTIFICATE, "ref": "EUC/77"} | changes)


def lost(play: Play) -> list[str]:
    assert set(play.codes) <= {CHANGED}
    return [c.licensed for f in play.findings for c in f.comparisons]


@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.RELEASED])
def test_a_leg_that_ends_by_its_date_is_said_once_for_goods_under_way(phase: Phase) -> None:
    play = under_way()
    if phase is Phase.RELEASED:
        play.phase(mrn(1), phase)
    assert next_due(play.state) == LAPSES
    held, columns = play.held(), play.quantity()
    play.wait()
    assert lost(play) == [f"{FEDERAL} at {LAPSES.isoformat()}"]
    assert (play.held(), play.quantity(), play.covers) == (held, columns, [])
    [entry] = play.new_entries
    assert (entry.cause, entry.origin, entry.recorded_at) == (EntryCause.LICENCE, EntryOrigin.REMINDER, LAPSES)
    assert play.findings[0].raised_at == LAPSES
    assert next_due(play.state) is None
    assert list(verify(recorded(play.entries))) == []
    assert from_record(to_record(play.state)) == play.state


@pytest.mark.parametrize("after", [timedelta(), timedelta(days=-1)])
def test_a_repeat_and_one_overtaken_change_nothing(after: timedelta) -> None:
    play = under_way().wait()
    state = play.state
    play.hand(licence_reminder(REF, LAPSES + after))
    assert (play.outputs, play.state) == ((), state)


def test_one_that_became_moot_is_recorded_and_raises_nothing() -> None:
    """Else it would be silent today and speak in a replay, which handles it later."""
    play = under_way().phase(mrn(1), Phase.INVALIDATED).wait()
    assert (play.findings, [entry.raised == () for entry in play.new_entries]) == ([], [False])
    play = under_way().hand(an_authorisation(revision=2, valid_to=date(2027, 1, 1)))
    play.hand(licence_reminder(REF, LAPSES))
    assert (play.findings, [entry.raised for entry in play.new_entries]) == ([], [()])
    assert next_due(play.state) == LAPSES + timedelta(days=1)


@pytest.mark.parametrize(
    ("more", "silent"),
    [
        (an_authorisation(ref="FED/2026/10", valid_to=date(2027, 6, 30)), True),
        (an_authorisation(ref="FED/2026/10", valid_from=date(2027, 1, 1), valid_to=None), True),
        (an_authorisation(ref="FED/2026/10", valid_from=date(2027, 1, 2), valid_to=None), False),
        (an_authorisation(ref="FED/2026/10", valid_to=None, items=("0B001",)), False),
    ],
)
def test_one_that_another_replaces_to_the_day_is_not_missed(more: Any, *, silent: bool) -> None:
    play = under_way(more).wait()
    assert (lost(play) == []) is silent


def test_goods_that_left_or_that_were_never_covered_are_not_spoken_of() -> None:
    play = under_way().phase(mrn(1), Phase.EXITED, final_exit=True)
    play.ask(a_demand(mrn=mrn(2), accepted_at=LAPSES - timedelta(days=400)))
    play.ask(a_demand(mrn=mrn(3), accepted_at=LAPSES))
    assert play.wait().codes == []


def test_each_leg_is_said_when_it_ends_and_not_again_with_the_next() -> None:
    play = under_way(certificate(valid_to=date(2027, 3, 31)), requires=BOTH)
    assert lost(play.wait()) == [f"{FEDERAL} at {LAPSES.isoformat()}"]
    assert lost(play.wait()) == [f"{CERTIFICATE} at 2027-03-31T22:00:00+00:00"]
    assert next_due(play.state) is None


def test_one_that_was_revoked_before_was_said_then() -> None:
    revoked = a_status(LicenceStatus.REVOKED, datetime(2026, 3, 9, tzinfo=UTC))
    play = under_way().hand(an_authorisation(revision=2, statuses=(ISSUED, revoked)))
    assert [play.codes, play.wait().codes, play.wait().codes] == [[], [CHANGED], []]
    assert next_due(play.state) is None


def test_what_lapsed_before_it_was_heard_of_is_looked_at_at_once() -> None:
    play = under_way(certificate(valid_to=None), requires=BOTH).wait()
    late = certificate(ref="EUC/78", valid_to=date(2026, 5, 1))
    assert next_due(play.hand(late).state) == LAPSES + timedelta(microseconds=1)
    assert play.wait().codes == []
    assert next_due(play.state) is None


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Pacific/Auckland", datetime(2026, 12, 31, 11, 0, tzinfo=UTC)),
        ("America/New_York", datetime(2027, 1, 1, 5, 0, tzinfo=UTC)),
    ],
)
def test_its_last_day_ends_in_its_own_zone(zone: str, moment: datetime) -> None:
    assert next_due(under_way(time_zone=zone).state) == moment


@pytest.mark.parametrize("changes", [{"valid_to": None}, {"valid_to": date.max}])
def test_what_does_not_end_is_not_waited_for(changes: dict[str, Any]) -> None:
    assert next_due(under_way(**changes).state) is None


def test_a_leg_that_is_not_required_and_one_without_a_licence_are_not_waited_for() -> None:
    assert next_due(Play(a_licence(), an_authorisation()).state) is None
    assert next_due(Play(an_authorisation()).state) is None
    assert next_due(Play(an_authorisation(), a_licence(requires=ONLY_FEDERAL)).state) == LAPSES


def test_what_concerns_the_licence_as_a_whole_is_raised_under_the_id_its_entry_lists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def waits(_: LicenceLedger) -> list[Wait]:
        return [Wait("report of 2026", LAPSES)]

    def overdue(_: LicenceLedger, __: Wait) -> Failure:
        return Failure("licence.unknown", 1, Mismatch(()))

    monkeypatch.setattr(licence_deadlines, "AWAITED", (Awaited("report.overdue", waits, licence=overdue),))
    play = Play(a_licence()).wait()
    [finding], [entry] = play.findings, play.new_entries
    assert (finding.subject, finding.mrn, finding.line) == (REF, None, None)
    assert entry.raised == (finding.id,) == tuple(play.state.raised)
    assert next_due(play.state) is None
