"""Avro's binary form of single values: what the generated messages are written and read with.

**Writing** takes exactly what a schema allows and refuses the rest with ValueError: no float for a whole number, no
naive time, no amount that would be rounded. **Reading** here takes the canonical form only, the one that writing gives
(shortest numbers, arrays in one block, amounts in their fewest bytes), and raises on anything else; the codec reads
that in its slower way. So what was read here may stand for the record wherever its bytes are needed again.
Source: Apache Avro 1.12 specification, "Binary encoding".

Values that come back often are looked up; each table is bounded and starts anew when it is full.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn, TypeVar, cast

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R")

_MOST = 8192
_MOST_TEXT = 64
_MOST_CODE = 24
_LONG = 2**63
_INT = 2**31
_SHIFTS = range(7, 70, 7)


class Lookup(dict[K, V]):
    """What `make` gives for a key, made once and kept while there is room; not when it is longer than `longest`."""

    __slots__ = ("_longest", "_make")

    def __init__(self, make: Callable[[K], V], longest: int | None = None) -> None:
        super().__init__()
        self._make = make
        self._longest = longest

    def __missing__(self, key: K) -> V:
        made = self._make(key)
        if self._longest is None or len(cast(bytes, made)) <= self._longest:
            self.keep(key, made)
        return made

    def keep(self, key: K, made: V) -> None:
        if len(self) >= _MOST:
            self.clear()
        self[key] = made


def misfit(value: object) -> NoReturn:
    """For a value of another type than its field's."""
    raise TypeError(f"not one of these: {value!r}")


def number(value: int) -> bytes:
    """A whole number that is known to be one, of at most 64 bits."""
    left = value << 1 if value >= 0 else (-value << 1) - 1
    if left < 128:
        return bytes((left,))
    if 2**14 <= left < 2**21:
        return bytes((left & 127 | 128, left >> 7 & 127 | 128, left >> 14))
    out = bytearray()
    while left > 127:
        out.append(left & 127 | 128)
        left >>= 7
    out.append(left)
    return bytes(out)


NUMBERS: Final = tuple(number(n) for n in range(8192))
"""The form of the numbers from 0: counts, lengths and most revisions are among them."""


def long(value: object) -> bytes:
    if type(value) is not int or not -_LONG <= value < _LONG:
        raise ValueError(f"not a whole number of 64 bits: {value!r}")
    return number(value)


def integer(value: object) -> bytes:
    if type(value) is not int or not -_INT <= value < _INT:
        raise ValueError(f"not a whole number of 32 bits: {value!r}")
    return number(value)


def integer_of(value: int) -> int:
    """A number that was read, which other implementations let grow beyond 32 bits."""
    if not -_INT <= value < _INT:
        raise ValueError(f"not a whole number of 32 bits: {value}")
    return value


def flag(value: object) -> bytes:
    if type(value) is not bool:
        raise ValueError(f"not true or false: {value!r}")
    return b"\x01" if value else b"\x00"


def text(value: Any) -> bytes:
    data: bytes = value.encode()  # nothing else of ours has it
    return number(len(data)) + data


def octets(value: object) -> bytes:
    if type(value) is not bytes:
        raise ValueError(f"not bytes: {value!r:.100}")
    return number(len(value)) + value


def _texts(values: object) -> bytes:
    return items(values, map(text, values)) if type(values) is tuple else misfit(values)


TEXTS: Final[Lookup[str, bytes]] = Lookup(text, _MOST_TEXT)
"""For codes of a small vocabulary: a unit, a country."""
TEXT_AT: Final[Lookup[bytes, str]] = Lookup(bytes.decode, _MOST_TEXT)
"""The text of such bytes, their length not among them."""
STRINGS: Final[Lookup[tuple[str, ...], bytes]] = Lookup(_texts, _MOST_TEXT)
"""An array of text."""


def items(values: object, written: Iterable[bytes]) -> bytes:
    """An array in one block. Only a tuple: what can change would not stay what its bytes say."""
    if type(values) is not tuple:
        raise TypeError(f"not a tuple: {values!r}")
    return b"".join((number(len(values)), *written, b"\x00")) if values else b"\x00"


def records(values: Any, kind: Any) -> bytes:
    """An array of records of one kind."""
    return items(values, [x.remembered or x.avro() if type(x) is kind else misfit(x) for x in values])


FLAG_AT: Final = {0: False, 1: True}


def long_at(data: bytes, at: int) -> tuple[int, int]:
    """The number at a place, and where it ends."""
    left = data[at]
    at += 1
    if left > 127:
        left &= 127
        byte = 128
        for shift in _SHIFTS:
            byte = data[at]
            at += 1
            left |= (byte & 127) << shift
            if byte < 128:
                break
        if byte > 127 or not byte or left >= 2 * _LONG:
            raise ValueError("a number in another form than ours")
    return (left >> 1) ^ -(left & 1), at


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
        form = data[at : at + size]
        found.append(TEXT_AT[form] if size <= _MOST_CODE else form.decode())
        at += size
    return tuple(found), _end_of_array(data, at)


def _end_of_array(data: bytes, at: int) -> int:
    if data[at]:
        raise ValueError("an array in more than one block")
    return at + 1
