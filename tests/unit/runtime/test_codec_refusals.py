"""What looks like a value and is none is not written, and another writer's spelling is read and not remembered."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from schemas import evolution
from services.core import avro, avro_logical
from services.core.errors import Rejected
from services.core.messages import Demand, Draw, Licence, Party, Severity
from services.runtime.codec import MAX_RECORDS, Codec
from tests.contract.message_values import fullest, smallest

CODEC = Codec()
DEMAND = fullest(Demand)
[DRAW] = DEMAND.draws
VALUE = CODEC.encode(DEMAND)
BODY = VALUE[5:]


class OtherDraw(Draw):
    """Of another kind, though it has all that a draw has."""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"revision": 1.0}, "revision: not a whole number of 64 bits"),
        ({"version": True}, "version: not a whole number of 32 bits"),
        ({"version": -(2**31) - 1}, "version: not a whole number of 32 bits"),
        ({"final_exit": "yes"}, "final_exit: not true or false"),
        ({"phase": "ACCEPTED"}, "phase: not Phase: 'ACCEPTED'"),
        ({"phase": Severity.INFO}, "phase: not Phase"),
        ({"phase": None}, "phase: not Phase: None"),
        ({"licence": "\ud800"}, "licence: not LicenceRef"),
        ({"exporter": DRAW}, "exporter: not Party"),
        ({"draws": [DRAW]}, "draws: not tuple"),
        ({"draws": None}, "draws: not tuple"),
        ({"draws": (DEMAND.exporter,)}, "draws: not tuple"),
        ({"draws": (replace(DRAW, quantity=Decimal("0.0000001")),)}, "draws: quantity: more than 6 decimals: 1E-7"),
        ({"draws": (replace(DRAW, units=cast(Any, ("KGM", 7))),)}, "draws: units: not tuple"),
        ({"draws": (replace(DRAW, units=cast(Any, ["KGM"])),)}, "draws: units: not tuple"),
        ({"draws": (replace(DRAW, destination=cast(Any, None)),)}, "draws: destination: not CountryCode: None"),
        ({"exporter": Party(name=cast(Any, 7))}, "exporter: name: not str"),
    ],
)
def test_a_value_of_another_kind_is_not_written_and_the_reason_names_its_field(
    change: dict[str, Any], reason: str
) -> None:
    CODEC.encode(DEMAND)  # what equals one of these and was written before does not let it pass
    with pytest.raises(Rejected, match=f"cannot write reconciliation.v1.Demand: .*{reason}"):
        CODEC.encode(replace(DEMAND, **change))


@pytest.mark.parametrize("amount", [1, 1.0, True, 1.5])
def test_what_equals_an_amount_that_was_written_is_still_no_amount(amount: Any) -> None:
    CODEC.encode(replace(DEMAND, draws=(replace(DRAW, quantity=Decimal(amount)),)))
    with pytest.raises(Rejected, match="quantity: not an amount"):
        CODEC.encode(replace(DEMAND, draws=(replace(DRAW, quantity=amount),)))


def test_a_time_that_comes_twice_when_clocks_go_back_is_written_as_the_one_it_is() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Brussels"))
    second = first.replace(fold=1)
    for local, hour in ((first, 0), (second, 1), (first, 0)):
        back = cast(Demand, CODEC.decode(CODEC.encode(replace(DEMAND, accepted_at=local))))
        assert back.accepted_at == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize("wrong", [datetime(2026, 3, 2, tzinfo=UTC), "2026-03-02", 20_514])
def test_only_a_date_is_a_date(wrong: Any) -> None:
    licence = fullest(Licence)
    CODEC.encode(licence)
    with pytest.raises(Rejected, match="valid_from: not a date"):
        CODEC.encode(replace(licence, valid_from=wrong))


def number(value: int, more: int = 0) -> bytes:
    """A number that takes `more` bytes than it needs."""
    short = avro.long(value)
    return short if not more else bytes(b | 128 for b in short) + b"\x80" * (more - 1) + b"\x00"


def spelt(old: bytes, new: bytes) -> bytes:
    assert BODY.count(old) == 1, old
    return BODY.replace(old, new)


DRAWN, SOURCED = DRAW.avro(), DEMAND.sources[0].avro()
QUANTITY = b"\x02" + avro_logical.Decimals(24, 6).written[cast(Decimal, DRAW.quantity)]
SPELLINGS: dict[str, Callable[[], bytes]] = {
    "a number in more bytes than it needs": lambda: spelt(number(DEMAND.revision), number(DEMAND.revision, more=2)),
    "an array in a block with its size": lambda: spelt(
        b"\x02" + DRAWN + b"\x00", b"\x01" + number(len(DRAWN)) + DRAWN + b"\x00"
    ),
    "an array closed by a long zero": lambda: spelt(SOURCED + b"\x00", SOURCED + b"\x80\x00"),
    "an amount in more bytes than it needs": lambda: BODY.replace(
        QUANTITY, b"\x02" + number(QUANTITY[1] // 2 + 1) + b"\xff" + QUANTITY[2:], 1
    ),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_another_spelling_is_read_and_not_remembered(name: str) -> None:
    """Else what is made of it would depend on whether a process still remembers how it was spelt."""
    body = SPELLINGS[name]()
    assert body != BODY
    back = CODEC.decode(VALUE[:5] + body)
    assert back == DEMAND
    assert back.remembered is None
    assert CODEC.encode(back) == VALUE


def test_two_blocks_are_one_array() -> None:
    two = CODEC.encode(replace(DEMAND, draws=(DRAW, DRAW)))
    back = CODEC.decode(two.replace(b"\x04" + DRAWN + DRAWN, b"\x02" + DRAWN + b"\x02" + DRAWN))
    assert (cast(Demand, back).draws, back.remembered) == ((DRAW, DRAW), None)
    assert CODEC.encode(back) == two


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (avro.integer(DRAW.item) + avro.integer(DRAW.line), number(2**31) + b"\x02", "32 bits: 2147483648"),
        (avro.integer(DRAW.item) + avro.integer(DRAW.line), b"\x02" + number(-(2**40)), "32 bits: -1099511627776"),
        (QUANTITY, b"\x02\x22" + b"\x01" * 17, "more than 24 digits"),
        (QUANTITY, b"\x02\x22" + b"\x00" * 16 + b"\x01", "more than 24 digits"),
        (QUANTITY, b"\x02" + number(11) + (10**24).to_bytes(11, "big"), "more than 24 digits"),
        (QUANTITY, b"\x04" + QUANTITY[1:], "not a reconciliation.v1.Demand"),
    ],
)
def test_what_fits_avro_and_not_our_fields_is_not_read(old: bytes, new: bytes, reason: str) -> None:
    assert DRAWN.count(old) >= 1
    with pytest.raises(Rejected, match=reason):
        CODEC.decode(VALUE[:5] + BODY.replace(DRAWN, DRAWN.replace(old, new, 1)))


@pytest.mark.parametrize(
    "form",
    [
        b"\x82\x00",  # 1, in two bytes
        b"\x80" * 9 + b"\x00",
        b"\x80" * 10,  # of which no end is in sight
        b"\x81" * 10 + b"\x01",
        b"\xff" * 9 + b"\x03",  # beyond 64 bits
        b"\x80" * 9 + b"\x02",
    ],
)
def test_a_number_in_another_form_than_the_shortest_is_not_taken_for_ours(form: bytes) -> None:
    with pytest.raises(ValueError, match="another form"):
        avro.long_at(form + b"\x00", 0)


@pytest.mark.parametrize("value", [-1, 0, 63, 64, -65, 8191, 8192, 2**20, -(2**20), 2**31, 2**63 - 1, -(2**63)])
def test_the_shortest_form_of_a_number_is_taken(value: int) -> None:
    form = avro.long(value)
    assert avro.long_at(b"?" + form + b"?", 1) == (value, 1 + len(form))


def test_a_length_is_not_negative() -> None:
    with pytest.raises(ValueError, match="negative length"):
        avro.length_at(avro.long(-1), 0)


@pytest.mark.parametrize("draw", [DRAW, smallest(Draw)])
def test_of_any_other_bytes_no_draw_is_read_that_would_be_written_otherwise(draw: Draw) -> None:
    body = draw.avro()
    for place in range(len(body)):
        for byte in range(256):
            other = body[:place] + bytes((byte,)) + body[place + 1 :]
            with contextlib.suppress(ValueError, TypeError, KeyError, IndexError):
                back, end = Draw.read(other, 0)
                assert end != len(other) or replace(back).avro() == other


def test_times_and_days_beyond_the_calendar_are_not_read() -> None:
    at = BODY.index(avro_logical.instant(DEMAND.accepted_at))
    for micros in (2**62, -(2**62)):
        with pytest.raises(Rejected, match="OverflowError"):
            CODEC.decode(VALUE[:5] + BODY[:at] + number(micros) + BODY[at + 8 :])
    licence = CODEC.encode(fullest(Licence))
    day = avro_logical.DAYS[date(2026, 3, 2)]
    assert day in licence
    with pytest.raises(Rejected):
        CODEC.decode(licence.replace(day, number(2**31 - 1), 1))


@pytest.mark.parametrize("year", [1, 1969, 3500, 9999])
def test_times_of_other_centuries_are_read(year: int) -> None:
    demand = replace(DEMAND, accepted_at=datetime(year, 1, 1, tzinfo=UTC))
    assert CODEC.decode(CODEC.encode(demand)) == demand


def test_a_message_may_hold_as_many_records_as_is_said_and_not_one_more() -> None:
    licence = smallest(Licence)
    beside = 3  # the licence, its holder and its requirements
    most = CODEC.encode(replace(licence, consignees=(Party(),) * (MAX_RECORDS - beside)))
    assert len(cast(Licence, CODEC.decode(most)).consignees) == MAX_RECORDS - beside
    more = CODEC.encode(replace(licence, consignees=(Party(),) * (MAX_RECORDS - beside + 1)))
    with pytest.raises(Rejected, match="too many records"):
        CODEC.decode(more)


def a_record(name: str, **types: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in types.items()]}


def test_no_value_up_to_the_length_that_needs_no_count_holds_too_many_records() -> None:
    inner = a_record("Q", n="int")
    part = a_record("P", n="int", q=["null", "Q"])
    many = {"type": "array", "items": a_record("I", p=[part, inner])}
    schema = a_record("T", q=inner, m=many)
    # T and its Q; each item an I, in it a P and its Q: three records in at least two bytes.
    assert evolution.longest_with(302, schema) == 300 * 2 // 3
    assert evolution.longest_with(10, inner) > 2**40


def test_tables_of_what_was_written_do_not_grow_for_ever() -> None:
    made: list[int] = []

    def make(n: int) -> bytes:
        made.append(n)
        return bytes(n % 7)

    table = avro.Lookup(make, longest=5)
    for n in range(20_000):
        assert table[n] == bytes(n % 7)
        assert len(table) <= 8192
    before = len(made)
    assert (table[19_999], len(made)) == (bytes(19_999 % 7), before)
    assert 6 not in table
