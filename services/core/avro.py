"""Avro's binary form of single values: what the generated messages are written and read with.

**Writing** takes exactly what a schema allows and refuses the rest with ValueError: no float for a whole number, no
naive time, no amount that would be rounded. **Reading** here takes the canonical form only, the one that writing gives
(shortest numbers, arrays in one block, amounts in their fewest bytes), and raises on anything else; the codec reads
that in its slower way. So what was read here may stand for the record wherever its bytes are needed again.
Source: Apache Avro 1.12 specification, "Binary encoding".

Values that come back often are looked up; each table is bounded and starts anew when it is full.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Any, Final, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R")

_MOST = 8192
_MOST_TEXT = 64
_LONG = 2**63
_INT = 2**31
_MICROS = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ZERO = date(1970, 1, 1).toordinal()
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])
_INSTANT_BYTES = 8


class Lookup(dict[K, V]):
    """What `make` gives for a key, made once and kept as long as there is room."""

    __slots__ = ("_make", "_worth")

    def __init__(self, make: Callable[[K], V], worth: Callable[[V], bool] = lambda _: True) -> None:
        super().__init__()
        self._make = make
        self._worth = worth

    def __missing__(self, key: K) -> V:
        made = self._make(key)
        if self._worth(made):
            if len(self) >= _MOST:
                self.clear()
            self[key] = made
        return made


def misfit(value: object) -> NoReturn:
    """For a value of another type than its field's."""
    raise TypeError(f"not one of these: {value!r}")


def _number(value: int) -> bytes:
    left = value << 1 if value >= 0 else (-value << 1) - 1
    out = bytearray()
    while left > 127:
        out.append(left & 127 | 128)
        left >>= 7
    out.append(left)
    return bytes(out)


NUMBERS: Final = tuple(_number(n) for n in range(8192))
"""The form of the numbers from 0: counts, lengths and most revisions are among them."""


def long(value: object) -> bytes:
    if type(value) is not int or not -_LONG <= value < _LONG:
        raise ValueError(f"not a whole number of 64 bits: {value!r}")
    return _number(value)


def integer(value: object) -> bytes:
    if type(value) is not int or not -_INT <= value < _INT:
        raise ValueError(f"not a whole number of 32 bits: {value!r}")
    return _number(value)


def integer_of(value: int) -> int:
    """A number that was read, which other implementations let grow beyond 32 bits."""
    if not -_INT <= value < _INT:
        raise ValueError(f"not a whole number of 32 bits: {value}")
    return value


def flag(value: object) -> bytes:
    if type(value) is not bool:
        raise ValueError(f"not true or false: {value!r}")
    return b"\x01" if value else b"\x00"


def text(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"not text: {value!r}")
    data = value.encode()
    return _number(len(data)) + data


def _texts(values: object) -> bytes:
    return items(values, map(text, values)) if type(values) is tuple else misfit(values)


TEXTS: Final[Lookup[str, bytes]] = Lookup(text, lambda made: len(made) <= _MOST_TEXT)
"""For codes of a small vocabulary: a unit, a country."""
STRINGS: Final[Lookup[tuple[str, ...], bytes]] = Lookup(_texts, lambda made: len(made) <= _MOST_TEXT)
"""An array of text."""


def items(values: object, written: Iterable[bytes]) -> bytes:
    """An array in one block. Only a tuple: what can change would not stay what its bytes say."""
    if type(values) is not tuple:
        raise TypeError(f"not a tuple: {values!r}")
    return b"".join((_number(len(values)), *written, b"\x00")) if values else b"\x00"


def records(values: Any, kind: Any) -> bytes:
    """An array of records of one kind."""
    return items(values, [x.remembered or x.avro() if type(x) is kind else misfit(x) for x in values])


def instant(value: object) -> bytes:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise ValueError(f"not an aware time: {value!r}")
    since = value - _EPOCH
    return _number((since.days * 86_400 + since.seconds) * _MICROS + since.microseconds)


INSTANTS: Final[Lookup[datetime, bytes]] = Lookup(instant)
"""Only for what is in UTC: when clocks go back, two times in another zone are equal with an hour between them."""


