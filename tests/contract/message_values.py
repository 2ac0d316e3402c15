"""Hypothesis strategies for every record, made from its schema alone."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

from schemas import loader
from services.core import messages
from services.core.message import Record
from services.core.messages import RECORDS

R = TypeVar("R", bound=Record)

CLASSES = {record.SCHEMA: record for record in RECORDS}
DAY_TYPE = "date"

_TEXT = st.text(max_size=12)
_AMOUNT = st.decimals(min_value=-(10**17), max_value=10**17, places=6) | st.decimals(
    min_value=0, max_value=1000, places=2
)
_RECENT = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - bounds are naive by the strategy's contract
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - same
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))]),
)
_PLAIN = {
    "string": _TEXT,
    "int": st.integers(-(2**31), 2**31 - 1) | st.integers(0, 200),
    "long": st.integers(-(2**63), 2**63 - 1) | st.integers(0, 20_000),
    "boolean": st.booleans(),
    "bytes": st.binary(max_size=200),
}
_LOGICAL = {
    "decimal": _AMOUNT,
    "timestamp-micros": _RECENT | st.datetimes(timezones=st.just(UTC)),
    DAY_TYPE: st.dates(min_value=date(1, 1, 1)),
}


def records(kind: type[R]) -> st.SearchStrategy[R]:
    found: st.SearchStrategy[R] = _records(kind.SCHEMA)
    return found


@cache
def _records(name: str) -> st.SearchStrategy[Any]:
    return st.builds(CLASSES[name], **{f["name"]: _value(f["type"]) for f in loader.definition(name)["fields"]})


def _value(schema: Any) -> st.SearchStrategy[Any]:
    if isinstance(schema, list):
        return st.none() | _value(schema[1])
    if isinstance(schema, str) and schema not in loader.PRIMITIVES:
        return _records(schema) if schema in CLASSES else st.sampled_from(symbols(schema))
    if isinstance(schema, str):
        return _PLAIN[schema]
    if schema["type"] == "array":
        return st.lists(_value(schema["items"]), max_size=2).map(tuple)
    return _LOGICAL.get(schema["logicalType"], _TEXT)


def symbols(name: str) -> list[Any]:
    """The members of an enum."""
    return list(getattr(messages, loader.definition(name)["name"]))


def smallest(kind: type[R]) -> R:
    """A record with every list empty and every optional field absent."""
    return _sample_of(kind, full=False)


def fullest(kind: type[R]) -> R:
    """A record with every optional field present and an element in every list."""
    return _sample_of(kind, full=True)


def _sample_of(kind: type[R], *, full: bool) -> R:
    return kind(**{f["name"]: _sample(f["type"], full=full) for f in loader.definition(kind.SCHEMA)["fields"]})


def _sample(schema: Any, *, full: bool) -> Any:
    if isinstance(schema, list):
        return _sample(schema[1], full=full) if full else None
    if isinstance(schema, str) and schema not in loader.PRIMITIVES:
        return _sample_of(CLASSES[schema], full=full) if schema in CLASSES else symbols(schema)[0]
    if isinstance(schema, str):
        return {"string": "Zaventem ÿ", "int": 1, "long": 2**40, "boolean": True, "bytes": b"<\xff\x00>"}[schema]
    if schema["type"] == "array":
        return (_sample(schema["items"], full=full),) if full else ()
    noon = datetime(2026, 3, 2, 12, 0, 0, 123_456, UTC)
    values = {"timestamp-micros": noon, DAY_TYPE: noon.date(), "decimal": Decimal("-12345678.000001")}
    return values.get(schema["logicalType"], "x")
