"""Avro's binary form of amounts, times and days, as `services.core.avro` has that of plain values.

Source: Apache Avro 1.12 specification, "Logical types": decimal in bytes, timestamp-micros, date.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Final, NoReturn

from services.core.avro import NUMBERS, Lookup, long_at, number

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ZERO = date(1970, 1, 1).toordinal()
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])
_MICROS = 1_000_000
# Numbers whose form takes eight bytes; the bit in all but the last that says that another follows; that bit in all.
_FIRST_OF_EIGHT, _END_OF_EIGHT = 2**49, 2**56
_MORE, _TOPS = 0x0080_8080_8080_8080, 0x8080_8080_8080_8080


def instant(value: object) -> bytes:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise ValueError(f"not an aware time: {value!r}")
    since = value - _EPOCH
    left = ((since.days * 86_400 + since.seconds) * _MICROS + since.microseconds) << 1
    if not _FIRST_OF_EIGHT <= left < _END_OF_EIGHT:
        return number(left >> 1)
    # Groups of seven bits, each in its byte: halves apart, then quarters, then eighths.
    left = left & 0x0000_0000_0FFF_FFFF | left << 4 & 0x0FFF_FFFF_0000_0000
    left = left & 0x0000_3FFF_0000_3FFF | left << 2 & 0x3FFF_0000_3FFF_0000
    left = left & 0x007F_007F_007F_007F | left << 1 & 0x7F00_7F00_7F00_7F00
    return (left | _MORE).to_bytes(8, "little")


INSTANTS: Final[Lookup[datetime, bytes]] = Lookup(instant)
"""Only for what is in UTC: when clocks go back, two times in another zone are equal with an hour between them."""


def instant_of(micros: int) -> datetime:
    """The time so many microseconds after 1970, in UTC. OverflowError outside the years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=micros)


def instant_at(data: bytes, at: int) -> tuple[datetime, int]:
    micros, end = long_at(data, at)
    return instant_of(micros), end


def _instant_in(form: bytes) -> datetime | None:
    left = int.from_bytes(form, "little")
    if left & _TOPS != _MORE or left < 1 << 56:
        return None
    left = left & 0x007F_007F_007F_007F | left >> 1 & 0x3F80_3F80_3F80_3F80
    left = left & 0x0000_3FFF_0000_3FFF | left >> 2 & 0x0FFF_C000_0FFF_C000
    left = left & 0x0000_0000_0FFF_FFFF | left >> 4 & 0x00FF_FFFF_F000_0000
    return instant_of((left >> 1) ^ -(left & 1))


INSTANT_AT: Final[Lookup[bytes, datetime | None]] = Lookup(_instant_in)
"""By its eight bytes: all times from 1978 to 3111 take as many. None for others."""


def _day(value: object) -> bytes:
    if type(value) is not date:
        raise ValueError(f"not a date: {value!r}")
    return number(value.toordinal() - _DAY_ZERO)


DAYS: Final[Lookup[date, bytes]] = Lookup(_day)


def day_of(days: int) -> date:
    return date.fromordinal(days + _DAY_ZERO)


def day_at(data: bytes, at: int) -> tuple[date, int]:
    days, end = long_at(data, at)
    return day_of(days), end


class Decimals:
    """Amounts of at most `precision` digits, `scale` of them decimals: exact, or refused."""

    def __init__(self, precision: int, scale: int) -> None:
        self._scale = scale
        self._limit = 10**precision
        self._digits = precision - scale
        self.written: Final[Lookup[Decimal, bytes]] = Lookup(self._write)
        """Bytes of an amount, with their length before them. Only for what is a Decimal: 1 == 1.0 == Decimal(1)."""
        self.at: Final[Lookup[bytes, Decimal]] = Lookup(self._read)
        """The amount of such bytes."""

    def of(self, data: bytes) -> Decimal:
        """The amount in any number of bytes that another implementation may use, its length not among them."""
        units = int.from_bytes(data[:16], "big", signed=True)
        if len(data) > 16 or not -self._limit < units < self._limit:
            raise ValueError(f"an amount of more than {len(str(self._limit)) - 1} digits")
        return Decimal(units).scaleb(-self._scale, _EXACT)

    def _write(self, value: object) -> bytes:
        # An infinite one, or none at all (NaN), is no integer either.
        if type(value) is not Decimal or (value.adjusted() >= self._digits and value):
            raise ValueError(f"not an amount (a Decimal below 10^{self._digits}): {value!r}")
        scaled = value.scaleb(self._scale, _EXACT)
        units = int(scaled)
        if units != scaled:
            raise ValueError(f"more than {self._scale} decimals: {value}")
        size = (units.bit_length() + 8) // 8
        return NUMBERS[size] + units.to_bytes(size, "big", signed=True)

    def _read(self, form: bytes) -> Decimal:
        value, size = self.of(form[1:]), len(form) - 1
        units = int.from_bytes(form[1:], "big", signed=True)
        if size != (units.bit_length() + 8) // 8 or form[0] != size << 1:
            raise ValueError("an amount in another form than ours")
        self.written.keep(value, form)
        return value


def amount(value: object) -> NoReturn:
    """For what is no Decimal."""
    raise ValueError(f"not an amount (a Decimal): {value!r}")
