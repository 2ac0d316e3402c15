"""PostgreSQL: one pool per process. Correctness rests here; Kafka is transport and record."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.errors import IdleInTransactionSessionTimeout, ReadOnlySqlTransaction
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from services.core.errors import Transient

Connection = AsyncConnection[DictRow]

AWAY = (OperationalError, InterfaceError, PoolTimeout, IdleInTransactionSessionTimeout, ReadOnlySqlTransaction)
"""What psycopg raises when the server is gone, restarting, full or too slow, no longer the one that may be written, or
ended the session because this process stood still in it: what became of a statement is unknown."""


# A process that was stopped or cut off inside a transaction holds its row locks; the server ends such a session after
# this time, so that another worker can take over.
OPTIONS = "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=4000"


# A server that vanished without a word is given up after this long instead of the system's two hours.
CUT_OFF = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


class Database:
    """Connections to one database. Rows come as dicts. `name` is how the server knows them (`application_name`)."""

    def __init__(self, url: str, *, name: str = "tolbrug", size: int = 24, timeout_s: float = 10.0) -> None:
        self.url = url
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=2,
            max_size=size,
            timeout=timeout_s,
            open=False,
            kwargs={
                "row_factory": dict_row,
                "autocommit": True,
                "application_name": name[:63],  # PostgreSQL keeps no more
                "options": OPTIONS,
                **CUT_OFF,
            },
            connection_class=AsyncConnection[DictRow],
        )

    async def open(self) -> None:
        """Wait for the first connection. Transient when the server does not answer in time."""
        try:
            await self._pool.open(wait=True, timeout=20)
        except AWAY as error:
            raise Transient(f"PostgreSQL does not answer: {error}") from error

    async def close(self) -> None:
        await self._pool.close(timeout=3)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection in autocommit mode."""
        async with self._pool.connection() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction, committed at the end, rolled back on an exception.

        When the commit itself fails with one of `AWAY` its outcome is unknown: read back what you wrote.
        """
        async with self._pool.connection() as connection, connection.transaction():
            yield connection

    async def rows(self, query: Any, parameters: Any = None) -> list[DictRow]:
        """All rows of one query."""
        async with self.connection() as connection:
            return await (await connection.execute(query, parameters)).fetchall()
