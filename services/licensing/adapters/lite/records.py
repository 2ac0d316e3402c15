"""The text of a `licenceData` file: a record a line, `number\\type\\field…`, licences between header and trailer.

What is wrong within one licence is that licence's; what leaves open where licences begin and end is the file's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from services.core.errors import Fault, Refused
from services.core.text import no_text

NOT_READ: Final = "The file is not licenceData"
MOST: Final = 500
"""Licences of one file: it is entered in one transaction."""
MOST_RECORDS: Final = 50_000
ACTIONS: Final = frozenset({"insert", "cancel", "replace"})


class _Shape(NamedTuple):
    """The fields of a record in order, and how many must be there; those behind may be left out."""

    needed: int
    fields: tuple[str, ...]


def _shape(needed: int, fields: str) -> _Shape:
    return _Shape(needed, tuple(fields.split()))


SHAPES: Final[Mapping[str, _Shape]] = {
    "fileHeader": _shape(5, "source destination data created run reset"),
    "licence": _shape(3, "transaction action reference type usage start end"),
    "trader": _shape(2, "turn eori start end name address1 address2 address3 address4 address5 postcode"),
    "country": _shape(3, "code group use"),
    "foreignTrader": _shape(8, "name address1 address2 address3 address4 address5 postcode country"),
    "restrictions": _shape(1, "text"),
    "line": _shape(
        7,
        "line commodity supplement1 supplement2 group description controlled currency unit value quantity"
        " period period_quantity period_value rate rate_unit rate_currency",
    ),
    "end": _shape(2, "record count"),
    "fileTrailer": _shape(1, "count"),
}
_INSIDE: Final = frozenset({"trader", "country", "foreignTrader", "restrictions", "line"})


@dataclass(frozen=True, slots=True)
class Record:
    """One line. A field that is not there is empty."""

    line: int
    type: str
    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    def fault(self, name: str, code: str, detail: str) -> Fault:
        return Fault(f"line {self.line} {name}".rstrip(), code, detail)


@dataclass(slots=True)
class Transaction:
    """What a file says of one licence. `faults`: of its records."""

    head: Record
    records: list[Record] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def of(self, type_: str) -> list[Record]:
        return [record for record in self.records if record.type == type_]


@dataclass(frozen=True, slots=True)
class LicenceData:
    """A file. `reset`: its run number is right whatever came before. `faults`: of the file; it is then not entered."""

    source: str
    destination: str
    run: int
    reset: bool
    transactions: tuple[Transaction, ...]
    faults: tuple[Fault, ...]


def read(content: bytes) -> LicenceData:
    """Refused 422 when not even the header can be read, 413 for too many licences."""
    lines = _lines(content)
    header = _record(1, lines[0])
    faults = list(_header_faults(header))
    if faults:
        raise Refused(422, NOT_READ, tuple(faults))
    reading = _Reading()
    for number, line in enumerate(lines[1:], 2):
        reading.take(_record(number, line))
    reading.end(len(lines))
    return LicenceData(
        source=header["source"],
        destination=header["destination"],
        run=int(header["run"]),
        reset=header["reset"] == "Y",
        transactions=tuple(reading.transactions),
        faults=(*_number_faults(lines), *reading.faults),
    )


def _lines(content: bytes) -> list[str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = content[: error.start].count(b"\n") + 1
        raise Refused(422, NOT_READ, (Fault(f"line {place}", "encoding", "not UTF-8"),)) from None
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(lines) > MOST_RECORDS:
        raise Refused(413, f"A file has at most {MOST_RECORDS} records: send several")
    for number, line in enumerate(lines, 1):
        if (found := no_text(line)) is not None:
            raise Refused(422, NOT_READ, (Fault(f"line {number}", "encoding", f"{found} is no text"),))
    return lines


def _record(line: int, text: str) -> Record:
    """`type` is empty for a line that is no record."""
    _, _, rest = text.partition("\\")
    type_, *values = rest.split("\\")
    shape = SHAPES.get(type_)
    names = () if shape is None else shape.fields
    fields = dict(zip(names, (value.strip() for value in values), strict=False))
    if shape is not None and not shape.needed <= len(values) <= len(names):
        fields["?"] = f"{len(values)} fields, not {shape.needed} to {len(names)}"
    return Record(line, type_, fields)


def _number_faults(lines: Iterable[str]) -> Iterator[Fault]:
    for number, line in enumerate(lines, 1):
        told = line.partition("\\")[0]
        if told.lstrip("0") != str(number):
            yield Fault(f"line {number}", "record-number", f"is numbered {told[:20]!r}: a line is missing or too many")
            return


def _header_faults(header: Record) -> Iterator[Fault]:
    if header.type != "fileHeader" or header["data"] != "licenceData":
        yield header.fault("", "header", "a file begins with 1\\fileHeader\\…\\licenceData\\…")
    elif header["?"]:
        yield header.fault("", "fields", header["?"])
    for name in ("source", "destination"):
        if header.type == "fileHeader" and not 1 <= len(header[name]) <= 20:
            yield header.fault(name, "header", "1 to 20 characters")
    run = header["run"]
    if header.type == "fileHeader" and not (run.isascii() and run.isdecimal() and len(run) <= 5):
        yield header.fault("run", "header", f"not a run number from 0 to 99999: {run[:20]!r}")
    if header["reset"] not in ("", "Y", "N"):
        yield header.fault("reset", "header", "Y or N")


class _Reading:
    """The records behind the header, one after the other."""

    def __init__(self) -> None:
        self.transactions: list[Transaction] = []
        self.faults: list[Fault] = []
        self._open: Transaction | None = None
        self._ended = False

    def take(self, record: Record) -> None:
        if self._ended:
            self._wrong(record, "after-trailer", "nothing stands below the trailer")
        elif record.type == "licence":
            self._begin(record)
        elif record.type == "fileTrailer":
            self._trailer(record)
        elif self._open is None:
            self._wrong(record, "outside", "this stands in no licence")
        elif record.type == "end":
            self._close(self._open, record)
        else:
            self._add(self._open, record)

    def end(self, line: int) -> None:
        if not self._ended:
            self.faults.append(Fault(f"line {line}", "trailer-missing", "the file ends without fileTrailer: send all"))

    def _begin(self, record: Record) -> None:
        if self._open is not None:
            self._wrong(record, "not-ended", f"the licence of line {self._open.head.line} has no end")
        if len(self.transactions) == MOST:
            raise Refused(413, f"A file has at most {MOST} licences: send several")
        self._open = Transaction(record)
        self.transactions.append(self._open)
        if not 1 <= len(record["transaction"]) <= 17:
            self._wrong(record, "transaction", "a reference of 1 to 17 characters: the licence is answered by it")
        if record["?"]:
            self._open.faults.append(record.fault("", "fields", record["?"]))
        if record["action"] not in ACTIONS:
            detail = f"{record['action'][:20]!r} is none of {', '.join(sorted(ACTIONS))}"
            self._open.faults.append(record.fault("action", "action", detail))

    def _add(self, transaction: Transaction, record: Record) -> None:
        transaction.records.append(record)
        if record.type not in _INSIDE:
            transaction.faults.append(record.fault("", "record-unknown", f"no record of a licence: {record.type[:20]}"))
        elif record["?"]:
            transaction.faults.append(record.fault("", "fields", record["?"]))

    def _close(self, transaction: Transaction, record: Record) -> None:
        count = len(transaction.records) + 2
        if record["record"] != "licence" or record["count"] != str(count):
            self._wrong(record, "count", f"the licence of line {transaction.head.line} has {count} records")
        self._open = None

    def _trailer(self, record: Record) -> None:
        self._ended = True
        if self._open is not None:
            self._wrong(record, "not-ended", f"the licence of line {self._open.head.line} has no end")
        if record["count"] != str(len(self.transactions)):
            self._wrong(record, "count", f"the file has {len(self.transactions)} licences")

    def _wrong(self, record: Record, code: str, detail: str) -> None:
        self.faults.append(record.fault("", code, detail))
