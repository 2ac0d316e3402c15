"""Stretches of a text without a mark."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.body import MOST_TOGETHER, Malformed, parse_json
from services.runtime.stretches import stretches


@given(st.text(alphabet="ab<", max_size=60), st.integers(1, 12))
def test_all_of_them_are_found_and_no_other(text: str, longest: int) -> None:
    found = [text[begin:end] for begin, end in stretches(text, "<", longest)]
    assert found == [part for part in text.split("<") if len(part) > longest]


def test_values_that_stand_together_are_refused_where_they_begin() -> None:
    many = ",".join(["1"] * (MOST_TOGETHER + 2))
    with pytest.raises(Malformed, match=f"more than {MOST_TOGETHER} values") as refused:
        parse_json(f'{{"a": {{}},\n"b": [{many}]}}'.encode())
    assert (refused.value.line, refused.value.column) == (1, 9)


def test_as_many_in_objects_of_their_own_are_not() -> None:
    apart = ",".join(["{}"] * (2 * MOST_TOGETHER))
    assert len(parse_json(f"[{apart}]".encode())) == 2 * MOST_TOGETHER
