"""Columns of many rows as parameters of one statement: `unnest(%s::text[], %s::bytea[])`.

They are sent in PostgreSQL's binary form. psycopg's own arrays go as text, where every value is searched for what must
be quoted and bytes become hexadecimal digits: that takes eight times as long.
"""

from collections.abc import Iterable
from struct import Struct
from typing import Any, ClassVar

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER = Struct("!iiIii")
_LENGTH = Struct("!i").pack
_NULL = _LENGTH(-1)


class Texts(list[str | None]):
    """A column of text."""


class Bytes(list[bytes | None]):
    """A column of bytea."""


class Flags(list[bool]):
    """A column of boolean."""


class _ColumnDumper(Dumper):
    format = Format.BINARY
    element: ClassVar[int]

    def dump(self, obj: Any) -> Buffer:
        """An array of one dimension that counts from 1."""
        return _HEADER.pack(1 if obj else 0, 1, self.element, len(obj), 1)[: 20 if obj else 12] + b"".join(
            self.elements(obj)
        )

    def elements(self, column: Any) -> Iterable[bytes]:
        """Each with its length before it."""
        return [_NULL if value is None else _LENGTH(len(value)) + value for value in column]


class _TextsDumper(_ColumnDumper):
    oid, element = 1009, 25

    def elements(self, column: Texts) -> Iterable[bytes]:
        return [_NULL if value is None else _LENGTH(len(data := value.encode())) + data for value in column]


class _BytesDumper(_ColumnDumper):
    oid, element = 1001, 17


class _FlagsDumper(_ColumnDumper):
    oid, element = 1000, 16

    def elements(self, column: Flags) -> Iterable[bytes]:
        return [_LENGTH(1) + (b"\x01" if value else b"\x00") for value in column]


psycopg.adapters.register_dumper(Texts, _TextsDumper)
psycopg.adapters.register_dumper(Bytes, _BytesDumper)
psycopg.adapters.register_dumper(Flags, _FlagsDumper)
