"""A record's headers as it goes out, and its time as it comes in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.core.messages import Licence
from services.runtime.codec import Codec
from services.runtime.dead_letter import dead_letter
from services.runtime.decoding import decode
from services.runtime.kafka.batches import milliseconds
from services.runtime.kafka.cloud_events import CloudEvents
from services.runtime.kafka.reader import Incoming
from tests.builders import a_licence

AT = datetime(2026, 3, 1, 9, 0, 0, 250_000, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_record_carries_the_attributes_of_a_cloud_event() -> None:
    events = CloudEvents("customs")
    headers = events.headers("a.v1.Type", "the-id", b"key", AT, None)
    assert headers == (
        ("ce_specversion", b"1.0"),
        ("ce_id", b"the-id"),
        ("ce_source", b"/tolbrug/customs"),
        ("ce_type", b"a.v1.Type"),
        ("ce_subject", b"key"),
        ("ce_time", b"2026-03-01T09:00:00.250000+00:00"),
        ("content-type", b"application/avro"),
    )
    assert events.headers("a.v1.Type", "the-id", b"key", AT, TRACE) == (*headers, ("traceparent", TRACE.encode()))


def test_what_records_share_is_never_another_records() -> None:
    events = CloudEvents("customs")
    later = AT + timedelta(seconds=1)
    made = [dict(events.headers(kind, "i", None, at, None)) for kind, at in (("A", AT), ("B", later), ("A", AT))]
    assert [headers["ce_type"] for headers in made] == [b"A", b"B", b"A"]
    assert [headers["ce_time"] for headers in made] == [t.isoformat().encode() for t in (AT, later, AT)]
    assert made[0]["ce_subject"] == b""


def test_the_time_is_written_in_utc_wherever_the_database_stands() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert dict(CloudEvents("x").headers("A", "i", b"k", elsewhere, None))["ce_time"] == AT.isoformat().encode()


def a_record(at_ms: int) -> Incoming:
    licence = a_licence()
    return Incoming(Licence.TOPIC, 0, 0, licence.key.encode(), Codec().encode(licence), at_ms, ())


def test_a_record_is_as_old_as_it_says() -> None:
    assert a_record(milliseconds(AT)).at == AT
    assert a_record(-1).at == datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)


@pytest.mark.parametrize("at_ms", [-(2**63), -62_200_000_000_000, 253_402_300_800_000, 2**63 - 1])
async def test_a_record_of_no_year_that_can_be_kept_is_a_dead_letter(at_ms: int) -> None:
    record = a_record(at_ms)
    (decoded,) = await decode(Codec(), [record])
    assert decoded.message is None
    assert str(at_ms) in decoded.reason
    assert dead_letter(record, "decode", decoded.reason, "a.fold", 1).at == datetime(1970, 1, 1, tzinfo=UTC)


async def test_a_record_without_a_time_is_read() -> None:
    (decoded,) = await decode(Codec(), [a_record(-1)])
    assert decoded.message == a_licence()


def test_the_trace_is_the_first_that_is_stated() -> None:
    headers = (("traceparent", None), ("traceparent", TRACE.encode()), ("traceparent", b"other"))
    assert a_record(0)._replace(headers=headers).trace == TRACE
    assert a_record(0)._replace(headers=(("traceparent", b"\xff"),)).trace is None
    assert a_record(0).trace is None
