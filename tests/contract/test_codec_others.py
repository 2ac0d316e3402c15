"""The codec of a job with messages of its own: their classes and ids, everything else as for ours."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import fastavro
import pytest

from services.cli.bench.peer.messages import RECORDS, Command, Entry, Op, Verdict
from services.core.errors import Corrupt, Rejected, Transient
from services.core.messages import Demand
from services.runtime.codec import Codec
from services.runtime.registry import BundledRegistry
from tests.contract.message_values import smallest

IDS = {1: "bench.Command", 2: "bench.Entry"}
CODEC = Codec(records=RECORDS, bundled=BundledRegistry("services.cli.bench.peer.schemas", IDS))
AMOUNT = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 6}
COMMAND: dict[str, Any] = {
    "type": "record",
    "name": "Command",
    "namespace": "bench",
    "fields": [
        {"name": "licence", "type": "string"},
        {"name": "mrn", "type": "string"},
        {"name": "item", "type": "int"},
        {"name": "op", "type": {"type": "enum", "name": "Op", "symbols": ["GRANT", "DRAW", "RELEASE"]}},
        {"name": "quantity", "type": AMOUNT},
        {"name": "declared_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    ],
}
"""As the other engines of the comparison have it."""
FIELDS: dict[str, Any] = {
    "licence": "L-1",
    "mrn": "26BE343000000001A1",
    "item": 3,
    "quantity": Decimal("12.5"),
    "declared_at": datetime(2026, 3, 2, 12, 0, 0, 5, tzinfo=UTC),
}
DRAW = Command(op=Op.DRAW, **FIELDS)


def test_the_bytes_are_those_of_the_other_engines() -> None:
    body = BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(COMMAND), {**FIELDS, "op": "DRAW"})
    assert CODEC.encode(DRAW) == b"\x00\x00\x00\x00\x01" + body.getvalue()
    assert CODEC.decode(CODEC.encode(DRAW)) == DRAW


def test_an_answer_has_the_other_id() -> None:
    entry = Entry(
        licence="L-1", version=1, mrn=DRAW.mrn, item=3, op=Op.DRAW, quantity=DRAW.quantity, verdict=Verdict.OVERRUN,
        balance_after=Decimal(7), source_partition=2, source_offset=2**40,
    )  # fmt: skip
    value = CODEC.encode(entry)
    assert value[:5] == b"\x00\x00\x00\x00\x02"
    assert CODEC.decode(value) == entry


@pytest.mark.parametrize("quantity", [Decimal(10) ** 12, Decimal("0.0000001")])
def test_an_amount_keeps_to_the_precision_of_its_own_schema(quantity: Decimal) -> None:
    with pytest.raises(Rejected, match="quantity"):
        CODEC.encode(Command(op=Op.DRAW, **{**FIELDS, "quantity": quantity}))
    value = CODEC.encode(DRAW)
    written = b"\x08" + int(DRAW.quantity.scaleb(6)).to_bytes(4, "big")
    beyond = b"\x10" + (10**18).to_bytes(8, "big")
    assert written in value
    with pytest.raises(Rejected, match="more than 18 digits"):
        CODEC.decode(value.replace(written, beyond))


async def test_one_job_does_not_read_the_values_of_another() -> None:
    value = Codec().encode(smallest(Demand))
    await CODEC.resolve([value])
    with pytest.raises(Rejected, match="does not exist"):
        CODEC.decode(value)
    with pytest.raises(Rejected, match="schema 1 does not exist"):
        Codec().decode(CODEC.encode(DRAW))
    with pytest.raises(Transient, match="later release"):
        CODEC.decode(b"\x00\x00\x00\x00\x05")
    with pytest.raises(Corrupt, match=r"a stored bench.Entry is a bench.Command"):
        CODEC.decode_record(Entry, CODEC.encode_record(DRAW))
