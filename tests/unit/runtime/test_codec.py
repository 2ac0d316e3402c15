"""What the codec refuses, and what it lets through."""

import asyncio
import contextlib
import resource
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import loader
from services.core.errors import Corrupt, Rejected, Transient
from services.core.messages import Demand, Draw, Ledger, Licence, Party, Phase, Shipment
from services.core.values import format_amount, parse_decimal
from services.runtime.codec import MAX_BYTES, Codec
from tests.contract.message_values import smallest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DRAW = Draw(
    item=1, line=1, commodity_code=cast(Any, "84798300"), description="isostatic press", procedure="10",
    destination=cast(Any, "IN"), quantity=Decimal(3), amount=Decimal("100000.00"),
)  # fmt: skip
DEMAND = Demand(
    mrn=cast(Any, "26BE343000000001A1"), licence=cast(Any, "VL/2026/000123"), revision=1, version=1,
    phase=Phase.ACCEPTED, final_exit=True, accepted_at=NOON, occurred_at=NOON, exporter=Party(name="Kaai"),
    draws=(DRAW,),
)  # fmt: skip
CODEC = Codec()
VALUE = CODEC.encode(DEMAND)


def test_amounts_come_back_equal_with_six_decimals() -> None:
    back = cast(Demand, CODEC.decode(VALUE))
    assert back == DEMAND
    assert str(back.draws[0].quantity) == "3.000000"


def test_codes_and_names_that_come_back_are_kept_once() -> None:
    draw = replace(DRAW, units=(cast(Any, "NAR"),))
    value = CODEC.encode(replace(DEMAND, draws=(draw,)))
    one, other = (cast(Demand, CODEC.decode(value)) for _ in range(2))
    assert one.exporter.name is other.exporter.name
    assert one.draws[0].commodity_code is other.draws[0].commodity_code
    assert one.draws[0].units[0] is other.draws[0].units[0]


@given(st.decimals(min_value=-(10**17), max_value=10**17, places=6) | st.integers(-1000, 1000).map(Decimal))
def test_an_amount_is_shown_alike_before_and_after_it_travelled(amount: Decimal) -> None:
    back = cast(Demand, CODEC.decode(CODEC.encode(replace(DEMAND, draws=(replace(DRAW, quantity=amount),)))))
    assert back.draws[0].quantity == amount
    assert format_amount(back.draws[0].quantity) == format_amount(amount)
    assert parse_decimal(format_amount(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "text"),
    [("3.000000", "3"), ("1E+5", "100000"), ("0.500000", "0.5"), ("-0.0", "0"), ("0E-6", "0"), ("-1.10", "-1.1")],
)
def test_an_amount_is_shown_without_exponent_and_trailing_zeros(amount: str, text: str) -> None:
    assert format_amount(Decimal(amount)) == text


