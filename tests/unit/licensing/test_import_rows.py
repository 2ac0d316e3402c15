"""Licences as lines of JSON and as CSV: what is read, and where each fault stands."""

import json
from io import BytesIO
from typing import Any

import pytest

from services.core.errors import Refused
from services.licensing.adapters.answers import now
from services.licensing.adapters.faults import Authorities
from services.licensing.adapters.import_columns import COLUMNS, example
from services.licensing.adapters.import_rows import ENTRIES, FileEntry
from services.licensing.adapters.issuing import issuing_document
from services.licensing.handlers import IssueLicence
from tests.builders_licensing import LICENCE, changed

AUTHORITIES = Authorities(lambda authority: "Europe/Brussels" if authority == "BE-VLG" else None, lambda _: 3)
ROW = dict(zip(*(line.split(",") for line in example().splitlines()), strict=True))


def table(*rows: dict[str, str]) -> bytes:
    lines = [",".join(COLUMNS)] + [",".join(row.get(name, "") for name in COLUMNS) for row in rows]
    return "\r\n".join(lines).encode()


def read(media_type: str, body: bytes, first_line: int | None = None) -> list[FileEntry]:
    return list(ENTRIES[media_type](BytesIO(body), first_line))


def judged(entry: FileEntry) -> Any:
    """What is asked of the register, or each fault with the place it stands at."""
    if isinstance(entry.document, Refused):
        return [(fault.path, fault.code) for fault in entry.document.faults]
    try:
        return issuing_document(entry.document, AUTHORITIES, now())
    except Refused as refused:
        return [(entry.place(fault.path), fault.code) for fault in refused.faults]


def test_a_row_of_the_template_is_the_licence_that_its_fields_are_as_json() -> None:
    (entry,) = read("text/csv", example().encode())
    document = {
        **LICENCE,
        "ref": "VL/2026/000200",
        "holder": {"eori": "BE0314595348"},
        "end_users": [],
        "requires": {"federal_authorisation": True},
    }
    asked, same = judged(entry), issuing_document(document, AUTHORITIES, now())
    assert isinstance(asked, IssueLicence)
    assert asked.licence.lines == same.licence.lines
    assert asked.licence.consignees == same.licence.consignees
    assert asked.licence.requires == same.licence.requires


