"""Annex I as data: what is in it, how it is found, and what is said of a code that is not."""

import json
from datetime import date

import pytest

from services.licensing.adapters.control_list import bundled, in_force
from tests.builders_licensing import LICENCE, changed
from tests.unit.licensing.test_licence_body import faults, post


def test_the_annex_has_its_384_entries_with_source_version_and_hash() -> None:
    stated = bundled()
    assert len(stated.entries) == 384
    assert (stated.version, len(stated.sha256)) == ("02021R0821-20251115", 64)
    assert stated.items["2B204.b"].startswith("Dies, moulds and controls")


@pytest.mark.parametrize(
    ("text", "first"),
    [("2B204", "2B204"), ("2b204.B", "2B204.b"), ("isostatic dies", "2B204.b"), ("no such word", None)],
)
def test_items_are_found_by_code_and_by_words(text: str, first: str | None) -> None:
    found = [code for code, _ in bundled().search(text, "", 10)]
    assert (first in found) if first else found == []


def test_pages_go_to_the_end_without_a_gap() -> None:
    stated, after, seen = bundled(), "", list[str]()
    while page := stated.search("2B2", after, 7):
        seen += [code for code, _ in page]
        after = seen[-1]
    assert seen == sorted(code for code in stated.items if code.startswith("2B2"))


@pytest.mark.parametrize(
    ("code", "known"), [("2B204.a.1", True), ("2B205", False), ("2B204.z", False), ("6A903", True)]
)
async def test_a_licence_names_entries_that_exist(code: str, *, known: bool) -> None:
    document = changed(LICENCE, lines=[{**LICENCE["lines"][0], "control_code": code}])
    if known:
        assert (await post("/v1/licences", json.dumps(document))).status_code == 201
    else:
        assert await faults(document) == [["/lines/0/control_code", "control-code-unknown"]]


def test_what_is_nearest_is_told() -> None:
    assert "2B204" in bundled().nearest("2B205")
    assert bundled().nearest("2B204.z") == ["2B204", "2B204.a", "2B204.b"]


def test_before_the_first_version_there_is_none() -> None:
    assert in_force(date(2025, 11, 14)) is None
    assert in_force(date(2025, 11, 15)) == bundled()
