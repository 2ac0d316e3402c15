"""SQL of the runtime, which keeps tables of the same form in each service's schema."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from psycopg import sql
from psycopg.abc import QueryNoTemplate

from services.runtime.database import Connection


class Statements:
    """The texts of one file, with `{s}` for a service's schema and `parts` for what several of them share.

    Each is composed once for a service: to do it for every statement takes as long as many a statement does.
    """

    def __init__(self, **parts: sql.Composable) -> None:
        self._parts = parts
        self._made: dict[tuple[str, str], bytes] = {}

    def of(self, service: str, text: str) -> bytes:
        made = self._made.get((service, text))
        if made is None:
            composed = sql.SQL(text).format(s=sql.Identifier(service), **self._parts)
            made = self._made[service, text] = composed.as_bytes(None)
        return made


class Part(NamedTuple):
    """A write that can be a part of a larger statement: an INSERT, UPDATE or DELETE that takes its rows from `moved`.

    Of `moved` there is one row when the write is to be done, and none when it is not.
    """

    text: bytes
    values: tuple[Any, ...]


Write = Callable[[Connection], Awaitable[None]]
"""A write that takes more than one statement, on the connection of a commit's transaction."""


async def write(connection: Connection, parts: Sequence[Part]) -> None:
    """Each by itself, in the caller's transaction."""
    for part in parts:
        query: QueryNoTemplate = b"WITH moved AS (SELECT) " + part.text
        await connection.execute(query, part.values)
