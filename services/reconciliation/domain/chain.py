"""The hash chain of a licence's entries.

Canonical form of an entry, in UTF-8: JSON without spaces, keys sorted by code point, of all fields but `hash`; a
decimal is a string with six decimals, a time a whole number of microseconds since 1970-01-01T00:00:00Z, a date
ISO 8601, an enum its name. Fields that are null or an empty array are left out, so that a field a later schema adds
does not alter the hash of an entry made before it. `hash` is the SHA-256 of that text in lower-case hexadecimal; as
`previous_hash` is among the fields, each hash vouches for all entries before it. Schema ids and batches do not enter.
"""

from collections.abc import Callable, Collection
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any, Final

from services.core.message import Record
from services.core.messages import Entry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_OMITTED: Final = ""

Writer = Callable[[Any], str]


def canonical(entry: Entry) -> bytes:
    """The canonical form of the entry without its own hash."""
    return _ENTRY(entry).encode()


def hash_of(entry: Entry) -> str:
    """The hash the entry must have."""
    return sha256(canonical(entry)).hexdigest()


def sealed(entry: Entry) -> Entry:
    """The entry with its hash."""
    return Entry(
        licence=entry.licence,
        revision=entry.revision,
        cause=entry.cause,
        cause_id=entry.cause_id,
        recorded_at=entry.recorded_at,
        rule_set=entry.rule_set,
        terms=entry.terms,
        shipment=entry.shipment,
        balances=entry.balances,
        previous_hash=entry.previous_hash,
        hash=hash_of(entry),
    )


class _Writers(dict[type, Writer]):
    """How each type is written. Every entry is hashed, so records get a writer of their own once, not per value."""

    def __missing__(self, kind: type) -> Writer:
        if issubclass(kind, StrEnum):
            writer: Writer = _enum
        elif issubclass(kind, Record):
            writer = _record_writer(kind)
        else:
            raise TypeError(f"{kind.__name__} has no canonical form")
        self[kind] = writer
        return writer


def _record_writer(kind: type[Record], without: Collection[str] = ()) -> Writer:
    names = sorted(field.name for field in fields(kind) if field.name not in without)  # type: ignore[arg-type]  # every generated record is a dataclass
    keys = [f'"{name}":' for name in names]
    values_of = attrgetter(*names) if len(names) > 1 else _only(names[0])

    def write(record: Record) -> str:
        written = [
            key + text
            for key, value in zip(keys, values_of(record), strict=True)
            if (text := _WRITERS[type(value)](value))
        ]
        return "{" + ",".join(written) + "}"

    return write


def _only(name: str) -> Callable[[Record], tuple[Any]]:
    return lambda record: (getattr(record, name),)


def _nothing(_: None) -> str:
    return _OMITTED


def _array(items: tuple[Any, ...]) -> str:
    return "[" + ",".join([_WRITERS[type(item)](item) for item in items]) + "]" if items else _OMITTED


def _enum(value: StrEnum) -> str:
    return f'"{value.value}"'


def _boolean(value: bool) -> str:  # noqa: FBT001 - a value to write, not a switch
    return "true" if value else "false"


def _decimal(value: Decimal) -> str:
    return f'"{value:.6f}"' if value else '"0.000000"'


def _time(value: datetime) -> str:
    return str((value - _EPOCH) // _MICROSECOND)


def _date(value: date) -> str:
    return f'"{value.isoformat()}"'


_WRITERS = _Writers(
    {
        type(None): _nothing,
        str: encode_basestring,
        int: str,
        bool: _boolean,
        Decimal: _decimal,
        datetime: _time,
        date: _date,
        tuple: _array,
    }
)
_ENTRY: Final = _record_writer(Entry, without={"hash"})
