"""Findings: with the evidence to derive them again, and said once."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from services.core.messages import Basis, EntryRef, LicenceStatus, Phase, Severity, Track
from services.core.values import CountryCode
from tests.builders import ISSUED, REF, a_demand, a_draw, a_licence, a_line, a_source, a_status, mrn
from tests.ledger_play import Play

TOO_MUCH = a_draw("3")
TO_PAKISTAN = a_draw(destination=CountryCode("PK"))
BEFORE_ACCEPTANCE = datetime(2026, 2, 1, tzinfo=UTC)


def test_a_finding_carries_what_was_compared_with_what() -> None:
    play = Play(a_licence(), a_demand(mrn=mrn(2)), a_demand(a_draw("2", "100000.00", item=4)))
    [finding] = play.findings
    [entry] = play.new_entries
    assert (finding.code, finding.subject, finding.mrn, finding.licence) == ("quantity.overrun", mrn(1), mrn(1), REF)
    assert (finding.item, finding.line) == (4, 1)
    assert [(c.what, c.declared, c.licensed) for c in finding.comparisons] == [
        ("quantity", "2 NAR", "2 NAR"),
        ("quantity drawn by others", "1 NAR", "2 NAR"),
    ]
    assert finding.entry == EntryRef(licence=REF, revision=3, hash=entry.hash)
    assert finding.sources == (a_source(),)
    assert (finding.rule, finding.rule_set) == ("quantity.overrun@3", entry.rule_set)
    assert finding.raised_at == entry.recorded_at
    assert (finding.severity, finding.track) == (Severity.CRITICAL, Track.BOTH)
    assert finding.legal_basis == "Impl. Reg. (EU) 2024/2145 art. 6(1)(b)"
    assert finding.legal_basis_version == date(2024, 9, 27)
    assert finding.summary == (
        "26BE343000000001A1 item 4 on VL/2026/000123 line 1:"
        " the quantity exceeds what the licence line authorises (quantity 2 NAR against 2 NAR)"
    )


def test_a_licence_that_is_not_valid_shows_day_term_and_status() -> None:
    suspended = a_status(LicenceStatus.SUSPENDED, BEFORE_ACCEPTANCE)
    [finding] = Play(a_licence(statuses=(ISSUED, suspended)), a_demand()).findings
    assert [(c.what, c.declared, c.licensed) for c in finding.comparisons] == [
        ("day of acceptance", "2026-03-02", "2026-01-15 to 2028-01-14, Europe/Brussels"),
        ("status at acceptance", "2026-03-02T08:15:00+00:00", "SUSPENDED"),
    ]


def test_a_finding_that_stands_is_not_raised_again_by_an_amendment() -> None:
    play = Play(a_licence(), a_demand(TOO_MUCH))
    play.ask(a_demand(replace(TOO_MUCH, description="isostatic press, used"), version=2))
    assert play.codes == []
    assert play.answer.reasons == ("quantity.overrun",)


def test_other_compared_values_make_a_new_finding() -> None:
    play = Play(a_licence(), a_demand(TOO_MUCH)).ask(a_demand(a_draw("4"), version=2))
    assert play.codes == ["quantity.overrun"]


def test_each_item_has_its_own_finding() -> None:
    play = Play(a_licence(), a_demand(TO_PAKISTAN, replace(TO_PAKISTAN, item=2)))
    assert [(f.code, f.item) for f in play.findings] == [("destination.mismatch", 1), ("destination.mismatch", 2)]
    assert len({f.id for f in play.findings}) == 2


def test_what_others_drew_meanwhile_is_no_new_finding() -> None:
    line = a_line(basis=Basis.QUANTITY, quantity="10")
    play = Play(a_licence(line), a_demand(a_draw("10"), mrn=mrn(1)), a_demand(a_draw("10"), mrn=mrn(2)))
    play.phase(mrn(1), Phase.ACCEPTED, draws=(a_draw("9"),))
    assert play.codes == []
    assert len(play.new_entries) == 1, "the other one stays refused: nothing to record"


def test_a_failure_that_comes_back_after_it_was_gone_is_another_finding() -> None:
    play = Play(a_licence(), a_demand(TOO_MUCH))
    first = play.findings
    play.ask(a_demand()).ask(a_demand(TOO_MUCH))
    assert play.codes == ["quantity.overrun"]
    assert play.findings[0].id != first[0].id


def test_a_change_of_the_licence_raises_what_is_new_for_each_open_shipment() -> None:
    line = a_line(quantity="3", value="900000.00")
    play = Play(a_licence(line), a_demand(TO_PAKISTAN, mrn=mrn(2)), a_demand(mrn=mrn(1)))
    play.change(statuses=(ISSUED, a_status(LicenceStatus.REVOKED, BEFORE_ACCEPTANCE)))
    assert [(f.subject, f.code) for f in play.findings] == [
        (mrn(1), "licence.changed-under-shipment"),
        (mrn(1), "licence.not-valid"),
        (mrn(2), "licence.not-valid"),
    ]
    assert [c.mrn for c in play.covers] == [mrn(2), mrn(1)], "in order of arrival"


def test_uncovered_release_is_said_once_while_its_reasons_stay() -> None:
    play = Play(a_licence(), a_demand(TO_PAKISTAN)).phase(mrn(1), Phase.RELEASED)
    assert play.codes == ["released.uncovered"]
    assert play.findings[0].comparisons[0].licensed == "refused: destination.mismatch"
    play.phase(mrn(1), Phase.EXITED, final_exit=True)
    assert play.codes == []


def test_the_same_messages_give_the_same_findings() -> None:
    first = Play(a_licence(), a_demand(TOO_MUCH)).findings
    again = Play(a_licence(), a_demand(replace(TOO_MUCH, quantity=Decimal("3.000000")))).findings
    assert first[0].id == again[0].id
    assert first[0].comparisons == again[0].comparisons
