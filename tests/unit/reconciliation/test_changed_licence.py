"""A licence that changes under shipments on their way: who is judged again, and what is said (art. 5(2))."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.core.messages import DrawVerdict, EntryCause, LicenceStatus, Phase, Severity, Track
from services.core.values import CountryCode
from tests.builders import ISSUED, a_demand, a_draw, a_licence, a_line, a_status, mrn
from tests.ledger_play import Play

CHANGED = "licence.changed-under-shipment"
ONE = mrn(1)


def since(status: LicenceStatus, day: int) -> Any:
    """In force from a day of February on: before acceptance."""
    return a_status(status, datetime(2026, 2, day, tzinfo=UTC))


SUSPENDED, REVOKED = since(LicenceStatus.SUSPENDED, 1), since(LicenceStatus.REVOKED, 1)
REINSTATED = since(LicenceStatus.REINSTATED, 2)
ELSEWHERE = (CountryCode("JP"),)

CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"statuses": (ISSUED, SUSPENDED)}, "licence.not-valid"),
    ({"statuses": (ISSUED, REVOKED)}, "licence.not-valid"),
    ({"valid_to": date(2026, 2, 28)}, "licence.not-valid"),
    ({"destinations": ELSEWHERE}, "destination.mismatch"),
    ({"lines": (a_line(commodity_codes=("8462",)),)}, "commodity.mismatch"),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES)
def test_an_open_shipment_that_loses_its_cover_is_refused_and_it_is_said(change: dict[str, Any], reason: str) -> None:
    play = Play(a_licence(), a_demand()).change(**change)
    assert (play.answer.verdict, play.answer.reasons) == (DrawVerdict.REFUSED, (reason,))
    assert play.quantity() == (1, 0, 0), "what is reserved stays reserved"
    assert play.codes == sorted([reason, CHANGED])
    finding = play.findings[play.codes.index(CHANGED)]
    assert (finding.severity, finding.track, finding.mrn) == (Severity.CRITICAL, Track.BOTH, ONE)
    assert finding.legal_basis == "Impl. Reg. (EU) 2024/2145 art. 5(2)"
    assert [(c.declared, c.licensed) for c in finding.comparisons] == [("covered", f"refused: {reason}")]


def test_it_is_said_once_while_the_shipment_stays_refused() -> None:
    play = Play(a_licence(), a_demand()).change(statuses=(ISSUED, SUSPENDED))
    said = play.findings[0]
    play.change(authority="BE-BRU")
    assert (play.codes, play.covers) == ([], [])
    assert [entry.cause for entry in play.new_entries] == [EntryCause.LICENCE], "nothing else changed"
    play.change(destinations=ELSEWHERE)
    assert play.codes == ["destination.mismatch"]
    play.change(statuses=(ISSUED, SUSPENDED, REINSTATED), destinations=a_licence().destinations)
    assert (play.answer.verdict, play.codes) == (DrawVerdict.COVERED, [])
    play.change(statuses=(ISSUED, REVOKED))
    assert play.codes == [CHANGED, "licence.not-valid"]
    assert play.findings[0].id != said.id, "it lost its cover once more"


@pytest.mark.parametrize(("change", "reason"), CHANGES)
def test_released_goods_keep_answer_and_amount_and_their_loss_of_cover_is_said(
    change: dict[str, Any], reason: str
) -> None:
    play = Play(a_licence(), a_demand()).phase(ONE, Phase.RELEASED).change(**change)
    assert (play.codes, play.covers) == ([CHANGED], [])
    [entry] = play.new_entries
    assert (entry.cause, play.findings[0].entry and play.findings[0].entry.revision) == (
        EntryCause.LICENCE,
        entry.revision,
    )
    assert play.findings[0].comparisons[0].licensed == f"refused: {reason}"
    assert (play.held(ONE).verdict, play.quantity()) == (DrawVerdict.COVERED, (0, 1, 0))
    play.change(authority="BE-BRU")
    assert play.codes == [], "said once while it does not cover them"
    play.change(**{name: getattr(a_licence(), name) for name in change})
    assert play.change(**change).codes == [CHANGED]


def test_nothing_is_said_of_goods_that_left_or_were_never_covered() -> None:
    play = Play(a_licence(), a_demand()).phase(ONE, Phase.RELEASED).phase(ONE, Phase.EXITED, final_exit=True)
    play.ask(a_demand(a_draw("3"), mrn=mrn(2))).ask(a_demand(a_draw("3"), mrn=mrn(3), phase=Phase.RELEASED))
    play.ask(a_demand(mrn=mrn(4), phase=Phase.INVALIDATED))
    assert CHANGED not in play.change(statuses=(ISSUED, SUSPENDED)).codes


def test_an_amount_that_is_lowered_takes_nothing_from_those_who_hold_it() -> None:
    play = Play(a_licence(), a_demand(mrn=ONE), a_demand(mrn=mrn(2), phase=Phase.RELEASED))
    play.change(lines=(a_line(quantity="1"),))
    assert play.codes == ["quantity.overrun"], "the line as a whole is overdrawn"
    assert play.covers == []
