"""The columns of licences as CSV, and the document that the rows of one licence give.

A cell is a field of `POST /v1/licences`, as text; an empty one is a field that is not there. What a licence has once
stands in its first row, and further rows repeat it or leave it empty. Consignees and end users are those of all rows.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.core.errors import Fault, Refused

ONCE, CONSIGNEES, END_USERS, LINES = "", "consignees", "end_users", "lines"


@dataclass(frozen=True, slots=True)
class Column:
    """Where a cell goes: `part` is the list it belongs to, `path` the field there."""

    name: str
    part: str
    path: tuple[str, ...]
    read: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Row:
    """Cells, and the line of the file they begin on."""

    line: int
    cells: tuple[str, ...]


def _text(cell: str) -> str:
    return cell


def _words(cell: str) -> list[str]:
    return cell.replace(";", " ").split()


def _flag(cell: str) -> bool | str:
    return {"true": True, "false": False}.get(cell.lower(), cell)


def _number(cell: str) -> int | str:
    return int(cell) if cell.isascii() and cell.isdecimal() and len(cell) < 10 else cell


def _columns(part: str, prefix: str, names: str, read: Callable[[str], Any] = _text) -> Iterable[Column]:
    return (Column(prefix + name, part, (name,), read) for name in names.split())


def _under(field: str, prefix: str, names: str, read: Callable[[str], Any] = _text) -> Iterable[Column]:
    return (Column(prefix + name, ONCE, (field, name), read) for name in names.split())


COLUMNS: Final[Mapping[str, Column]] = {
    column.name: column
    for column in (
        *_columns(ONCE, "", "ref type authority"),
        *_under("holder", "holder_", "eori name address country"),
        *_columns(CONSIGNEES, "consignee_", "name address country eori"),
        *_columns(END_USERS, "end_user_", "name country kind end_use"),
        *_columns(ONCE, "", "destinations procedures", _words),
        *_columns(ONCE, "", "valid_from valid_to"),
        *_under("requires", "", "federal_authorisation end_use_certificate state_guarantee", _flag),
        *_columns(LINES, "", "line", _number),
        *_columns(LINES, "", "description control_code"),
        *_columns(LINES, "", "commodity_codes", _words),
        *_columns(LINES, "", "basis quantity unit value currency tolerance"),
        *_columns(LINES, "", "technical_specification end_use cas_number country_of_origin"),
        *_columns(ONCE, "", "general registered_at first_use_notified_at"),
        *_columns(ONCE, "", "excluded_destinations excluded_items", _words),
        *_columns(ONCE, "", "replaces contact country_of_consignment country_of_location country_of_entry"),
        *_columns(ONCE, "", "additional_information actor reason legal_basis"),
    )
}
MOST_COLUMNS: Final = 200
"""Each that is not known or there twice is told, but not of a row that is no header at all."""
REQUIRED: Final = ("ref", "type", "authority", "valid_from", "line", "description", "control_code", "basis")
_NAMED: Final = {(column.part, column.path): column.name for column in COLUMNS.values()}
_EXAMPLE: Final = {
    "ref": "VL/2026/000200",
    "type": "individual",
    "authority": "BE-VLG",
    "holder_eori": "BE0314595348",
    "consignee_name": "Bharat Forge",
    "consignee_country": "IN",
    "destinations": "IN",
    "procedures": "10",
    "valid_from": "2026-01-15",
    "valid_to": "2028-01-14",
    "federal_authorisation": "true",
    "line": "1",
    "description": "isostatic press",
    "control_code": "2B204",
    "commodity_codes": "847983",
    "basis": "both",
    "quantity": "2",
    "unit": "NAR",
    "value": "250000.00",
    "currency": "EUR",
}


def example() -> str:
    """A table with all columns and one licence."""
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    writer.writerow(_EXAMPLE)
    return table.getvalue()


class Header:
    """The columns of one table. Refused 422 when it has one that is not known, one twice, or lacks one."""

    def __init__(self, row: Row) -> None:
        names = [name.strip() for name in row.cells]
        if len(names) > MOST_COLUMNS:
            fault = Fault("row 1", "columns", f"{len(names)} columns, there are {len(COLUMNS)}")
            raise Refused(422, "The columns are not those of licences", (fault,))
        missing = [name for name in REQUIRED if name not in names]
        faults = [Fault("row 1", "column-missing", f"there is no column {name}") for name in missing]
        for place, name in enumerate(names):
            if name not in COLUMNS:
                faults.append(Fault(f"row 1 {name}", "column-unknown", "see `tolbrug licence template`"))
            elif name in names[:place]:
                faults.append(Fault(f"row 1 {name}", "column-repeated", "it is there twice"))
        if faults:
            raise Refused(422, "The columns are not those of licences", tuple(faults))
        self._ref = names.index("ref")
        self.columns = tuple(COLUMNS[name] for name in names)

    def ref(self, row: Row) -> str:
        """What rows are joined by."""
        return row.cells[self._ref].strip() if len(row.cells) > self._ref else ""


def joined(header: Header, rows: Sequence[Row]) -> tuple[dict[str, Any] | Refused, Callable[[str], str]]:
    """The document of a licence, or why there is none; and row and column that a JSON pointer into it stands for."""
    document: dict[str, Any] = {"lines": []}
    made: dict[str, list[int]] = {CONSIGNEES: [], END_USERS: [], LINES: []}
    faults: list[Fault] = []
    for row in rows:
        if len(row.cells) != len(header.columns):
            detail = f"the header names {len(header.columns)} cells, here are {len(row.cells)}"
            faults.append(Fault(f"row {row.line}", "cells", detail))
            continue
        faults += _add(document, made, header, row, first=row is rows[0])

    def place(pointer: str) -> str:
        return _place(pointer.split("/")[1:], made, rows[0].line)

    refused = Refused(422, "The rows do not make one licence", tuple(faults)) if faults else None
    return refused or document, place


def _add(
    document: dict[str, Any], made: Mapping[str, list[int]], header: Header, row: Row, *, first: bool
) -> Iterable[Fault]:
    parts: dict[str, dict[str, Any]] = {CONSIGNEES: {}, END_USERS: {}, LINES: {}}
    for column, cell in zip(header.columns, row.cells, strict=True):
        if not (text := cell.strip()):
            continue
        value = column.read(text)
        if column.part:
            parts[column.part][column.path[0]] = value
            continue
        inside = document
        for step in column.path[:-1]:
            inside = inside.setdefault(step, {})
        if first:
            inside[column.path[-1]] = value
        elif inside.get(column.path[-1]) != value:
            yield Fault(f"row {row.line} {column.name}", "differs", f"not as in the first row of {document.get('ref')}")
    for part, fields in parts.items():
        listed = document.setdefault(part, [])
        if part == LINES or (fields and fields not in listed):
            listed.append(fields)
            made[part].append(row.line)


def _place(steps: list[str], made: Mapping[str, list[int]], first: int) -> str:
    """A fault of a field that no column gives keeps its name; one of a whole part is at its row."""
    part = steps[0] if steps and steps[0] in made else ONCE
    if not part:
        name = next((_NAMED[ONCE, tuple(steps[:n])] for n in (2, 1) if (ONCE, tuple(steps[:n])) in _NAMED), None)
        return " ".join(filter(None, (f"row {first}", name or "/".join(steps))))
    if len(steps) < 2 or not steps[1].isdecimal() or int(steps[1]) >= len(made[part]):
        return f"row {first} {part}"
    field = _NAMED.get((part, tuple(steps[2:3])), "/".join(steps[2:]))
    return f"row {made[part][int(steps[1])]} {field}".strip()
