"""From a file of codes to a version of a list; every fault with its row.

CSV has a header; JSON is an array of objects with the same names. `code` and `name` are required; `valid_from` and
`valid_to` (inclusive), `source`, `dated`, for document types `cites_licence` (yes or no), for units
`grams_power_of_ten` may be left out.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any, Final

from services.core.codes import DOCUMENT_TYPES, SHAPES, UNITS
from services.core.errors import Fault, Refused
from services.core.messages import ListedCode
from services.runtime.body import Malformed, parse_json

COMMON: Final = ("code", "valid_from", "valid_to", "name", "source", "dated")
EXTRA: Final[Mapping[str, str]] = {DOCUMENT_TYPES: "cites_licence", UNITS: "grams_power_of_ten"}
MOST_ROWS = 50_000
_MOST_FAULTS = 100
_LONGEST = 512
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_POWER = re.compile(r"-?[0-9]|-?1[0-2]")
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


@dataclass(slots=True)
class _Rows:
    """Rows that are read, and what is wrong with them. Filled while reading: hence not frozen."""

    name: str
    codes: list[tuple[int, ListedCode]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, row: int, column: str, code: str, detail: str) -> None:
        """`row` counts from 1; the path is that of the JSON array, the detail names the line of the file."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(Fault(f"/{row - 1}" + (f"/{column}" if column else ""), code, f"row {row}: {detail}"))


def from_csv(name: str, body: bytes) -> tuple[ListedCode, ...]:
    """The codes of a CSV file, sorted. Refused 422 with each fault, 400 when it is not UTF-8."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(400, "The list is not UTF-8", (Fault("", "csv.characters", str(error)),)) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _known_columns(name, header)
        rows = [dict(zip(header, cells, strict=False)) | _surplus(header, cells) for cells in reader if cells]
    except csv.Error as error:
        fault = Fault("", "csv.malformed", f"line {reader.line_num}: {error}")
        raise Refused(400, "The list is not CSV", (fault,)) from None
    return from_rows(name, rows)


def _surplus(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return {"": ",".join(cells[len(header) :])} if len(cells) > len(header) else {}


def _known_columns(name: str, header: Sequence[str]) -> None:
    known = columns(name)
    missing = [column for column in ("code", "name") if column not in header]
    strange = [column for column in header if column not in known or header.count(column) > 1]
    if missing or strange:
        detail = f"the columns are {', '.join(known)}; missing: {missing}, not known or repeated: {strange}"
        raise Refused(422, "The list is not acceptable", (Fault("", "csv.header", detail),))


def columns(name: str) -> tuple[str, ...]:
    """The columns of a list, in order."""
    return (*COMMON, EXTRA[name]) if name in EXTRA else COMMON


def from_json(name: str, body: bytes) -> tuple[ListedCode, ...]:
    """The codes of a JSON array, or of an object with one under `codes`, sorted. Refused 400 or 422 with each fault."""
    try:
        read = parse_json(body, "utf-8-sig")
    except Malformed as error:
        raise Refused(400, "The list is not JSON", (Fault("", "json.malformed", str(error)),)) from None
    rows = read.get("codes") if isinstance(read, dict) else read
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        fault = Fault("", "json.rows", "an array of objects, one for each code, is expected")
        raise Refused(422, "The list is not acceptable", (fault,))
    return from_rows(name, rows)


def from_rows(name: str, rows: Sequence[Mapping[str, Any]]) -> tuple[ListedCode, ...]:
    """The codes, sorted by code and first day. Refused 422 when one is wrong, or the periods of one overlap."""
    read = _Rows(name)
    if len(rows) > MOST_ROWS:
        read.fault(MOST_ROWS + 1, "", "list.too-long", f"a list has at most {MOST_ROWS} rows")
    for number, row in enumerate(rows[:MOST_ROWS], 1):
        _read_row(read, number, row)
    codes = _sorted(read)
    if read.faults:
        raise Refused(422, "The list is not acceptable", tuple(read.faults))
    return codes


def _read_row(read: _Rows, number: int, row: Mapping[str, Any]) -> None:
    before = len(read.faults)
    for column in sorted(row.keys() - set(columns(read.name))):
        read.fault(number, column, "column.unknown", f"{column or 'a cell without a column'} is not known")
    code = _text(read, number, row, "code")
    if code and not SHAPES[read.name].fullmatch(code):
        read.fault(number, "code", "code.shape", f"{code!r} is not a code of {read.name}")
    name = _text(read, number, row, "name")
    first, last = _date(read, number, row, "valid_from"), _date(read, number, row, "valid_to")
    if first and last and last < first:
        read.fault(number, "valid_to", "period.inverted", f"{last} is before {first}")
    source, dated = _text(read, number, row, "source", needed=False), _date(read, number, row, "dated")
    cites, power = _cites(read, number, row), _power(read, number, row)
    if len(read.faults) == before and code and name:
        made = ListedCode(
            code=code,
            valid_from=first,
            valid_to=last,
            name=name,
            source=source,
            dated=dated,
            cites_licence=cites,
            grams_power_of_ten=power,
        )
        read.codes.append((number, made))


def _text(read: _Rows, number: int, row: Mapping[str, Any], column: str, *, needed: bool = True) -> str | None:
    given = row.get(column)
    text = given.strip() if isinstance(given, str) else "" if given is None else None
    if text is None or len(text) > _LONGEST or not text.isprintable():
        read.fault(number, column, "text.invalid", f"{column} is text of at most {_LONGEST} printable characters")
        return None
    if needed and not text:
        read.fault(number, column, "value.missing", f"{column} is missing")
    return text or None


def _date(read: _Rows, number: int, row: Mapping[str, Any], column: str) -> date | None:
    text = _text(read, number, row, column, needed=False)
    if text is None:
        return None
    try:
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        read.fault(number, column, "date.invalid", f"{column} is a day such as 2026-01-15, not {text[:40]!r}")
        return None


def _cites(read: _Rows, number: int, row: Mapping[str, Any]) -> bool:
    given = row.get("cites_licence")
    value = given if isinstance(given, bool) else _YES.get("" if given is None else str(given).strip().lower())
    if value is None:
        read.fault(number, "cites_licence", "flag.invalid", f"cites_licence is yes or no, not {str(given)[:40]!r}")
    return bool(value)


def _power(read: _Rows, number: int, row: Mapping[str, Any]) -> int | None:
    given = row.get("grams_power_of_ten")
    text = "" if given is None else str(given).strip()
    if not text:
        return None
    if not _POWER.fullmatch(text):
        detail = f"grams_power_of_ten is a whole number from -12 to 12, not {text[:40]!r}"
        read.fault(number, "grams_power_of_ten", "number.invalid", detail)
        return None
    return int(text)


def _sorted(read: _Rows) -> tuple[ListedCode, ...]:
    numbered = sorted(read.codes, key=lambda one: (one[1].code, one[1].valid_from or date.min))
    for (one, before), (other, after) in pairwise(numbered):
        if before.code == after.code and _overlap(before, after):
            detail = f"{after.code} is in force twice: its period overlaps that of row {min(one, other)}"
            read.fault(max(one, other), "valid_from", "period.overlaps", detail)
    return tuple(code for _, code in numbered)


def _overlap(before: ListedCode, after: ListedCode) -> bool:
    return before.valid_to is None or after.valid_from is None or after.valid_from <= before.valid_to


def as_rows(name: str, codes: Iterable[ListedCode]) -> list[dict[str, Any]]:
    """The codes as JSON shows them; `from_rows` reads the same again."""
    return [{column: _plain(getattr(code, column)) for column in columns(name)} for code in codes]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
