"""A file of many licences in parts that are sent and answered one by one: lines of JSON, or CSV.

A part is found by where it begins and how long it is, and is read when it is sent: a file of any size takes no memory.
"""

import csv
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from services.core.errors import Fatal

ROWS: Final = 2_000
BYTES: Final = 8 * 1024 * 1024
"""A part is cut behind so many rows or bytes, and where CSV goes on with the same licence a little later."""
MEDIA_TYPES: Final = {".csv": "text/csv", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson"}


@dataclass(frozen=True, slots=True)
class Part:
    """Rows `first_line` and those below it. `header`: the line that stands before them in each part."""

    path: Path
    first_line: int
    rows: int
    begin: int
    length: int
    header: bytes = b""
    many: bool = True
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.path.name}:{self.first_line}"

    @property
    def headers(self) -> dict[str, str]:
        return {"content-type": media_type(self.path)}

    @property
    def query(self) -> dict[str, str]:
        return {"first_line": str(self.first_line), **self.extra}

    @property
    def too_large(self) -> str | None:
        return None

    @property
    def sha256(self) -> str:
        return sha256(self.content()).hexdigest()

    def open(self) -> AbstractContextManager[IO[bytes]]:
        return BytesIO(self.content())

    def content(self) -> bytes:
        with self.path.open("rb") as file:
            file.seek(self.begin)
            return self.header + file.read(self.length)


def media_type(path: Path) -> str:
    """By the ending of its name. Fatal for another."""
    found = MEDIA_TYPES.get(path.suffix.lower())
    if found is None:
        raise Fatal(f"{path}: licences are imported from {', '.join(MEDIA_TYPES)}")
    return found


def parts_of(path: Path, extra: dict[str, str], rows: int = ROWS) -> list[Part]:
    """In order. Fatal, with the line, when it cannot be told where a row of CSV ends."""
    cut = _cut_csv if media_type(path) == "text/csv" else _cut_lines
    return list(cut(path, extra, rows))


def _cut_lines(path: Path, extra: dict[str, str], rows: int) -> Iterator[Part]:
    begin = end = 0
    first = 1
    number = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            end += len(line)
            if number - first + 1 >= rows or end - begin >= BYTES:
                yield Part(path, first, number - first + 1, begin, end - begin, extra=extra)
                begin, first = end, number + 1
    if end > begin:
        yield Part(path, first, number - first + 1, begin, end - begin, extra=extra)


class _Rows:
    """Rows of CSV with the line and the byte behind each."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.line = 0
        self.end = 0
        self._reader = csv.reader(self._lines(), strict=True)

    def _lines(self) -> Iterator[str]:
        for line in self._file:
            self.line += 1
            self.end += len(line)
            yield line.decode("utf-8-sig" if self.line == 1 else "utf-8")

    def next(self) -> list[str] | None:
        """Fatal when it cannot be read on."""
        try:
            return next(self._reader, None)
        except (csv.Error, UnicodeDecodeError) as error:
            raise Fatal(f"line {self.line} is not CSV in UTF-8: {error}") from error


def _cut_csv(path: Path, extra: dict[str, str], rows: int) -> Iterator[Part]:
    with path.open("rb") as file:
        table = _Rows(file)
        header = table.next() or []
        place = header.index("ref") if "ref" in header else 0
        head = _head(path, table.end)
        begin, first, count, ref = table.end, table.line + 1, 0, None
        while True:
            end, line = table.end, table.line
            row = table.next()
            other = row is None or (row[place : place + 1] != ref and any(row))
            if count and other and (row is None or count >= rows or end - begin >= BYTES):
                yield Part(path, first, count, begin, end - begin, head, extra=extra)
                begin, first, count = end, line + 1, 0
            if row is None:
                return
            count += 1
            ref = row[place : place + 1] if any(row) else ref


def _head(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)
