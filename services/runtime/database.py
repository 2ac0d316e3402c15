"""PostgreSQL: one pool per process. Correctness rests here; Kafka is transport and record."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from typing import Any

from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.errors import IdleInTransactionSessionTimeout, ReadOnlySqlTransaction
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from services.core.errors import Transient
from services.runtime.pool_lock import PoolLock
from services.runtime.pulse import Pulse

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


PATIENCE_S = 10.0
DOOR_S = 2.0
"""Seconds that a fold waits for a connection, and that somebody who waits for an answer of ours does."""
RECONNECT_S = 2.0
"""The pool itself would try to connect ever less often. Given up after this long, the next who wants one tries anew."""


class Database:
    """Connections to one database. Rows come as dicts. `name` is how the server knows them (`application_name`)."""

    def __init__(self, url: str, *, name: str = "tolbrug", size: int = 24) -> None:
        self.url = url
        self._patience_s, self._patience_away_s = PATIENCE_S, PATIENCE_S
        how = {"application_name": name[:63], "options": OPTIONS, **CUT_OFF}  # of the name PostgreSQL keeps no more
        self._pulse = Pulse(url, how)
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=2,
            max_size=size,
            reconnect_timeout=RECONNECT_S,
            open=False,
            kwargs={"row_factory": dict_row, "autocommit": True, **how},
            connection_class=AsyncConnection[DictRow],
        )
        self._pool._lock = PoolLock()  # noqa: SLF001 - there is no public way to give it another

    def at_once(self) -> "Database":
        """The same connections, for those who answer somebody: 503 within two seconds, at once when it is known."""
        other = copy(self)
        other._patience_s, other._patience_away_s = DOOR_S, 0.0  # noqa: SLF001 - a copy of this very object
        return other

    @property
    def answers(self) -> bool:
        """Whether the server answered when it was last asked; only while `watch` runs."""
        return self._pulse.answers

    async def watch(self) -> None:
        """Notice a server that says nothing more, until cancelled."""
        await self._pulse.run()

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
        await self._pulse.felt(self._patience_away_s)
        async with self._pool.connection(self._patience_s) as connection:
            self._pulse.talking.add(connection)
            try:
                yield connection
            finally:
                self._pulse.talking.discard(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction, committed at the end, rolled back on an exception.

        When the commit itself fails with one of `AWAY` its outcome is unknown: read back what you wrote.
        """
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def rows(self, query: Any, parameters: Any = None, *, prepare: bool | None = None) -> list[DictRow]:
        """All rows of one query. `prepare` False: planned each time, for these very parameters."""
        async with self.connection() as connection:
            return await (await connection.execute(query, parameters, prepare=prepare)).fetchall()
