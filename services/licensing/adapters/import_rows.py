"""Licences as lines of JSON or as CSV, one at a time, each with the place it stands at.

What is wrong with one licence refuses that licence. What leaves open where the next one begins ends the reading with
Refused. CSV: a row for each line of a licence, rows of one licence below one another (`import_columns`).
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from services.core.errors import Fault, Refused
from services.licensing.adapters.import_columns import Header, Row, joined
from services.licensing.adapters.json_body import LARGEST
from services.runtime.body import Malformed, parse_json

MOST: Final = 20_000
"""Lines of one body."""
MOST_LINES: Final = 999
"""Lines of one licence (`LicenceTerms.lines`)."""


def as_it_is(path: str) -> str:
    return path


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One licence as a document, or the reason why it is none. `line` counts from 1; `place` tells where a path is."""

    line: int
    document: Any
    size: int
    place: Callable[[str], str] = as_it_is


def json_entries(file: BinaryIO, first_line: int | None) -> Iterator[FileEntry]:
    """A licence a line; empty lines are passed over. `first_line`: what the first one is called."""
    for number, line in _lines(file, (first_line or 1) - 1):
        if content := line.strip(b" \t\r\n"):
            yield FileEntry(number, _document(number, content), len(line))


def _document(number: int, content: bytes) -> Any:
    try:
        return parse_json(content)
    except Malformed as error:
        where = f"line {number}, column {error.column}"
        return Refused(400, "The line is not JSON", (Fault(where, "json-invalid", f"{where}: {error.detail}"),))


def csv_entries(file: BinaryIO, first_line: int | None) -> Iterator[FileEntry]:
    """A licence for each run of rows with one reference. `first_line`: what the line below the header is called."""
    rows = _rows(file, first_line)
    header = Header(next(rows, Row(1, ())))
    begun: list[Row] = []
    for row in rows:
        if begun and header.ref(row) != header.ref(begun[0]):
            yield _entry(header, begun)
            begun = []
        # One row more than a licence may have lines is enough to refuse it.
        if len(begun) <= MOST_LINES:
            begun.append(row)
    if begun:
        yield _entry(header, begun)


def _entry(header: Header, rows: list[Row]) -> FileEntry:
    document, place = joined(header, rows)
    size = sum(len(cell) for row in rows for cell in row.cells)
    return FileEntry(rows[0].line, document, size, place)


def _rows(file: BinaryIO, first_line: int | None) -> Iterator[Row]:
    """The header, and each row that is not empty with the line it begins on."""
    reader = csv.reader(_texts(file), strict=True)
    begins, shift = 1, 0
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if line == 1 and first_line is not None:
                shift = first_line - begins
            if any(cells):
                yield Row(line + (shift if line > 1 else 0), tuple(cells))
    except csv.Error as error:
        fault = Fault(f"row {begins + shift}", "csv-invalid", str(error))
        raise Refused(400, "The body is not CSV", (fault,)) from None


def _texts(file: BinaryIO) -> Iterator[str]:
    for number, line in _lines(file, 0):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            fault = Fault(f"row {number}", "encoding", f"not UTF-8 at byte {error.start + 1} of the line")
            raise Refused(400, "The body is not CSV in UTF-8", (fault,)) from None


def _lines(file: BinaryIO, before: int) -> Iterator[tuple[int, bytes]]:
    for count, line in enumerate(iter(lambda: file.readline(LARGEST + 1), b""), start=1):
        if count > MOST or len(line) > LARGEST:
            raise Refused(413, f"A body has at most {MOST} lines, each of at most {LARGEST} bytes: send several")
        yield before + count, line


ENTRIES: Final[Mapping[str, Callable[[BinaryIO, int | None], Iterator[FileEntry]]]] = {
    "application/x-ndjson": json_entries,
    "text/csv": csv_entries,
}
"""By media type."""
