"""Reports of use in the ledger: what they draw, what they do not, and that no use is drawn twice."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Corrupt, Rejected
from services.core.message import Message
from services.core.messages import Basis, DrawVerdict, EntryCause, EntryOrigin, Phase, ReportChannel, ReportKind
from services.core.values import CountryCode, Unit
from services.reconciliation.domain.ledger import from_record, to_record
from services.reconciliation.domain.reported import Reported
from services.reconciliation.domain.verification import verify
from tests.builders import a_demand, a_draw, a_licence, a_line, mrn
from tests.builders_usage import a_report, months
from tests.ledger_play import Play, recorded

CUMULATIVE, DELTA, CONTRA = ReportKind.CUMULATIVE, ReportKind.DELTA, ReportKind.CONTRA
EXPORT = ReportChannel.EXPORT
PRESS = a_draw("1", None, currencies=())
LINE = a_line(basis=Basis.QUANTITY, quantity="10", value=None)
IN_THE_NETHERLANDS: dict[str, Any] = {"channel": EXPORT, "cleared_in": CountryCode("NL")}


def licence(**changes: Any) -> Any:
    return a_licence(LINE, **changes)


@pytest.mark.parametrize(
    ("changes", "drawn"),
    [
        ({"channel": ReportChannel.ELECTRONIC_TRANSFER}, 4),
        ({"channel": ReportChannel.VISIT}, 4),
        ({"channel": ReportChannel.TEACHING}, 4),
        ({"channel": ReportChannel.TECHNICAL_ASSISTANCE}, 4),
        ({"channel": EXPORT}, 0),
        (IN_THE_NETHERLANDS, 4),
    ],
)
def test_what_our_customs_never_sees_is_consumed_and_has_left(changes: dict[str, Any], drawn: int) -> None:
    play = Play(licence(), a_report("A", "4", value="1000.50", **changes))
    assert play.quantity() == (0, drawn, drawn)
    assert play.value() == ((0, Decimal("1000.50"), Decimal("1000.50")) if drawn else (0, 0, 0))
    [entry] = play.new_entries
    assert (entry.cause, entry.origin, entry.usage) == (
        EntryCause.LICENCE,
        EntryOrigin.USAGE,
        play.state.usage.reports[0],
    )
    assert play.codes == []


def test_each_kind_counts_as_the_door_says() -> None:
    play = Play(licence(), a_report("A", "4"))
    assert play.hand(a_report("B", "2")).quantity() == (0, 6, 6)
    assert play.hand(a_report("C", "1", kind=CONTRA)).quantity() == (0, 5, 5)
    assert play.hand(a_report("D", "3", kind=CUMULATIVE, **months(1, 3))).quantity() == (0, 3, 3)
    assert play.hand(a_report("E", "-2", kind=ReportKind.ADJUST, **months(1, 3))).quantity() == (0, 1, 1)
    assert play.hand(a_report("F", "1", kind=ReportKind.LATE)).quantity() == (0, 2, 2)
    assert play.hand(a_report("G", "5", channel=ReportChannel.VISIT)).quantity() == (0, 7, 7)
    assert play.hand(a_report("H", "0", kind=CUMULATIVE, **months(1, 3))).quantity() == (0, 5, 5)


def test_a_report_again_changes_nothing_and_its_id_with_other_content_halts() -> None:
    play = Play(licence(), a_report("A", "4"))
    assert play.hand(a_report("A", "4")).outputs == ()
    with pytest.raises(Corrupt, match="other content"):
        play.hand(a_report("A", "5"))


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (a_report(kind=CONTRA), "more is taken back than was reported"),
        (a_report(quantity="-1", kind=ReportKind.ADJUST), "more is taken back than was reported"),
        (a_report(kind=ReportKind.UNKNOWN), "none that this version knows"),
        (a_report(channel=ReportChannel.OTHER), "none that this version knows"),
        (a_report(unit=Unit("KGM")), "no line 1 in the unit"),
    ],
)
def test_what_cannot_be_counted_is_rejected_with_the_reason(report: Any, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        Play(licence(), report)


def test_reports_on_an_unknown_licence_wait_with_it_and_what_does_not_fit_draws_nothing() -> None:
    play = Play(a_report("A", "4"), a_report("B", "1", kind=CONTRA), a_report("C", unit=Unit("KGM"), line=7))
    assert (play.state.balances, len(play.state.usage.reports)) == ((), 3)
    assert play.hand(licence()).quantity() == (0, 3, 3)
    play.hand(a_report("D", "1"))
    assert play.quantity() == (0, 4, 4)
    assert list(verify(recorded(play.entries))) == []


def test_reports_on_a_line_that_a_later_revision_brings_wait_for_it() -> None:
    play = Play(a_report("A", "4"), a_report("B", "12", line=2), licence())
    assert play.quantity() == (0, 4, 4)
    play.change(lines=(LINE, replace(LINE, line=2)))
    assert (play.quantity(1), play.quantity(2), play.codes) == ((0, 4, 4), (0, 12, 12), ["quantity.overrun"])
    play.hand(a_report("C", "2", line=2, kind=CONTRA)).change(time_zone="UTC")
    assert play.quantity(2) == (0, 10, 10)
    assert list(verify(recorded(play.entries))) == []


def test_reports_that_overtake_the_revision_with_their_line_wait_for_it() -> None:
    """Reports and licences come on topics of their own."""
    play = Play(licence(), a_report("A", "4"), a_report("B", "5", line=2), a_report("C", "1", line=2, kind=CONTRA))
    assert (play.quantity(), len(play.state.balances), play.codes) == ((0, 4, 4), 1, [])
    with pytest.raises(Rejected, match="more is taken back"):
        play.hand(a_report("D", "5", line=2, kind=CONTRA))
    play.change(lines=(LINE, replace(LINE, line=2)))
    assert (play.quantity(1), play.quantity(2)) == ((0, 4, 4), (0, 4, 4))
    assert play.hand(a_report("E", "1", line=2)).quantity(2) == (0, 5, 5)
    with pytest.raises(Rejected, match="no line 2 in the unit"):
        play.hand(a_report("F", "1", line=2, unit=Unit("KGM")))
    assert list(verify(recorded(play.entries))) == []


def test_facts_win_use_beyond_the_line_is_drawn_and_said() -> None:
    play = Play(licence(), a_report("A", "8"), a_report("B", "3"))
    assert play.quantity() == (0, 11, 11)
    [finding] = play.findings
    assert (finding.code, finding.line, finding.subject) == ("quantity.overrun", 1, play.state.licence)
    assert [(c.declared, c.licensed) for c in finding.comparisons[:1]] == [("11 NAR", "10 NAR")]
    assert play.hand(a_report("C", "1", kind=CONTRA)).codes == [], "what returns is no overrun"
    waiting = Play(a_report("A", "11"))
    assert waiting.hand(licence()).codes == ["quantity.overrun"]


def test_use_takes_what_a_shipment_asks_and_gives_it_back() -> None:
    play = Play(licence(), a_report("A", "10"), a_demand(PRESS))
    assert (play.answer.verdict, play.answer.reasons) == (DrawVerdict.REFUSED, ("quantity.overrun",))
    play.hand(a_report("B", "1", kind=CONTRA))
    assert (play.answer.verdict, play.quantity()) == (DrawVerdict.COVERED, (1, 9, 9))


KINDS = st.sampled_from([CUMULATIVE, DELTA, CONTRA, ReportKind.LATE, ReportKind.ADJUST])
PERIODS = st.tuples(st.integers(1, 4), st.integers(1, 4)).map(lambda pair: months(min(pair), max(pair)))
CHANNELS = st.sampled_from([{}, {"channel": ReportChannel.VISIT}, {"channel": EXPORT}, IN_THE_NETHERLANDS])
REPORTS = st.tuples(KINDS, PERIODS, CHANNELS, st.integers(0, 4), st.booleans())
STEPS = st.lists(st.one_of(REPORTS, st.sampled_from([*Phase])), max_size=12)


@given(STEPS, st.integers(0, 12))
def test_whatever_is_reported_in_whatever_order_the_columns_are_what_counts(steps: list[Any], arrives: int) -> None:
    """Against a count of its own: the days of each total are set, and others added to their period."""
    play, taken = Play(), list[Any]()
    for number, step in enumerate(steps):
        if number == arrives:
            play.hand(licence())
        message: Message
        if isinstance(step, Phase):
            message = a_demand(PRESS, mrn=mrn(number % 3), phase=step)
            play.ask(message)
            continue
        kind, period, channel, amount, fits = step
        unit = Unit("NAR" if fits or play.state.terms is not None else "KGM")
        signed = str(-amount if kind is ReportKind.ADJUST else amount)
        message = a_report(f"R{number}", signed, kind=kind, unit=unit, **{**period, **channel})
        try:
            play.hand(message)
        except Rejected:
            continue
        taken.append(message)
        play.hand(message)
    if play.state.terms is None:
        play.hand(licence())
    used = sum(own_count(taken).values())
    shipped = sum(held.consumed_quantity for s in play.state.shipments.values() for held in s.draws)
    assert play.quantity()[1] == used + shipped
    assert list(verify(recorded(play.entries))) == []
    assert from_record(to_record(play.state)) == play.state


def own_count(taken: list[Any]) -> dict[Any, Decimal]:
    """What is drawn by account; an account of which something is in another unit draws nothing."""
    found: dict[Any, dict[tuple[Any, Any], Decimal]] = {}
    for report in taken:
        cells = found.setdefault((report.channel, report.cleared_in), {})
        place = (report.period_from, report.period_to)
        if report.kind is CUMULATIVE:
            for cell in [c for c in cells if place[0] <= c[0] and c[1] <= place[1]]:
                del cells[cell]
        cells[place] = cells.get(place, Decimal(0)) + (-1 if report.kind is CONTRA else 1) * report.quantity
    misfits = {(report.channel, report.cleared_in) for report in taken if report.unit != "NAR"}
    ours = {(EXPORT, None)}
    return {
        account: sum(cells.values(), Decimal(0)) for account, cells in found.items() if account not in misfits | ours
    }


def test_every_report_stays_with_the_ledger_so_that_it_can_be_counted_again() -> None:
    play = Play(licence(), a_report("A", "4"), a_report("B", "1", kind=CUMULATIVE))
    assert [one.id for one in play.state.usage.reports] == ["A", "B"]
    assert replace(play.state, usage=Reported()) != play.state


def test_goods_that_left_at_the_end_of_the_calendar_are_seen_there() -> None:
    """No zone east of Greenwich has a day for it: the ledger of a licence whose use is reported must go on."""
    last = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
    play = Play(licence(), a_report("A", "1"), a_demand(PRESS, phase=Phase.RELEASED, occurred_at=last))
    assert play.state.seen is not None
    assert list(play.state.seen.years) == [9999]
