"""Refused exports as they were published, and the vocabulary of their grounds."""

from importlib.resources import files
from typing import Any

import pytest

from services.core.errors import Refused
from services.licensing.adapters.bodies import RefusalBody
from services.licensing.adapters.faults import refusal_faults
from services.licensing.adapters.refusal_table import GROUNDS as PUBLISHED
from services.licensing.adapters.refusal_table import read_refusals
from services.licensing.domain.grounds import GROUNDS, parse_ground

HEADER = "goods,years,count,value_eur,destinations,ground\n"


def published() -> list[dict[str, Any]]:
    return read_refusals(
        files("services.simulator").joinpath("data/refusals-2007-2017.csv").read_text(encoding="utf-8"), "BE-VLG"
    )


def test_every_published_refusal_is_one_that_the_door_takes() -> None:
    bodies = published()
    assert len(bodies) == 11
    assert all(refusal_faults(RefusalBody.model_validate(body)) == () for body in bodies)
    assert len({body["ref"] for body in bodies}) == 11


def test_the_press_of_2017_keeps_its_three_grounds_and_its_value() -> None:
    (press,) = [body for body in published() if body["ref"].startswith("REF/2017/")]
    assert press["grounds"] == ["no-federal-authorisation", "end-use", "diversion-risk"]
    assert (press["destination"], press["goods"][0]["control_code"]) == ("IN", "2B204")
    assert press["goods"][0]["value"] == "1150000"


def test_a_row_of_several_years_is_one_refusal_each_and_its_total_stands_once() -> None:
    presses = [body for body in published() if body["goods"][0]["description"] == "Isostatic presses"]
    assert [body["decided_at"][:4] for body in presses] == ["2011", "2012", "2012", "2012", "2013"]
    assert [body["destination"] for body in presses] == ["IN", "CN", "TW", "TW", "TW"]
    assert [body["goods"][0]["value"] for body in presses] == ["2773500", None, None, None, None]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("press,2017,1,x,IN,unknown", ("row 3 value_eur", "value_eur")),
        ("press,17,1,5,IN,unknown", ("row 3 years", "year")),
        ("press,2017,2,5,IN,unknown", ("row 3 count", "count")),
        ("press,2017,1,5,IN;CN,unknown", ("row 3 destinations", "too-many")),
        ("press,2017,1,5,India,unknown", ("row 3 destinations", "destinations")),
        ("press,2017,1,5,IN,because", ("row 3 ground", "ground")),
        (",2017,1,5,IN,unknown", ("row 3 goods", "missing")),
        ("press,2017,1,5,IN,unknown,more", ("row 3", "too-many")),
    ],
)
def test_a_bad_row_is_named_with_its_column(row: str, fault: tuple[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        read_refusals(HEADER + "press,2016,1,5,IN,unknown\n" + row + "\n", "BE-VLG")
    assert [(f.path, f.code) for f in refused.value.faults] == [fault]


def test_a_table_without_a_column_says_which() -> None:
    with pytest.raises(Refused) as refused:
        read_refusals("goods,years\n", "BE-VLG")
    assert "ground" in refused.value.faults[0].detail


def test_the_vocabulary_has_the_eight_criteria_and_every_ground_its_source() -> None:
    assert [f"criterion-{number}" for number in range(1, 9)] == [c for c in GROUNDS if c.startswith("criterion")]
    assert all(ground.meaning and ground.source for ground in GROUNDS.values())
    assert {code for codes in PUBLISHED.values() for code in codes} <= set(GROUNDS)


def test_a_ground_outside_the_vocabulary_is_refused() -> None:
    assert parse_ground("diversion-risk") == "diversion-risk"
    with pytest.raises(ValueError, match="criterion-1"):
        parse_ground("just-because")