def test_a_time_in_another_zone_comes_back_as_the_same_instant_in_utc() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=2)))
    back = cast(Demand, CODEC.decode(CODEC.encode(replace(DEMAND, accepted_at=local))))
    assert back.accepted_at == local
    assert back.accepted_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "too short"),
        (b"\x00\x00\x00", "too short"),
        (b"\x01" + VALUE[1:], "first byte is 0x01"),
        (b'{"kind": "declaration"}', "first byte is 0x7b"),
        (b"\x00\x00\x00\x00\x07" + VALUE[5:], "schema 7 does not exist"),
        (VALUE + b"\x00", "1 bytes after the end"),
        (VALUE[:5] + b"\xff" * 20, "not a reconciliation.v1.Demand"),
        (VALUE[:5] + b"\x04\xc3\x28" + VALUE[6:], "not a reconciliation.v1.Demand"),
        (VALUE.ljust(MAX_BYTES + 1, b"\x00"), "at most 4194304"),
    ],
)
def test_a_value_that_is_no_message_is_rejected_with_the_reason(value: bytes, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        CODEC.decode(value)


@pytest.mark.parametrize("length", range(5, len(VALUE)))
def test_a_value_cut_short_anywhere_is_rejected(length: int) -> None:
    with pytest.raises(Rejected):
        CODEC.decode(VALUE[:length])


@settings(max_examples=5 * settings().max_examples)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_but_rejected(body: bytes) -> None:
    with contextlib.suppress(Rejected):
        CODEC.decode(VALUE[:5] + body)


@settings(max_examples=5 * settings().max_examples)
@given(place=st.integers(5, len(VALUE) - 1), byte=st.integers(0, 255))
def test_one_changed_byte_gives_a_message_or_rejected(place: int, byte: int) -> None:
    with contextlib.suppress(Rejected):
        CODEC.decode(VALUE[:place] + bytes([byte]) + VALUE[place + 1 :])


def test_a_length_that_lies_takes_no_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for lie in (b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"):
        with pytest.raises(Rejected):
            CODEC.decode(VALUE[:5] + lie)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"revision": 1.9}, "whole number"),
        ({"revision": True}, "whole number"),
        ({"revision": 2**63}, "64 bits"),
        ({"version": 2**31}, "32 bits"),
        ({"final_exit": 1}, "true or false"),
        ({"mrn": b"26BE"}, "mrn: not Mrn: b'26BE'"),
        ({"mrn": None}, "mrn: not Mrn: None"),
        ({"accepted_at": datetime(2026, 3, 2)}, "aware time"),  # noqa: DTZ001 - the naive time is the point
        ({"accepted_at": 1_772_000_000_000_000}, "accepted_at: not datetime"),
        ({"phase": "SHIPPED"}, "Demand"),
        ({"exporter": None}, "Demand"),
    ],
)
def test_a_field_that_does_not_fit_its_schema_is_not_written(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        CODEC.encode(replace(DEMAND, **change))


@pytest.mark.parametrize(
    "amount",
    [Decimal("0.0000001"), Decimal(10) ** 18, Decimal("1E+999999"), Decimal("NaN"), Decimal("Infinity"), 1.5, 3, "3"],
)
def test_an_amount_that_is_not_exact_is_not_written(amount: Any) -> None:
    with pytest.raises(Rejected):
        CODEC.encode(replace(DEMAND, draws=(replace(DRAW, quantity=amount),)))


@pytest.mark.parametrize("text", ["0", "-0.000001", "999999999999999999.999999", "-1", "1E+3", "0.10000000"])
def test_an_exact_amount_is_written_however_it_is_spelt(text: str) -> None:
    demand = replace(DEMAND, draws=(replace(DRAW, quantity=Decimal(text)),))
    assert CODEC.decode(CODEC.encode(demand)) == demand


def test_a_message_over_four_mebibytes_is_not_written() -> None:
    with pytest.raises(Rejected, match="at most 4194304"):
        CODEC.encode(replace(DEMAND, exporter=Party(name="x" * MAX_BYTES)))


def test_a_snapshot_is_no_message_and_a_message_no_snapshot_of_another_kind() -> None:
    snapshot = CODEC.encode_record(Shipment(mrn=DEMAND.mrn))
    assert CODEC.decode_record(Shipment, snapshot) == Shipment(mrn=DEMAND.mrn)
    with pytest.raises(Rejected, match="not a message"):
        CODEC.decode(snapshot)
    with pytest.raises(Corrupt, match=r"a stored .*Ledger is a .*Shipment"):
        CODEC.decode_record(Ledger, snapshot)


def test_a_damaged_snapshot_is_corrupt_and_no_message_is_blamed_for_it() -> None:
    snapshot = CODEC.encode_record(Shipment(mrn=DEMAND.mrn))
    for damaged in (snapshot[:-1], snapshot + b"\x00", b"", b"\x01" + snapshot[1:]):
        with pytest.raises(Corrupt, match="cannot be read"):
            CODEC.decode_record(Shipment, damaged)
    with pytest.raises(Corrupt, match="does not fit"):
        CODEC.encode_record(Shipment(mrn=cast(Any, 7)))


def test_a_snapshot_may_be_larger_than_any_message() -> None:
    shipment = Shipment(mrn=DEMAND.mrn, findings=("f" * 64,) * 70_000)
    value = CODEC.encode_record(shipment)
    assert len(value) > MAX_BYTES
    assert CODEC.decode_record(Shipment, value) == shipment


async def test_what_a_later_release_wrote_waits_for_an_upgrade() -> None:
    later = (max(loader.released_ids()) + 3).to_bytes(4, "big")
    with pytest.raises(Transient, match="later release"):
        CODEC.decode(b"\x00" + later + VALUE[5:])
    with pytest.raises(Transient, match="later release"):
        await CODEC.resolve([VALUE, b"\x00" + later + VALUE[5:]])
    with pytest.raises(Transient, match="later release"):
        CODEC.decode_record(Shipment, b"\x00" + later)


def test_a_value_that_unfolds_to_very_many_parts_is_rejected_before_it_fills_the_memory() -> None:
    licence = smallest(Licence)
    body = CODEC.encode(replace(licence, consignees=(Party(),) * 1000))
    start = body.index(b"\xd0\x0f" + b"\x00" * 4000)  # a block of 1000 parties, four bytes each
    block = b"\x80\x89\x7a" + b"\x00" * 4_000_000  # the same with a million
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Rejected, match="too many records"):
        CODEC.decode(body[:start] + block + body[start + 4002 :])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_bundled_ids_are_resolved_without_any_registry() -> None:
    asyncio.run(CODEC.resolve([VALUE, b"", b"\x01nonsense"]))
    assert CODEC.decode(VALUE) == DEMAND
