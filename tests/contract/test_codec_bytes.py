"""A record writes the bytes that fastavro writes, the same as ever, and what it read it remembers only when it may."""

import copy
import json
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import loader
from services.core.message import Message, Record
from services.core.messages import RECORDS, Demand, Draw, Party
from services.runtime.codec import Codec
from services.runtime.registry import MESSAGES
from tests.contract.message_values import fullest, records, smallest

CODEC = Codec()
RECORDED = cast(
    Mapping[str, Mapping[str, str]],
    json.loads(Path(__file__).with_name("recorded_bytes.json").read_text(encoding="ascii")),
)
"""What was written in November 2026, when fastavro wrote everything."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVERY_RECORD = pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.SCHEMA)
EVERY_MESSAGE = pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.SCHEMA)
few = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@EVERY_RECORD
def test_the_bytes_are_those_that_were_always_written(kind: type[Record]) -> None:
    for name, record in (("smallest", smallest(kind)), ("fullest", fullest(kind))):
        assert CODEC.encode_record(record).hex() == RECORDED[kind.SCHEMA][name]


@EVERY_RECORD
@few
@given(data=st.data())
def test_a_record_writes_what_fastavro_writes(kind: type[Record], data: st.DataObject) -> None:
    record = data.draw(records(kind))
    assert record.avro() == by_fastavro(record)


@EVERY_RECORD
@few
@given(data=st.data())
def test_a_record_reads_what_it_wrote_wherever_it_stands(kind: type[Record], data: st.DataObject) -> None:
    record = data.draw(records(kind))
    body = record.avro()
    back, end = kind.read(b"head" + body + b"tail", 4)
    assert (back, end) == (record, 4 + len(body))
    assert (back.remembered, back.avro()) == (None, body)


@EVERY_MESSAGE
def test_a_message_remembers_the_bytes_it_was_read_from(kind: type[Message]) -> None:
    value = CODEC.encode(fullest(kind))
    assert CODEC.decode(value).remembered == value[5:]


@EVERY_RECORD
@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_what_is_read_of_other_bytes_would_be_written_as_those(kind: type[Record], place: int, byte: int) -> None:
    """Else a record would vouch for bytes that it does not write when it has forgotten them."""
    body = bytearray(fullest(kind).avro())
    body[place % len(body)] = byte
    try:
        back, end = kind.read(bytes(body), 0)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError):
        return
    if end == len(body):
        assert replace(cast(Any, back)).avro() == bytes(body)


@EVERY_MESSAGE
def test_identity_and_key_are_those_of_the_schema(kind: type[Message]) -> None:
    message = fullest(kind)
    parts = [kind.SCHEMA, *(str(getattr(message, name)) for name in kind.IDENTITY)]
    assert message.identity == sha256("\x1f".join(parts).encode()).hexdigest()[:32]
    assert message.key == getattr(message, kind.KEY)


@EVERY_RECORD
def test_a_record_cannot_be_altered(kind: type[Record]) -> None:
    record: Any = fullest(kind)
    for field in fields(record):
        with pytest.raises(FrozenInstanceError):
            setattr(record, field.name, None)
    assert not hasattr(record, "__dict__")


@EVERY_RECORD
def test_remembered_bytes_are_no_part_of_what_a_record_is(kind: type[Record]) -> None:
    knows, does_not = fullest(kind), fullest(kind)
    body = knows.avro()
    assert (knows == does_not, hash(knows) == hash(does_not), repr(knows) == repr(does_not)) == (True, True, True)
    for other in (replace(cast(Any, knows)), copy.copy(knows), copy.deepcopy(knows), pickle.loads(pickle.dumps(knows))):  # noqa: S301 - our own bytes
        assert other == knows
        assert other.avro() == body


def test_a_record_that_was_replaced_forgets_the_bytes() -> None:
    party = Party(name="Kaai")
    assert party.avro() != replace(party, name="Dok").avro() == Party(name="Dok").avro()


def test_a_part_that_is_the_same_is_written_once() -> None:
    draw = fullest(Draw)
    demand = replace(fullest(Demand), draws=(draw,))
    assert draw.avro() in demand.avro()
    assert draw.avro() is draw.avro()


def by_fastavro(record: Record) -> bytes:
    stream = BytesIO()
    fastavro.schemaless_writer(stream, bare(loader.whole(record.SCHEMA)), raw(record))
    return stream.getvalue()


def bare(schema: Any) -> Any:
    """The schema without logical types: fastavro's own conversions round and guess."""
    if isinstance(schema, list):
        return [bare(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    if "fields" in schema:
        return {**schema, "fields": [{**f, "type": bare(f["type"])} for f in schema["fields"]]}
    return {k: bare(v) if k == "items" else v for k, v in schema.items() if k != "logicalType"}


def raw(value: Any) -> Any:
    """A value as an Avro writer without logical types takes it."""
    if isinstance(value, Record):
        return {f.name: raw(getattr(value, f.name)) for f in fields(cast(Any, value))}
    if isinstance(value, tuple):
        return [raw(each) for each in value]
    if isinstance(value, Decimal):
        units = int(value.scaleb(6))
        return units.to_bytes((units.bit_length() + 8) // 8, "big", signed=True)
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(microseconds=1)
    if isinstance(value, date):
        return value.toordinal() - EPOCH.toordinal()
    return value.value if isinstance(value, Enum) else value
