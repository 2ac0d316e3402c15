"""The peer job's bytes are those that every other engine reads and writes on it: another writer's, another reader's."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import fastavro
import pytest

from services.cli.bench.peer import fold
from services.cli.bench.peer.messages import Command, Entry, Op, Verdict

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 6}
OP = {"type": "enum", "name": "Op", "symbols": ["GRANT", "DRAW", "RELEASE"]}
VERDICT = {"type": "enum", "name": "Verdict", "symbols": ["APPLIED", "OVERRUN", "DUPLICATE"]}


def record(name: str, **fields: Any) -> Any:
    listed = [{"name": field, "type": kind} for field, kind in fields.items()]
    return fastavro.parse_schema({"type": "record", "name": name, "namespace": "bench", "fields": listed})


COMMAND = record(
    "Command",
    licence="string",
    mrn="string",
    item="int",
    op=OP,
    quantity=DECIMAL,
    declared_at={"type": "long", "logicalType": "timestamp-micros"},
)
ENTRY = record(
    "Entry",
    licence="string",
    version="long",
    mrn="string",
    item="int",
    op=OP,
    quantity=DECIMAL,
    verdict=VERDICT,
    balance_after=DECIMAL,
    source_partition="int",
    source_offset="long",
)
FIELDS: dict[str, Any] = {"licence": "LIC/1", "mrn": "26BE0000000000001A", "item": 3, "op": "RELEASE"}
ANSWER = Entry(
    licence="LIC/1",
    version=70_000,
    mrn="26BE0000000000001A",
    item=3,
    op=Op.DRAW,
    quantity=Decimal("0.000001"),
    verdict=Verdict.OVERRUN,
    balance_after=Decimal("123456789012.5"),
    source_partition=3,
    source_offset=2**40,
)


@pytest.mark.parametrize("quantity", ["0", "0.000001", "-1", "12.5", "999999999999.999999"])
def test_a_command_of_another_writer_is_read(quantity: str) -> None:
    stream, at = BytesIO(), datetime(2026, 3, 2, 8, 0, 0, 123, tzinfo=UTC)
    fastavro.schemaless_writer(stream, COMMAND, FIELDS | {"quantity": Decimal(quantity), "declared_at": at})
    message = fold.codec().decode(b"\x00\x00\x00\x00\x01" + stream.getvalue())
    assert message == Command(
        licence="LIC/1",
        mrn="26BE0000000000001A",
        item=3,
        op=Op.RELEASE,
        quantity=Decimal(quantity),
        declared_at=at,
    )


@pytest.mark.parametrize("verdict", list(Verdict))
def test_an_entry_is_read_by_another_reader(verdict: Verdict) -> None:
    entry = replace(ANSWER, verdict=verdict)
    value = fold.codec().encode(entry)
    assert value[:5] == b"\x00\x00\x00\x00\x02"
    stream = BytesIO(value[5:])
    read = fastavro.schemaless_reader(stream, ENTRY, None)
    assert read == {field.name: getattr(entry, field.name) for field in fields(entry)}
    assert stream.read() == b""
