"""Hypothesis strategies for every record, made from its schema alone."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

from schemas import loader
from services.core.message import Record
from services.core.messages import RECORDS

R = TypeVar("R", bound=Record)

CLASSES = {record.SCHEMA: record for record in RECORDS}
DAY_TYPE = "date"

_TEXT = st.text(max_size=12)
_AMOUNT = st.decimals(min_value=-(10**17), max_value=10**17, places=6) | st.decimals(
    min_value=0, max_value=1000, places=2
)
_PLAIN = {
    "string": _TEXT,
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
}
_LOGICAL = {
    "decimal": _AMOUNT,
    "timestamp-micros": st.datetimes(timezones=st.just(UTC)),
    DAY_TYPE: st.dates(min_value=date(1, 1, 1)),
}


def records(kind: type[R]) -> st.SearchStrategy[R]:
    return _fields(kind.SCHEMA).map(kind.from_avro)


@cache
def _fields(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({f["name"]: _value(f["type"]) for f in loader.definition(name)["fields"]})


def _value(schema: Any) -> st.SearchStrategy[Any]:
    if isinstance(schema, list):
        return st.none() | _value(schema[1])
    if isinstance(schema, str) and schema not in loader.PRIMITIVES:
        definition = loader.definition(schema)
        return st.sampled_from(definition["symbols"]) if definition["type"] == "enum" else _fields(schema)
    if isinstance(schema, str):
        return _PLAIN[schema]
    if schema["type"] == "array":
        return st.lists(_value(schema["items"]), max_size=2)
    return _LOGICAL.get(schema["logicalType"], _TEXT)


def smallest(kind: type[R]) -> R:
    """A record with every list empty and every optional field absent."""
    return kind.from_avro(_sample(kind.SCHEMA, full=False))


def fullest(kind: type[R]) -> R:
    """A record with every optional field present and an element in every list."""
    return kind.from_avro(_sample(kind.SCHEMA, full=True))


def _sample(schema: Any, *, full: bool) -> Any:
    if isinstance(schema, list):
        return _sample(schema[1], full=full) if full else None
    if isinstance(schema, str) and schema not in loader.PRIMITIVES:
        definition = loader.definition(schema)
        if definition["type"] == "enum":
            return definition["symbols"][0]
        return {f["name"]: _sample(f["type"], full=full) for f in definition["fields"]}
    if isinstance(schema, str):
        return {"string": "Zaventem ÿ", "int": 1, "long": 2**40, "boolean": True}[schema]
    if schema["type"] == "array":
        return [_sample(schema["items"], full=full)] if full else []
    noon = datetime(2026, 3, 2, 12, 0, 0, 123_456, UTC)
    values = {"timestamp-micros": noon, DAY_TYPE: noon.date(), "decimal": Decimal("-12345678.000001")}
    return values.get(schema["logicalType"], "x")
