"""Columns arrive in PostgreSQL as they were given."""

from typing import Any

import psycopg
import pytest
from psycopg import DataError, sql

from services.runtime.columns import Bytes, Flags, Texts


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("text", Texts(["", "a", None, "NULL", '{"x", \\ }', "é\U0001f6a2\ud7ff", "x" * 70_000])),
        ("text", Texts([None, None])),
        ("text", Texts()),
        ("bytea", Bytes([b"", b"\x00\\x41", None, bytes(range(256)) * 300])),
        ("bytea", Bytes()),
        ("bool", Flags([True, False, True])),
        ("bool", Flags()),
    ],
)
async def test_a_column_is_what_was_given(database_url: str, kind: str, column: list[Any]) -> None:
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        query = sql.SQL("SELECT value FROM unnest(%s::{}[]) WITH ORDINALITY AS rows (value, place) ORDER BY place")
        found = await (await connection.execute(query.format(sql.Identifier(kind)), (column,))).fetchall()
    assert [value for (value,) in found] == column


async def test_a_text_that_no_table_can_hold_is_refused(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        with pytest.raises(DataError):
            await connection.execute("SELECT unnest(%s::text[])", (Texts(["a\x00b"]),))
