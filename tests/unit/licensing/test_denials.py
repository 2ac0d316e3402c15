"""Denials: recorded once, reviewed every three years, and read from the table in which they are exchanged."""

import tracemalloc
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Refused
from services.core.messages import Denial
from services.licensing.adapters.denial_bodies import denial_content, denial_of
from services.licensing.adapters.denial_table import Begun, read_denials
from services.licensing.domain.denials import Known, Outcome, Review, is_overdue, record, review, three_years_after
from tests.builders_denials import HEADER, RECORDED, TABLE, a_denial

NOW = datetime(2036, 6, 1, tzinfo=UTC)


def known(denial: Denial | None = None) -> Known:
    return Known(a_denial(), denial or a_denial())


def reviewed(
    before: Known, day: str, *, outcome: Outcome = Outcome.RENEWED, reason: str | None = None, actor: str = "o-1"
) -> Known:
    return review(before, Review("DN2024/0017", outcome, date.fromisoformat(day), reason, actor, NOW)).state


def refused(before: Known | None, day: str, **more: str | Outcome | None) -> tuple[int, list[str]]:
    with pytest.raises(Refused) as error:
        reviewed(before, day, **more)  # type: ignore[arg-type]  # the point is what is refused
    return error.value.status, [fault.code for fault in error.value.faults]


def test_a_denial_is_due_for_review_three_years_after_its_decision() -> None:
    assert a_denial().review_due == date(2027, 2, 28), "29 February has no day three years on"
    assert a_denial(denied_at=None).review_due == date(2029, 3, 1), "from its recording where the day is not stated"


@given(st.dates(date(1970, 1, 1), date(9990, 1, 1)))
def test_three_years_on_is_the_same_day_or_the_last_of_february(day: date) -> None:
    due = three_years_after(day)
    assert (due.year, due.month) == (day.year + 3, day.month)
    assert due.day == day.day or (day.month, day.day, due.day) == (2, 29, 28)


def test_each_review_sets_the_next_and_the_third_must_be_reasoned() -> None:
    once = reviewed(known(), "2027-02-01")
    twice = reviewed(once, "2030-01-31")
    assert (twice.current.revision, twice.current.reviews, twice.current.review_due) == (3, 2, date(2033, 1, 31))
    assert refused(twice, "2033-01-30") == (422, ["reason-missing"])
    third = reviewed(twice, "2033-01-30", reason="still a risk")
    assert third.current.change is not None
    assert (third.current.reviews, third.current.change.reason) == (3, "still a risk")


def test_a_review_is_held_in_order_and_not_in_the_future() -> None:
    once = reviewed(known(), "2027-02-01")
    assert refused(once, "2027-01-31") == (409, ["out-of-order"])
    assert refused(known(), "2024-02-28") == (409, ["out-of-order"])
    assert refused(once, "2036-06-02") == (422, ["in-the-future"])
    assert refused(None, "2027-02-01") == (404, [])


def test_a_revoked_denial_counts_no_longer_and_is_not_reviewed() -> None:
    assert refused(known(), "2027-02-01", outcome=Outcome.REVOKED) == (422, ["reason-missing"])
    gone = reviewed(known(), "2027-02-01", outcome=Outcome.REVOKED, reason="end user left the sector")
    assert (gone.current.status, gone.current.review_due) == ("REVOKED", None)
    assert not is_overdue(gone.current, date(2099, 1, 1))
    assert refused(gone, "2028-02-01") == (409, ["revoked"])


def test_the_latest_review_again_is_a_repeat() -> None:
    once = reviewed(known(), "2027-02-01")
    assert review(once, Review("DN2024/0017", Outcome.RENEWED, date(2027, 2, 1), None, "o-1", NOW)).outputs == ()
    assert reviewed(once, "2027-02-01", actor="o-2").current.revision == 3


def test_overdue_is_from_the_day_after() -> None:
    assert [is_overdue(a_denial(), date(2027, 2, day)) for day in (27, 28)] == [False, False]
    assert is_overdue(a_denial(), date(2027, 3, 1))


