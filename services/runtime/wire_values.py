"""The values that `wire` writes and reads: as `avro_types` has them, with their Avro length or varint, and remembered.

Times and amounts repeat a great deal (one declaration's acceptance, one batch's `now`, round quantities): the last few
thousand are kept.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeVar

from services.runtime import avro_types

_KEPT = 4096


def _varint(zigzag: int) -> bytes:
    out = bytearray()
    while zigzag > 127:
        out.append(zigzag & 127 | 128)
        zigzag >>= 7
    out.append(zigzag)
    return bytes(out)


NUMBERS: Final = tuple(_varint(n * 2) for n in range(1024))
"""Varints of the numbers from 0."""


def number(value: int) -> bytes:
    """A whole number of 64 bits as Avro writes it."""
    return _varint(value * 2 if value >= 0 else -value * 2 - 1)


def whole_int(value: Any) -> bytes:
    return number(avro_types.write_int(value))


def whole_long(value: Any) -> bytes:
    return number(avro_types.write_long(value))


def flag(value: Any) -> bytes:
    return b"\x01" if avro_types.write_flag(value) else b"\x00"


def amount(value: Any) -> bytes:
    data = avro_types.write_amount(value)
    return NUMBERS[len(data)] + data


@lru_cache(_KEPT)
def instant(value: datetime) -> bytes:
    """An aware time. A naive one equals no aware one, so it is never found among those kept."""
    return number(avro_types.write_instant(value))


def day(value: Any) -> bytes:
    return number(avro_types.write_day(value))


def slot(kind: type[Any], field: str) -> Callable[[Any, Any], None]:
    """What puts a value into a field of a record just made with `new`, frozen or not."""
    setter: Callable[[Any, Any], None] = kind.__dict__[field].__set__
    return setter


R = TypeVar("R")
new: Final[Callable[[type[R]], R]] = object.__new__
"""A record without its fields."""

AMOUNTS: Final = lru_cache(_KEPT)(avro_types.read_amount)
INSTANTS: Final = lru_cache(_KEPT)(avro_types.read_instant)
DAYS: Final = avro_types.read_day


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """A varint of any length and where it ends. ValueError beyond 64 bits."""
    zigzag = shift = 0
    while True:
        byte = data[at]
        at += 1
        zigzag |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
    if zigzag >> 64:
        raise ValueError("more than 64 bits")
    return (zigzag >> 1) ^ -(zigzag & 1), at


def read_size(data: bytes, at: int) -> tuple[int, int]:
    """A length or count and where it ends. ValueError when it is negative."""
    size, at = read_long(data, at)
    if size < 0:
        raise ValueError("a negative size")
    return size, at
