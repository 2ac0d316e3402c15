"""How many records a value may unfold to: a few bytes must not fill the memory.

`counted` gives a schema a logical type of ours on every record, which fastavro then calls for each (`READERS`), and
takes away all others: what its numbers and bytes mean is judged in `services.core.avro`.
`schemas.evolution` judges a writer's schema, once, before the first value is read with it.
"""

from collections.abc import Callable
from threading import local
from typing import Any, Final

_NESTED = {"array": "items", "map": "values"}
_KEPT = frozenset({"type", "name", "symbols", "default", "size"})


class Budget(local):
    """How many records the value being read may still hold; one per thread."""

    left = 0


BUDGET = Budget()


def _count_record(fields: Any, _writer: Any = None, _reader: Any = None) -> Any:
    BUDGET.left -= 1
    if BUDGET.left < 0:
        raise ValueError("too many records in one value")
    return fields


READERS: Final[dict[str, Callable[..., Any]]] = {"record-tolbrug-record": _count_record}


def counted(schema: Any) -> Any:
    """The same schema, as fastavro has parsed it, for reading: records are counted, the rest is as it stands."""
    if isinstance(schema, str):
        return schema
    if isinstance(schema, list):
        return [counted(branch) for branch in schema]
    kind = schema["type"]
    if kind == "record":
        fields = [{k: counted(v) if k == "type" else v for k, v in f.items() if k != "doc"} for f in schema["fields"]]
        return {"type": kind, "name": schema["name"], "logicalType": "tolbrug-record", "fields": fields}
    if kind in _NESTED:
        return {"type": kind, _NESTED[kind]: counted(schema[_NESTED[kind]])}
    return {k: v for k, v in schema.items() if k in _KEPT} if "name" in schema else kind