def test_the_same_denial_again_is_a_repeat_and_another_conflicts() -> None:
    later = a_denial(RECORDED + timedelta(days=900), denied_at=None)
    first = Known(a_denial(denied_at=None), reviewed(known(), "2027-02-01").current)
    assert record(first, later, "/ref").outputs == ()
    with pytest.raises(Refused) as conflict:
        record(first, replace(later, end_use="other"), "row 7 reference")
    assert [(f.path, f.code) for f in conflict.value.faults] == [("row 7 reference", "ref-taken")]


def test_a_stored_denial_is_read_back_whole() -> None:
    gone = reviewed(known(), "2027-02-01", outcome=Outcome.REVOKED, reason="…").current
    assert denial_of(denial_content(gone)) == gone
    assert denial_of(denial_content(a_denial())) == a_denial()


def test_the_exchanged_table_is_read_with_what_it_leaves_open() -> None:
    first, catch_all, third = (denial for _, denial in read_denials(TABLE.encode(), RECORDED))
    assert (first.ref, first.notifying_state, first.destination) == ("DN2000/0000", "Country Name", None)
    assert first.parties[0].address == "1000 Street Name, City Name, Country Name"
    assert (catch_all.ref, catch_all.goods[0].control_code) == ("AB-XY-EF-900", None)
    assert (third.parties[0].role, third.parties[0].country, third.destination) == ("third_party", "IN", "IN")


def test_rows_of_one_reference_are_one_denial() -> None:
    rows = (
        HEADER + "D1,R1,One,a,DE,IN,2B204,press,use,risk,end_user\nD1,R1,Two,b,DE,IN,2B204,press,use,risk,consignee\n"
    )
    ((place, denial),) = read_denials(rows.encode(), RECORDED)
    assert (place, [p.name for p in denial.parties], len(denial.goods)) == ("row 2", ["One", "Two"], 1)


def test_a_denial_of_many_parties_takes_no_longer_for_each() -> None:
    rows = HEADER + "".join(f"D1,R1,Party {n},a,DE,IN,2B204,press,use,risk,end_user\n" for n in range(900))
    compared = 0

    class Counted(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    begun = Begun("row 2", _party(Counted("Party 0")))
    for n in range(1, 900):
        assert begun.joined(_party(Counted(f"Party {n}")), f"row {n + 2}") == []
    assert (len(begun.document["parties"]), len(begun.document["goods"])) == (900, 1)
    assert compared < 9_000
    ((_, denial),) = read_denials(rows.encode(), RECORDED)
    assert len(denial.parties) == 900


def _party(name: str) -> dict[str, Any]:
    return {"ref": "D1", "parties": [{"role": "end_user", "name": name}], "goods": [{"description": "press"}]}


@pytest.mark.parametrize(
    ("row", "paths"),
    [
        ("D2,R,One,a,DE,IN,2B204,press,use,risk,pirate", ["row 3 entity_type"]),
        (
            "D2,R,,a,,IN,2B204,,use,risk,end_user",
            ["row 3 notifying_government", "row 3 name", "row 3 item_description"],
        ),
        ("D2,R,One,a,DE,in,2B204,press,use,risk,end_user", ["row 3 country"]),
        (",,One,a,DE,IN,2B204,press,use,risk,end_user", ["row 3 reference"]),
        ("D1,R,One,a,DE,IN,2B204,press,other,risk,end_user", ["row 3 end_use"]),
        ("D2,R,One", ["row 3"]),
    ],
)
def test_a_bad_row_is_named_with_its_column(row: str, paths: list[str]) -> None:
    text = HEADER + "D1,R,One,a,DE,IN,2B204,press,use,risk,end_user\n" + row + "\n"
    with pytest.raises(Refused) as error:
        read_denials(text.encode(), RECORDED)
    assert error.value.status == 422
    assert set(paths) <= {fault.path for fault in error.value.faults}


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (HEADER + text).encode(errors="replace")))
def test_whatever_is_sent_is_read_or_refused(body: bytes) -> None:
    with suppress(Refused):
        assert read_denials(body, RECORDED) is not None


@pytest.mark.parametrize(
    ("table", "code"),
    [(HEADER + "\nx" * 300_000, "too-many"), (HEADER.rstrip("\n") + ",x" * 100 + "\n", "columns")],
)
def test_no_more_is_read_of_a_table_than_refuses_it(table: str, code: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(Refused) as error:
            read_denials(table.encode(), RECORDED)
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert error.value.faults[0].code == code
