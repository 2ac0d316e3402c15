"""Positions of the stream and cursors of the lists."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.adapters.search import Cursor
from services.alerting.adapters.tail import Place


@given(st.dictionaries(st.integers(0, 99), st.integers(0, 10**15), min_size=1))
def test_a_position_reads_back(seen: dict[int, int]) -> None:
    assert Place.parse(str(Place(seen))) == Place(seen)


def test_a_position_moves_in_one_partition_only() -> None:
    assert str(Place({0: 4, 1: 9}).past(1, 10)) == "0.4-1.10"


@pytest.mark.parametrize("text", ["", "7", "0.1-", "0.1,1.2", "a.b", "-1.2", "0.1\n"])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="position"):
        Place.parse(text)


def test_a_cursor_reads_back() -> None:
    cursor = Cursor(datetime(2026, 3, 2, 9, 0, 0, 123, tzinfo=UTC), "00ff")
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "x", "AAAA", "MjAyNi0wMy0wMnxh", "w6k="])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"next|isoformat"):
        Cursor.parse(text)
