"""Files of codes: what they say, and the row and column of what is wrong with them."""

from collections.abc import Callable
from datetime import date

import pytest

from services.core.codes import SHAPES, version_of
from services.core.errors import Refused
from services.core.messages import ListedCode
from services.runtime.codes.bundled import bundled
from services.runtime.codes.rows import as_rows, from_csv, from_json, from_rows

Read = Callable[[str, bytes], tuple[ListedCode, ...]]


def refusal(read: Read, name: str, body: str | bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        read(name, body.encode() if isinstance(body, str) else body)
    return refused.value


def faults(body: str, name: str = "units", read: Read = from_csv) -> list[tuple[str, str]]:
    found = refusal(read, name, body)
    assert found.status == 422
    return [(fault.path, fault.code) for fault in found.faults]


def test_a_csv_file_is_read_by_its_header_and_sorted() -> None:
    body = 'name,code,valid_from,grams_power_of_ten\n"kilogram, mass",KGM,,3\ngram,GRM,2020-01-01,0\n\n'
    assert from_csv("units", b"\xef\xbb\xbf" + body.encode()) == (
        ListedCode(code="GRM", valid_from=date(2020, 1, 1), name="gram", grams_power_of_ten=0),
        ListedCode(code="KGM", name="kilogram, mass", grams_power_of_ten=3),
    )


def test_json_says_the_same_as_csv() -> None:
    body = b'{"codes": [{"code": "X060", "name": "individual", "valid_from": "2021-09-09", "cites_licence": true}]}'
    csv = b"code,name,valid_from,cites_licence\nX060,individual,2021-09-09,yes\n"
    assert from_json("document-types", body) == from_csv("document-types", csv)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("kgm,x,,,", [("/0/code", "code.shape")]),
        ("KGM,,,,", [("/0/name", "value.missing")]),
        (",x,,,", [("/0/code", "value.missing")]),
        ("KGM,x,,,\nGRM,x,2026-02-30,,", [("/1/valid_from", "date.invalid")]),
        ("KGM,x,20260101,,", [("/0/valid_from", "date.invalid")]),
        ("KGM,x,2026-01-02,2026-01-01,", [("/0/valid_to", "period.inverted")]),
        ("KGM,x,,,3.5", [("/0/grams_power_of_ten", "number.invalid")]),
        ("KGM,x,,,3,more", [("/0/", "column.unknown")]),
        ("KGM,x\a,,,", [("/0/name", "text.invalid")]),
        ("KGM,x,,2025-12-31,\nGRM,g,,,\nKGM,x,2025-12-31,,", [("/2/valid_from", "period.overlaps")]),
    ],
)
def test_each_fault_has_its_row_and_column(rows: str, expected: list[tuple[str, str]]) -> None:
    found = faults("code,name,valid_from,valid_to,grams_power_of_ten\n" + rows)
    assert [(path.rstrip("/"), code) for path, code in found] == [(p.rstrip("/"), c) for p, c in expected]


def test_all_faults_are_told_up_to_a_hundred() -> None:
    assert len(faults("code,name\n" + "x,y\n" * 99)) == 99
    assert len(faults("code,name\n" + "x,y\n" * 300)) == 100


def test_periods_that_follow_each_other_are_one_code_twice() -> None:
    codes = from_csv("units", b"code,name,valid_from,valid_to\nKGM,new,2026-01-01,\nKGM,old,,2025-12-31\n")
    assert [code.name for code in codes] == ["old", "new"]


@pytest.mark.parametrize(
    ("read", "body", "status"),
    [
        (from_csv, b"code,name\n\xff,x\n", 400),
        (from_csv, b'code,name\n"KGM,x\n', 400),
        (from_csv, b"", 422),
        (from_csv, b"code,title\n", 422),
        (from_csv, b"code,name,code\n", 422),
        (from_json, b"[", 400),
        (from_json, b'{"rows": []}', 422),
        (from_json, b'[["KGM"]]', 422),
        (from_json, b'[{"code": 10, "name": "x"}]', 422),
        (from_json, b'[{"code": "KGM", "name": "x", "grams_power_of_ten": {}}]', 422),
    ],
)
def test_what_is_no_list_is_refused(read: Read, body: bytes, status: int) -> None:
    assert refusal(read, "units", body).status == status


@pytest.mark.parametrize("name", SHAPES)
def test_a_bundled_list_reads_the_same_from_what_is_shown_of_it(name: str) -> None:
    stated = bundled(name)
    assert from_rows(name, as_rows(name, stated.codes)) == stated.codes
    assert version_of(stated.codes, complete=stated.complete) == stated.version
    assert version_of(stated.codes, complete=not stated.complete) != stated.version


def test_every_bundled_code_has_its_source_and_day() -> None:
    assert [code for name in SHAPES for code in bundled(name).codes if not code.source or not code.dated] == []
