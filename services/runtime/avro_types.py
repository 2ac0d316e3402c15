"""What our schemas allow beyond Avro's own rules: exact amounts, aware times, whole numbers, nothing that unfolds.

`marked` gives a schema our own logical types, which fastavro then calls for every such value (`WRITERS`, `READERS`).
`schemas.evolution` judges a writer's schema, once, before the first value is read with it.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from threading import local
from typing import Any, Final

_SCALE = 6
_LIMIT: Final = 10**24
_HIGHEST = Decimal(10) ** 18
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ZERO = date(1970, 1, 1).toordinal()


def _write_amount(value: Any, _schema: Any) -> bytes:
    if type(value) is not Decimal or not -_HIGHEST < value < _HIGHEST:
        raise ValueError(f"not an amount (a Decimal below 10^18): {value!r}")
    scaled = _EXACT.scaleb(value, _SCALE)
    units = int(scaled)
    if units != scaled:
        raise ValueError(f"more than {_SCALE} decimals: {value}")
    return units.to_bytes((units.bit_length() + 8) // 8, "big", signed=True)


def _read_amount(data: bytes, _writer: Any = None, _reader: Any = None) -> Decimal:
    units = int.from_bytes(data[:16], "big", signed=True)
    if len(data) > 16 or not -_LIMIT < units < _LIMIT:
        raise ValueError("an amount of more than 24 digits")
    return _EXACT.scaleb(Decimal(units), -_SCALE)


def _write_instant(value: Any, _schema: Any) -> int:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise ValueError(f"not an aware time: {value!r}")
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _read_instant(data: int, _writer: Any = None, _reader: Any = None) -> datetime:
    return _EPOCH + timedelta(microseconds=data)


def _write_day(value: Any, _schema: Any) -> int:
    if type(value) is not date:
        raise ValueError(f"not a date: {value!r}")
    return value.toordinal() - _DAY_ZERO


def _read_day(data: int, _writer: Any = None, _reader: Any = None) -> date:
    return date.fromordinal(data + _DAY_ZERO)


def _write_int(value: Any, _schema: Any) -> int:
    if type(value) is not int or not -(2**31) <= value < 2**31:
        raise ValueError(f"not a whole number of 32 bits: {value!r}")
    return value


def _write_long(value: Any, _schema: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError(f"not a whole number of 64 bits: {value!r}")
    return value


def _write_flag(value: Any, _schema: Any) -> bool:
    if type(value) is not bool:
        raise ValueError(f"not true or false: {value!r}")
    return value


class Budget(local):
    """How many records the value being read may still hold; one per thread."""

    left = 0


BUDGET = Budget()


def _count_record(fields: Any, _writer: Any = None, _reader: Any = None) -> Any:
    BUDGET.left -= 1
    if BUDGET.left < 0:
        raise ValueError("too many records in one value")
    return fields


# fastavro's own names (`bytes-decimal`, …) stay as they are: other users of fastavro in the process keep its behaviour.
WRITERS: Final[dict[str, Callable[..., Any]]] = {
    "bytes-tolbrug-amount": _write_amount,
    "long-tolbrug-instant": _write_instant,
    "int-tolbrug-day": _write_day,
    "int-tolbrug-int": _write_int,
    "long-tolbrug-long": _write_long,
    "boolean-tolbrug-flag": _write_flag,
}
READERS: Final[dict[str, Callable[..., Any]]] = {
    "bytes-tolbrug-amount": _read_amount,
    "long-tolbrug-instant": _read_instant,
    "int-tolbrug-day": _read_day,
    "record-tolbrug-record": _count_record,
}
_MARKS = {
    "decimal": "tolbrug-amount",
    "timestamp-micros": "tolbrug-instant",
    "date": "tolbrug-day",
    "int": "tolbrug-int",
    "long": "tolbrug-long",
    "boolean": "tolbrug-flag",
}
_NESTED = {"array": "items", "map": "values"}


def marked(schema: Any) -> Any:
    """The same schema, as fastavro has parsed it, with our logical types and without its documentation."""
    if isinstance(schema, str):
        return {"type": schema, "logicalType": _MARKS[schema]} if schema in _MARKS else schema
    if isinstance(schema, list):
        return [marked(branch) for branch in schema]
    kind = schema["type"]
    if kind == "record":
        fields = [{k: marked(v) if k == "type" else v for k, v in f.items() if k != "doc"} for f in schema["fields"]]
        return {"type": kind, "name": schema["name"], "logicalType": "tolbrug-record", "fields": fields}
    if kind in _NESTED:
        return {"type": kind, _NESTED[kind]: marked(schema[_NESTED[kind]])}
    mark = _MARKS.get(schema.get("logicalType", ""), _MARKS.get(kind))
    if mark:
        return {"type": kind, "logicalType": mark}
    return {k: v for k, v in schema.items() if k in {"type", "name", "symbols", "default", "size"}}
