"""Reports of use: what is refused, how they count, and that no use is counted twice."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Refused
from services.core.messages import Licence, LicenceType, ReportChannel, ReportKind, UsageReport
from services.core.usage import account_of, counting_faults, month_after, reported_by_day, use_of
from services.licensing.adapters.bodies import LicenceBody
from services.licensing.adapters.usage_bodies import UsageBody, usage_content, usage_of
from services.licensing.adapters.usage_reading import read_json, read_table
from services.licensing.domain.usage import Recorded, RecordUsage, UsageOf, record_usage
from tests.builders_licensing import LICENCE, changed
from tests.builders_usage import NOW, REPORT, a_report, months

CUMULATIVE, DELTA, CONTRA = ReportKind.CUMULATIVE, ReportKind.DELTA, ReportKind.CONTRA
LATE, ADJUST = ReportKind.LATE, ReportKind.ADJUST


def licence(**line: Any) -> Licence:
    lines = [changed(LICENCE["lines"][0], **{"basis": "quantity", "value": None, **line})]
    return LicenceBody.model_validate(changed(LICENCE, lines=lines)).licence("Europe/Brussels", NOW)


def recorded(*reports: UsageReport, known: UsageOf | None = None) -> Recorded:
    return record_usage(known or UsageOf(licence()), RecordUsage("x", tuple(("/", one) for one in reports)))


def left(*reports: UsageReport) -> list[str]:
    """What is counted of the only account, in quantity."""
    (counted,) = recorded(*reports).after.counting.values()
    return [str(use_of(counted).quantity), *(one.id for one in counted)]


def refused(*reports: UsageReport, **of_line: Any) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as error:
        recorded(*reports, known=UsageOf(licence(**of_line)))
    return error.value.status, [(fault.path, fault.code) for fault in error.value.faults]


def test_a_total_takes_the_place_of_what_its_period_holds_and_the_other_kinds_add_up() -> None:
    first = a_report("A", "3", kind=CUMULATIVE, **months(1, 2))
    assert left(first, a_report("B", "2")) == ["5", "A", "B"]
    assert left(first, a_report("B", "2"), a_report("C", "4", kind=CUMULATIVE, **months(1, 3))) == ["4", "C"]
    assert left(first, a_report("B", "2"), a_report("C", "1", kind=CONTRA)) == ["4", "A", "B", "C"]
    assert left(first, a_report("B", "-2", kind=ADJUST, **months(1, 2))) == ["1", "A", "B"]
    assert left(first, a_report("B", "0", kind=CUMULATIVE, **months(1, 2))) == ["0", "B"], "nothing was used after all"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), min_size=1, max_size=6), st.data())
def test_a_running_total_is_never_added_however_often_it_is_told(used: list[tuple[int, int]], data: Any) -> None:
    """The defect of the British exchange: totals so far, taken for additions, exhausted licences early."""
    known, total, told = UsageOf(licence()), 0, 0
    for month, (use, times) in enumerate(used, 1):
        total += use
        for _ in range(times):
            told += 1
            report = a_report(f"R{told}", str(total), kind=CUMULATIVE, **months(1, month))
            known = recorded(report, known=known).after
        again = data.draw(st.sampled_from(sorted(known.by_id)))
        assert recorded(known.by_id[again], known=known).made == (), "the same report again is a repeat"
        (counted,) = known.counting.values()
        assert use_of(counted).quantity == total


KINDS = st.sampled_from([CUMULATIVE, DELTA, CONTRA, LATE, ADJUST])
PERIODS = st.tuples(st.integers(1, 6), st.integers(1, 6)).map(lambda pair: months(min(pair), max(pair)))


@given(st.lists(st.tuples(KINDS, PERIODS, st.integers(-5, 5)), max_size=12))
def test_what_is_taken_was_reported_in_every_period(reports: list[tuple[ReportKind, dict[str, date], int]]) -> None:
    counted: list[UsageReport] = []
    for number, (kind, period, amount) in enumerate(reports):
        report = a_report(f"R{number}", str(amount if kind is ADJUST else abs(amount)), kind=kind, **period)
        if not list(counting_faults(counted, report)):
            of = UsageOf(licence(), {}, {account_of(report): counted})
            of.with_report(report)
            counted = of.counting[account_of(report)]
        assert use_of(counted).quantity >= 0
        for one in counted:
            within = [o for o in counted if one.period_from <= o.period_from and o.period_to <= one.period_to]
            assert use_of(within).quantity >= 0


def test_what_cannot_be_counted_is_refused_and_says_why() -> None:
    year = a_report("A", "5", kind=CUMULATIVE, **months(1, 6))
    assert refused(a_report("B", kind=CONTRA)) == (422, [("/quantity", "below-zero")])
    assert refused(year, a_report("B", kind=CONTRA)) == (422, [("/quantity", "below-zero")]), "of another period"
    assert refused(year, a_report("B", "6", kind=CONTRA, **months(1, 6))) == (422, [("/quantity", "below-zero")])
    assert refused(year, a_report("B", kind=CUMULATIVE)) == (422, [("/period_from", "period-held")])
    half = a_report("A", "5", kind=CUMULATIVE, **months(2, 6))
    crossing = a_report("B", period_from=date(2026, 1, 1), period_to=date(2026, 2, 15))
    assert refused(half, crossing) == (422, [("/period_from", "period-crosses")])
    wider = a_report("B", "3", kind=CONTRA, **months(1, 3))
    assert refused(a_report("A", "5"), wider, a_report("C", "3", kind=CONTRA)) == (
        422,
        [("/quantity", "below-zero")],
    ), "what was taken back of the quarter was taken of this month"


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"line": 2}, [("/line", "line-unknown")]),
        ({"unit": "KGM"}, [("/unit", "unit-differs")]),
        ({"value": "5"}, [("/currency", "currency-differs")]),
        ({"quantity": None, "unit": None}, [("/quantity", "quantity-missing")]),
        ({"quantity": None}, [("/quantity", "quantity-missing")]),
        ({"quantity": Decimal(0)}, [("/quantity", "nothing-reported")]),
        ({"quantity": Decimal(0), "kind": ADJUST}, [("/quantity", "nothing-reported")]),
        ({"quantity": Decimal(-1)}, [("/quantity", "quantity-negative")]),
        ({"period_to": date(2026, 1, 1)}, [("/period_to", "before-period-from")]),
        ({"period_to": date(2026, 7, 2)}, [("/period_to", "in-the-future")]),
        ({"period_from": date(2025, 12, 31)}, [("/period_to", "two-years")]),
        ({"kind": LATE}, [("/kind", "period-open")]),
        ({"mrn": "26BE343000000001A1"}, [("/mrn", "not-exported")]),
        ({"cleared_in": "NL"}, [("/cleared_in", "not-exported")]),
        ({"cleared_in": "CH", "channel": ReportChannel.EXPORT}, [("/cleared_in", "not-in-union")]),
        ({"cleared_in": "BE", "channel": ReportChannel.EXPORT}, [("/cleared_in", "own-customs")]),
    ],
)
def test_a_report_must_fit_its_licence(changes: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    of_line = {"currency": "USD"} if "value" in changes else {"currency": None}
    assert refused(a_report(**changes), **of_line) == (422, faults)


def test_use_of_a_closed_period_comes_late_and_totals_come_whenever_they_do() -> None:
    before: dict[str, Any] = {"period_from": date(2025, 11, 1), "period_to": date(2025, 12, 31)}
    assert refused(a_report(**before)) == (422, [("/kind", "period-closed")])
    assert left(a_report("A", kind=LATE, **before)) == ["1", "A"]
    on_the_day = datetime(2026, 1, 31, 22, 59, tzinfo=UTC)
    assert left(a_report("A", **before, reported_at=on_the_day)) == ["1", "A"], "31 January in Brussels"
    assert left(a_report("A", "0", kind=CUMULATIVE, **before)) == ["0", "A"]


def test_a_period_closes_a_month_after_the_year_or_the_end_of_what_is_not_reported_by_the_year() -> None:
    june, july = date(2026, 6, 1), date(2026, 7, 1)
    assert reported_by_day(LicenceType.GLOBAL, date(2026, 6, 30), june) == date(2027, 1, 31)
    assert reported_by_day(LicenceType.INDIVIDUAL, date(2026, 6, 30), june) == date(2026, 7, 30)
    assert reported_by_day(LicenceType.INDIVIDUAL, date(2026, 6, 30), july) == date(2027, 1, 31)
    assert [month_after(day) for day in (date(2026, 1, 31), date(2026, 12, 5))] == [date(2026, 2, 28), date(2027, 1, 5)]


def test_a_report_again_is_a_repeat_even_when_it_would_be_refused_by_now_and_other_content_clashes() -> None:
    first = recorded(a_report()).after
    later = datetime(2028, 1, 1, tzinfo=UTC)
    again = recorded(a_report(reported_at=later), known=first)
    assert (again.made, again.reports[0].reported_at) == ((), NOW)
    with pytest.raises(Refused) as error:
        recorded(a_report(quantity="2"), a_report("B"), known=first)
    assert (error.value.status, error.value.faults[0].path) == (409, "/id")
    assert list(first.by_id) == ["R1"], "all or nothing"


def test_an_untyped_report_is_refused_and_told_why() -> None:
    untyped = {name: value for name, value in REPORT.items() if name != "kind"}
    with pytest.raises(Refused) as error:
        read_json([REPORT, untyped])
    ((fault,)) = error.value.faults
    assert (error.value.status, fault.path, fault.code) == (422, "/1/kind", "untyped")
    assert "counted twice" in fault.detail


TABLE = """id,line,kind,channel,period_from,period_to,quantity,unit,remarks
A,1,delta,visit,2026-02-01,2026-02-28,1.50,NAR,
B,1,cumulative,teaching,2026-01-01,2026-03-31,2,NAR,"two
lines"
"""


def test_a_table_is_read_as_its_rows_and_faults_have_row_and_column() -> None:
    (_, first), (place, second) = read_table(TABLE.encode())
    assert (first.id, first.quantity, first.remarks) == ("A", Decimal("1.50"), None)
    assert (place, second.remarks, second.line) == ("row 4 ", "two\nlines", 1)
    with pytest.raises(Refused) as error:
        read_table((TABLE + "C,x,,visit,2026-02-30,2026-02-28,1,NAR,\n").encode())
    assert [(fault.path, fault.code) for fault in error.value.faults] == [
        ("row 5 line", "int-type"),
        ("row 5 kind", "untyped"),
        ("row 5 period_from", "date"),
    ]


@pytest.mark.parametrize(
    ("table", "status", "code"),
    [
        (b"\xff", 400, "csv-invalid"),
        (b"id,line\n", 422, "column-missing"),
        (TABLE.replace("remarks", "id").encode(), 422, "column-repeated"),
        (TABLE.replace("remarks", "colour").encode(), 422, "extra-forbidden"),
        (TABLE.encode() + b"C,1\n", 422, "cells"),
        (TABLE.splitlines()[0].encode(), 422, "how-many"),
        (TABLE.splitlines()[0].encode() + b"\n1" * 100_000, 422, "how-many"),
        (TABLE.splitlines()[0].encode() + b",x" * 100, 422, "column-repeated"),
        (",".join([TABLE.splitlines()[0], *map(str, range(100))]).encode(), 422, "columns"),
    ],
)
def test_what_is_no_such_table_is_refused(table: bytes, status: int, code: str) -> None:
    with pytest.raises(Refused) as error:
        read_table(table)
    assert (error.value.status, error.value.faults[0].code) == (status, code)


def test_of_many_faults_no_more_are_told_than_somebody_reads() -> None:
    with pytest.raises(Refused) as error:
        read_json([{str(name): 1 for name in range(900)}] * 1_000)
    assert len(error.value.faults) < 2_000


def test_what_is_stored_is_read_back_as_it_was() -> None:
    report = UsageBody.model_validate({**REPORT, "remarks": "…"}).report(licence(), NOW)
    assert usage_of(usage_content(report)) == report
    assert usage_content(report)["value"] == "1000.50"
    assert report.reported_by == "BE0314595348"
    assert usage_of(usage_content(replace(report, mrn=None))) == report
