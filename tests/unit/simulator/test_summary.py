"""The summary on a terminal, and as JSON."""

import json
from dataclasses import replace
from io import StringIO

from rich.console import Console

from services.simulator.expectations import Difference
from services.simulator.summary import MOST_SHOWN, Summary

COLUMNS = {
    "authorised": "40000000.25",
    "reserved": "13132.7",
    "consumed": "1563800.03",
    "exited": "108120.92",
    "available": "-153.125",
}
SUMMARY = Summary(
    seed=2026,
    licences=2,
    refusals=11,
    reports=2,
    dossiers=1,
    messages_in={"total": 12, "by_format": {"aes": 5, "json": 7}, "by_answer": {"accepted": 11, "repeated": 1}},
    declarations=4,
    verdicts={"covered": 2, "refused": 1, "not_controlled": 1},
    balances={
        "VL/2026/026001": [{"line": 1, "unit": "KGM", "currency": "EUR", "quantity": COLUMNS, "value": COLUMNS}],
        "VL/2026/026041": [{"line": 2, "unit": None, "currency": "EUR", "quantity": None, "value": COLUMNS}],
    },
    alerts_by_code={"quantity.overrun": 3},
    duplicates_ignored=1,
    malformed_refused=2,
    message_to_alert_ms={"p50": 104.6, "p99": None},
    wall_seconds=13.48,
    phases_seconds={"licences": 0.5},
    urls={"api": "http://127.0.0.1:8000"},
)


def _shown(summary: Summary) -> str:
    text = StringIO()
    Console(file=text, width=80).print(summary.rendered())
    return text.getvalue()


def test_every_figure_is_readable_on_eighty_columns() -> None:
    text = _shown(SUMMARY)
    assert "…" not in text
    assert all(figure in text for figure in COLUMNS.values())
    assert "VL/2026/026041 2" in text
    assert "105 ms, -" in text
    assert "Everything came out as planned." in text


def test_an_open_line_shows_no_ceiling() -> None:
    line = {"line": 1, "unit": "NAR", "quantity": {**COLUMNS, "authorised": None, "available": None}, "value": None}
    row = next(row for row in _shown(replace(SUMMARY, balances={"VL/1": [line]})).splitlines() if "VL/1" in row)
    assert row.split() == ["VL/1", "NAR", "-", "13132.7", "1563800.03", "108120.92", "-"]


def test_differences_are_shown_with_both_sides_and_counted_beyond_the_first() -> None:
    many = tuple(Difference(f"verdict of {place}", "covered", "refused") for place in range(MOST_SHOWN + 5))
    text = _shown(replace(SUMMARY, differences=many))
    assert f"{MOST_SHOWN + 5} differences" in text
    assert f"verdict of {MOST_SHOWN - 1} " in text
    assert f"verdict of {MOST_SHOWN} " not in text
    assert "planned." not in text


def test_the_summary_is_one_json_object_that_says_all_or_lists_the_differences() -> None:
    assert json.loads(json.dumps(SUMMARY.body()))["expected_outcomes"] == "all"
    failed = replace(SUMMARY, differences=(Difference("alert", "one", "none"),)).body()
    assert failed["expected_outcomes"] == [{"what": "alert", "expected": "one", "came": "none"}]