def test_rows_of_one_reference_are_one_licence_with_a_line_each_and_all_its_parties() -> None:
    second = {**ROW, "line": "2", "consignee_name": "Other Works"}
    third = {"ref": ROW["ref"], **{name: ROW[name] for name in ("description", "control_code", "basis", "unit")}}
    third |= {"line": "3", "quantity": "1", "value": "5.00", "currency": "EUR", "basis": "both"}
    other = {**ROW, "ref": "VL/2026/000124"}
    one, two = read("text/csv", table(ROW, second, third, other))
    licence = judged(one).licence
    assert [line.line for line in licence.lines] == [1, 2, 3]
    assert [party.name for party in licence.consignees] == ["Bharat Forge", "Other Works"]
    assert (one.line, two.line, judged(two).licence.ref) == (2, 5, "VL/2026/000124")


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([{**ROW, "quantity": "-1"}], ("row 2 quantity", "quantity-not-positive")),
        ([ROW, {**ROW, "line": "2", "unit": "?"}], ("row 3 unit", "unit")),
        ([ROW, {**ROW, "line": "two"}], ("row 3 line", "int-type")),
        ([ROW, {**ROW, "line": "2", "valid_to": "2027-01-01"}], ("row 3 valid_to", "differs")),
        ([{**ROW, "holder_eori": "BE 1"}], ("row 2 holder_eori", "eori")),
        ([{**ROW, "holder_eori": ""}], ("row 2 holder", "missing")),
        ([{**ROW, "federal_authorisation": "yes"}], ("row 2 federal_authorisation", "bool-type")),
        ([{**ROW, "destinations": "IN XX1"}], ("row 2 destinations", "country")),
        (
            [ROW, {**ROW, "line": "2", "consignee_name": "B", "consignee_country": "X"}],
            ("row 3 consignee_country", "country"),
        ),
        ([{**ROW, "control_code": "2B888"}], ("row 2 control_code", "control-code-unknown")),
        ([{**ROW, "authority": "FR"}], ("row 2 authority", "authority-unknown")),
        ([{**ROW, "valid_to": "2036-01-14"}], ("row 2 valid_to", "validity-too-long")),
        ([{**ROW, "ref": ""}], ("row 2 ref", "missing")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_fault_stands_at_its_row_and_column(rows: list[dict[str, str]], fault: tuple[str, str]) -> None:
    (entry,) = read("text/csv", table(*rows))
    assert fault in judged(entry)


def test_rows_are_numbered_as_the_lines_of_the_file_also_when_a_cell_has_several() -> None:
    body = table({**ROW, "description": '"isostatic\npress, large"'}, {}, {**ROW, "ref": "B"})
    assert [entry.line for entry in read("text/csv", body)] == [2, 5]
    assert [entry.line for entry in read("text/csv", body, first_line=1000)] == [1000, 1003]


@pytest.mark.parametrize(
    ("body", "status", "fault"),
    [
        (b"ref,type\r\n", 422, "row 1"),
        (table().replace(b"basis", b"base"), 422, "row 1 base"),
        (table(ROW) + b'\r\nB,"x"y\r\n', 400, "row 3"),
        (table(ROW) + b"\r\nB\xff\r\n", 400, "row 3"),
    ],
)
def test_what_is_no_table_of_licences_ends_the_reading(body: bytes, status: int, fault: str) -> None:
    with pytest.raises(Refused) as refused:
        read("text/csv", body)
    assert refused.value.status == status
    assert fault in [one.path for one in refused.value.faults]


def test_a_row_with_other_cells_than_the_header_refuses_its_licence_alone() -> None:
    one, two = read("text/csv", table(ROW) + b",more\r\n" + table({**ROW, "ref": "B"}).split(b"\r\n")[1])
    assert judged(one) == [("row 2", "cells")]
    assert isinstance(judged(two), IssueLicence)


def test_lines_of_json_are_judged_as_the_door_does_and_numbered_from_the_first() -> None:
    good, bad = json.dumps(LICENCE), json.dumps(changed(LICENCE, lines=[{**LICENCE["lines"][0], "quantity": "0"}]))
    entries = read("application/x-ndjson", f"{good}\n\n{bad}\n{{\n[]\n".encode(), first_line=7)
    assert [entry.line for entry in entries] == [7, 9, 10, 11]
    assert isinstance(judged(entries[0]), IssueLicence)
    assert judged(entries[1]) == [("/lines/0/quantity", "quantity-not-positive")]
    assert judged(entries[2]) == [("line 10, column 2", "json-invalid")]
    assert [code for _, code in judged(entries[3])] == ["model-type"]


@pytest.mark.parametrize("body", [b'{"ref": "\\ud800"}', b'{"\\ud800": 1}', b'{"lines": [{"\\ud800": 1}]}'])
def test_half_of_a_surrogate_pair_refuses_its_line_in_words_that_can_be_sent(body: bytes) -> None:
    wrong, right = read("application/x-ndjson", body + b"\n" + json.dumps({"ref": "\U0001f600"}).encode())
    assert isinstance(wrong.document, Refused)
    assert wrong.document.status == 400
    assert right.document == {"ref": "\U0001f600"}


def test_a_header_of_any_length_is_refused_at_once() -> None:
    with pytest.raises(Refused) as refusal:
        read("text/csv", b"ref," * 200_000 + b"\r\n")
    assert [fault.code for fault in refusal.value.faults] == ["columns"]


def test_of_a_licence_no_more_rows_are_kept_than_refuse_it() -> None:
    rows = [ROW | {"line": str(n % 999 + 1), "consignee_name": f"Consignee {n}"} for n in range(3_000)]
    entry, after = read("text/csv", table(*rows, ROW | {"ref": "VL/2026/000201"}))
    assert len(entry.document["lines"]) == 1_000
    assert (f"row {entry.line} lines", "too-long") in judged(entry)
    assert after.line == 3_002
