"""Every message comes back as it went in, and another Avro implementation reads and writes the same bytes."""

from io import BytesIO
from typing import Any

import avro.io
import avro.schema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import loader
from services.core.message import Message, Record, plain
from services.core.messages import RECORDS, Demand
from services.runtime.codec import Codec
from services.runtime.registry import MESSAGES
from tests.contract.message_values import records, smallest

CODEC = Codec()
EVERY_RECORD = pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.SCHEMA)
EVERY_MESSAGE = pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.SCHEMA)
pytestmark = pytest.mark.filterwarnings("ignore::avro.errors.IgnoredLogicalType")  # mrn, eori: ours, text to others
few = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@EVERY_MESSAGE
@few
@given(data=st.data())
def test_a_message_comes_back_as_it_went_in(kind: type[Message], data: st.DataObject) -> None:
    message = data.draw(records(kind))
    back = CODEC.decode(CODEC.encode(message))
    assert back == message
    assert hash(back) == hash(message)
    assert CODEC.encode(back) == CODEC.encode(message)


@EVERY_RECORD
@few
@given(data=st.data())
def test_a_snapshot_comes_back_as_it_went_in(kind: type[Record], data: st.DataObject) -> None:
    record = data.draw(records(kind))
    assert CODEC.decode_record(kind, CODEC.encode_record(record)) == record


@EVERY_MESSAGE
@few
@given(data=st.data())
def test_apache_avro_reads_the_same_fields(kind: type[Message], data: st.DataObject) -> None:
    message = data.draw(records(kind))
    assert read_by_apache_avro(kind, CODEC.encode(message)[5:]) == plain(message)


@EVERY_MESSAGE
def test_what_apache_avro_writes_is_read_as_the_same_message(kind: type[Message]) -> None:
    message = smallest(kind)
    stream = BytesIO()
    avro.io.DatumWriter(apache_schema(kind)).write(plain(message), avro.io.BinaryEncoder(stream))
    assert CODEC.decode(CODEC.encode(message)[:5] + stream.getvalue()) == message


def test_the_prefix_is_a_zero_and_the_id_in_four_bytes() -> None:
    value = CODEC.encode(smallest(Demand))
    assert value[0] == 0
    assert loader.released_ids()[int.from_bytes(value[1:5], "big")][0] == Demand.SCHEMA


def read_by_apache_avro(kind: type[Record], body: bytes) -> Any:
    schema = apache_schema(kind)
    return avro.io.DatumReader(schema, schema).read(avro.io.BinaryDecoder(BytesIO(body)))


def apache_schema(kind: type[Record]) -> avro.schema.Schema:
    return avro.schema.make_avsc_object(loader.whole(kind.SCHEMA))