def instant_of(micros: int) -> datetime:
    """The time so many microseconds after 1970, in UTC. OverflowError outside the years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=micros)


def instant_at(data: bytes, at: int) -> tuple[datetime, int]:
    micros, end = long_at(data, at)
    return instant_of(micros), end


def _instant_in(form: bytes) -> datetime | None:
    if len(form) < _INSTANT_BYTES or form[-1] > 127 or min(form[:-1]) < 128:
        return None
    return instant_at(form, 0)[0]


INSTANT_AT: Final[Lookup[bytes, datetime | None]] = Lookup(_instant_in, lambda found: found is not None)
"""By its eight bytes: all times from 1978 to 3111 take as many. None for others."""


def _day(value: object) -> bytes:
    if type(value) is not date:
        raise ValueError(f"not a date: {value!r}")
    return _number(value.toordinal() - _DAY_ZERO)


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
        self._highest = Decimal(10) ** (precision - scale)
        self.written: Final[Lookup[Decimal, bytes]] = Lookup(self._write)
        """Bytes of an amount, with their length before them. Only for what is a Decimal: 1 == 1.0 == Decimal(1)."""
        self.at: Final[Lookup[bytes, Decimal]] = Lookup(self._read)
        """The amount of such bytes."""

    def of(self, data: bytes) -> Decimal:
        """The amount in any number of bytes that another implementation may use, its length not among them."""
        units = int.from_bytes(data[:16], "big", signed=True)
        if len(data) > 16 or not -self._limit < units < self._limit:
            raise ValueError(f"an amount of more than {len(str(self._limit)) - 1} digits")
        return _EXACT.scaleb(Decimal(units), -self._scale)

    def _write(self, value: object) -> bytes:
        if type(value) is not Decimal or not -self._highest < value < self._highest:
            raise ValueError(f"not an amount (a Decimal below {self._highest:.0e}): {value!r}")
        scaled = _EXACT.scaleb(value, self._scale)
        units = int(scaled)
        if units != scaled:
            raise ValueError(f"more than {self._scale} decimals: {value}")
        return _bytes_of(units)

    def _read(self, form: bytes) -> Decimal:
        if _bytes_of(int.from_bytes(form[1:18], "big", signed=True)) != form:
            raise ValueError("an amount in another form than ours")
        return self.of(form[1:])


def _bytes_of(units: int) -> bytes:
    size = (units.bit_length() + 8) // 8
    return _number(size) + units.to_bytes(size, "big", signed=True)


def amount(value: object) -> NoReturn:
    """For what is no Decimal."""
    raise ValueError(f"not an amount (a Decimal): {value!r}")


FLAG_AT: Final = {0: False, 1: True}


def long_at(data: bytes, at: int) -> tuple[int, int]:
    """The number at a place, and where it ends."""
    left = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        left |= (byte & 127) << shift
        if byte < 128:
            if (byte or not shift) and left < 2 * _LONG:
                return (left >> 1) ^ -(left & 1), at
            break
    raise ValueError("a number in another form than ours")


def integer_at(data: bytes, at: int) -> tuple[int, int]:
    value, end = long_at(data, at)
    return integer_of(value), end


def length_at(data: bytes, at: int) -> tuple[int, int]:
    """How many bytes or items follow, and where they begin."""
    value, end = long_at(data, at)
    if value < 0:
        raise ValueError("a negative length")
    return value, end


def records_at(data: bytes, at: int, read: Callable[[bytes, int], tuple[R, int]]) -> tuple[tuple[R, ...], int]:
    """The records of an array, of which there is at least one, and where it ends."""
    left, at = length_at(data, at)
    found = []
    for _ in range(left):
        record, at = read(data, at)
        found.append(record)
    return tuple(found), _end_of_array(data, at)


def strings_at(data: bytes, at: int) -> tuple[tuple[str, ...], int]:
    """The same for text."""
    left, at = length_at(data, at)
    found = []
    for _ in range(left):
        size = data[at]
        if size & 129:
            size, at = length_at(data, at)
        else:
            size >>= 1
            at += 1
        found.append(data[at : at + size].decode())
        at += size
    return tuple(found), _end_of_array(data, at)


def _end_of_array(data: bytes, at: int) -> int:
    if data[at]:
        raise ValueError("an array in more than one block")
    return at + 1
