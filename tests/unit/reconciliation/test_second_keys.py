"""The legs beside a licence: which are missing and why, and what happens when one lapses while goods are under way."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.core.errors import Corrupt, Rejected
from services.core.messages import (
    AuthorisationKind,
    DrawVerdict,
    EntryCause,
    EntryOrigin,
    LicenceStatus,
    Phase,
    Requirements,
    Severity,
)
from services.core.values import Unit
from services.reconciliation.domain.ledger import from_record, to_record
from services.reconciliation.domain.verification import verify
from tests.builders import ISSUED, a_demand, a_draw, a_licence, a_line, a_status, an_authorisation, later, mrn
from tests.ledger_play import Play, recorded

FEDERAL, CERTIFICATE, GUARANTEE = (
    "federal-authorisation.missing",
    "end-use-certificate.missing",
    "state-guarantee.missing",
)
CHANGED = "licence.changed-under-shipment"
ALL = Requirements(federal_authorisation=True, end_use_certificate=True, state_guarantee=True)
ONLY_FEDERAL = Requirements(federal_authorisation=True, end_use_certificate=False, state_guarantee=False)
REVOKED_BEFORE = a_status(LicenceStatus.REVOKED, datetime(2026, 2, 1, tzinfo=UTC))
REVOKED_SINCE = a_status(LicenceStatus.REVOKED, later(1))


def keyed(*lines: Any) -> Any:
    return a_licence(*lines, requires=ONLY_FEDERAL)


def limited(quantity: str, **changes: Any) -> Any:
    return an_authorisation(quantity=Decimal(quantity), unit=Unit("NAR"), **changes)


def test_a_shipment_is_refused_naming_each_missing_leg_until_all_are_there() -> None:
    play = Play(a_licence(requires=ALL), a_demand())
    assert (play.answer.verdict, set(play.answer.reasons)) == (DrawVerdict.REFUSED, {FEDERAL, CERTIFICATE, GUARANTEE})
    assert {f.severity for f in play.findings} == {Severity.CRITICAL}
    [missing] = [f for f in play.findings if f.code == GUARANTEE]
    assert [(c.what, c.declared) for c in missing.comparisons] == [("state guarantee", "none")]
    play.hand(an_authorisation())
    assert set(play.answer.reasons) == {CERTIFICATE, GUARANTEE}
    play.hand(an_authorisation(kind=AuthorisationKind.STATE_GUARANTEE, ref="G/1"))
    assert play.answer.reasons == (CERTIFICATE,)
    play.hand(an_authorisation(kind=AuthorisationKind.END_USE_CERTIFICATE, ref="EUC/77"))
    assert (play.answer.verdict, play.quantity()) == (DrawVerdict.COVERED, (1, 0, 0))
    first = play.new_entries[0]
    assert (first.cause, first.origin) == (EntryCause.LICENCE, EntryOrigin.AUTHORISATION)
    assert list(verify(recorded(play.entries))) == []
    assert from_record(to_record(play.state)) == play.state


def test_a_licence_that_requires_nothing_asks_for_nothing() -> None:
    assert Play(a_licence(), a_demand()).answer.verdict is DrawVerdict.COVERED


@pytest.mark.parametrize(
    ("change", "evidence"),
    [
        ({"statuses": (ISSUED, REVOKED_BEFORE)}, "revoked, 2026-01-15 to 2026-12-31, Europe/Brussels"),
        ({"valid_to": date(2026, 3, 1)}, "issued, 2026-01-15 to 2026-03-01, Europe/Brussels"),
        ({"valid_from": date(2026, 3, 3)}, "issued, 2026-03-03 to 2026-12-31, Europe/Brussels"),
        ({"items": ("0B001",)}, "0B001"),
        ({"items": ("2B204.a",)}, "2B204.a"),
        ({"line": 2}, "all goods of line 2"),
        ({"quantity": Decimal("0.5"), "unit": Unit("NAR")}, "0.5 NAR"),
        ({"quantity": Decimal(5), "unit": Unit("KGM")}, "in KGM"),
    ],
)
def test_a_leg_that_does_not_do_says_why(change: dict[str, Any], evidence: str) -> None:
    play = Play(keyed(), an_authorisation(**change), a_demand())
    assert play.answer.reasons == (FEDERAL,)
    assert play.findings[0].comparisons[0].licensed == evidence
    assert play.hand(an_authorisation(ref="FED/2026/10")).answer.verdict is DrawVerdict.COVERED


@pytest.mark.parametrize("zone", ["Europe/Brussels", "Pacific/Auckland"])
def test_its_days_are_those_of_its_own_time_zone(zone: str) -> None:
    accepted = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
    play = Play(keyed(), an_authorisation(time_zone=zone), a_demand(accepted_at=accepted))
    assert (play.answer.verdict is DrawVerdict.COVERED) is (zone == "Europe/Brussels")


@pytest.mark.parametrize("code", ["2B204.a", "2B204.a.1", "2B204.ab", "2B205.a"])
def test_an_entry_covers_itself_and_what_is_below_it(code: str) -> None:
    play = Play(keyed(replace(a_line(), control_code=code)), an_authorisation(items=("2B204.a",)), a_demand())
    assert (play.answer.verdict is DrawVerdict.COVERED) is (code in {"2B204.a", "2B204.a.1"})


def test_its_own_limit_counts_all_draws_of_all_lines_and_what_returns_is_given_out_again() -> None:
    play = Play(keyed(a_line(1), a_line(2)), limited("2"))
    play.ask(a_demand(a_draw(line=1), mrn=mrn(1))).ask(a_demand(a_draw(line=2), mrn=mrn(2)))
    assert play.ask(a_demand(a_draw(line=2), mrn=mrn(3))).answer.reasons == (FEDERAL,)
    assert [c.declared for c in play.findings[0].comparisons] == ["1 NAR", "2 NAR"]
    play.phase(mrn(1), Phase.INVALIDATED)
    assert play.held(mrn(3)).verdict is DrawVerdict.COVERED


def test_who_holds_an_amount_keeps_it_when_the_limit_is_lowered() -> None:
    play = Play(keyed(), limited("2"), a_demand()).hand(limited("0.5", revision=2))
    assert (play.covers, play.codes) == ([], [])


@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.RELEASED])
def test_a_leg_that_ends_while_goods_are_under_way_is_said_once_and_the_answer_stands(phase: Phase) -> None:
    play = Play(keyed(), an_authorisation(), a_demand())
    if phase is Phase.RELEASED:
        play.phase(mrn(1), phase)
    play.hand(an_authorisation(revision=2, statuses=(ISSUED, REVOKED_SINCE)))
    assert (play.codes, play.covers) == ([CHANGED], [])
    assert play.findings[0].comparisons[0].licensed == f"{FEDERAL} at {later(1).isoformat()}"
    assert play.findings[0].entry is not None
    assert play.held().verdict is DrawVerdict.COVERED
    play.hand(an_authorisation(revision=3, statuses=(ISSUED, REVOKED_SINCE), issued_by="minister"))
    assert play.codes == []


def test_one_that_another_stands_in_for_is_not_missed() -> None:
    play = Play(keyed(), an_authorisation(), an_authorisation(ref="FED/2026/10"), a_demand())
    assert play.hand(an_authorisation(revision=2, statuses=(ISSUED, REVOKED_SINCE))).codes == []


def test_one_revoked_from_before_acceptance_refuses_open_goods_and_is_said_of_released_ones() -> None:
    play = Play(keyed(), an_authorisation(), a_demand()).ask(a_demand(mrn=mrn(2), phase=Phase.RELEASED))
    play.hand(an_authorisation(revision=2, statuses=(ISSUED, REVOKED_BEFORE)))
    assert (play.answer.reasons, play.quantity()) == ((FEDERAL,), (1, 1, 0))
    assert sorted(play.codes) == [FEDERAL, CHANGED, CHANGED]


def test_goods_that_left_are_not_spoken_of() -> None:
    play = Play(keyed(), an_authorisation(), a_demand()).phase(mrn(1), Phase.EXITED, final_exit=True)
    assert play.hand(an_authorisation(revision=2, statuses=(ISSUED, REVOKED_SINCE))).codes == []


def test_it_may_come_before_its_licence_late_and_twice() -> None:
    newer = an_authorisation(revision=2, issued_by="minister")
    play = Play(newer, a_demand(), keyed())
    assert play.held().verdict is DrawVerdict.COVERED
    assert play.hand(newer).outputs == ()
    assert play.hand(an_authorisation()).outputs == ()
    with pytest.raises(Corrupt):
        play.hand(an_authorisation(revision=2))


@pytest.mark.parametrize("change", [{"kind": AuthorisationKind.UNKNOWN}, {"time_zone": "Europe/Nowhere"}])
def test_what_cannot_be_judged_by_is_rejected(change: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        Play(an_authorisation(**change))
