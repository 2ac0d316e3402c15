"""Avro values as plain dicts, read with fastavro and the schemas alone: the oracle sees what any outsider would see."""

from functools import cache
from io import BytesIO
from struct import unpack_from
from typing import Any

import fastavro

from schemas import loader

Plain = dict[str, Any]


@cache
def _schema(schema_id: int) -> tuple[str, Any]:
    name, _ = loader.released_ids()[schema_id]
    return name, fastavro.parse_schema(loader.released()[schema_id])


def plain(value: bytes) -> Plain:
    """The fields of a value with its five-byte prefix; `_type` is the full name of its record."""
    magic, schema_id = unpack_from(">BI", value)
    assert magic == 0, f"no Avro with a schema id: {value[:8]!r}"
    name, schema = _schema(schema_id)
    stream = BytesIO(value)
    stream.seek(5)
    fields: Any = fastavro.schemaless_reader(stream, schema, None)
    assert stream.tell() == len(value), f"{name} with bytes after its end"
    return {"_type": name, **fields}
