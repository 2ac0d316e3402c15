"""The doors' way to Kafka: messages are rows of the request's transaction, a relay publishes them after.

The relay selects *unpublished* rows, never *id above the last*: commits invert ids. Of several processes one relays at
a time, the others wait at its rows: what two requests say of one thing one after the other is published in that order.
A row that is published twice is known as a repeat by its identity.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg.rows import DictRow

from services.core.errors import Transient
from services.core.message import Message
from services.runtime.codec import Codec
from services.runtime.columns import Bytes, Texts
from services.runtime.crash import crash_point
from services.runtime.database import AWAY, Connection, Database
from services.runtime.kafka.batches import Outgoing
from services.runtime.kafka.cloud_events import CloudEvents
from services.runtime.kafka.producer import DEADLINE_S, Producer
from services.runtime.statements import Statements
from services.runtime.telemetry import log

POLL_S = 0.25
GROUP = 500
OLD = 2_000
"""Published rows that are looked at in one go when old ones are deleted: so long nothing else is published."""
NEXT_S, REST_S = 1.0, 60.0
"""Between two goes: while there is more to delete, and else."""
PATIENCE_S = 3 * DEADLINE_S
"""A group stays locked while Kafka is slow, longer than other transactions may stand still (`database.OPTIONS`)."""


_INSERT = (
    "INSERT INTO {s}.outbox (topic, key, type, identity, at, traceparent, value)"
    " SELECT t, k, y, i, %s, p, v FROM unnest(%s::text[], %s::bytea[], %s::text[], %s::text[], %s::text[],"
    " %s::bytea[]) AS rows (t, k, y, i, p, v)"
)
# How long it may stand still is set in the same round trip, once, and only when there is a row; and that nobody waits
# for the disk: when it is lost that a row was published, it is published again, as after any crash between the two.
_SELECT = (
    "SELECT id, topic, key, type, identity, at, traceparent, value,"
    " (SELECT set_config('idle_in_transaction_session_timeout', %s, true)) AS patience,"
    " (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried"
    " FROM {s}.outbox WHERE published_at IS NULL ORDER BY id LIMIT %s FOR UPDATE"
)
_MARK = "UPDATE {s}.outbox SET published_at = now() WHERE id = ANY(%s)"
_DELETE = (
    "WITH old AS (SELECT id FROM {s}.outbox WHERE id IN (SELECT id FROM {s}.outbox ORDER BY id LIMIT %s)"
    " AND published_at < now() - %s ORDER BY id FOR UPDATE SKIP LOCKED)"
    " DELETE FROM {s}.outbox USING old WHERE outbox.id = old.id"
)
_COUNT = "SELECT count(*) AS n FROM {s}.outbox WHERE published_at IS NULL"
_STATEMENTS = Statements()


class Outbox:
    """The outbox of one service."""

    def __init__(self, database: Database, service: str, codec: Codec) -> None:
        self.service = service
        self._database = database
        self._codec = codec
        self._events = CloudEvents(service)
        self._committed = asyncio.Event()
        self._tidy_at = 0.0

    def _sql(self, text: str) -> bytes:
        return _STATEMENTS.of(self.service, text)

    async def append(
        self, connection: Connection, messages: Sequence[Message], at: datetime, traces: Sequence[str | None]
    ) -> None:
        """Add messages, each with its trace, in the caller's transaction; `at` becomes their Kafka timestamp."""
        if not messages:
            return
        columns = (
            Texts(m.TOPIC for m in messages),
            Bytes(m.key.encode() for m in messages),
            Texts(m.SCHEMA for m in messages),
            Texts(m.identity for m in messages),
            Texts(traces),
            Bytes(self._codec.encode(m) for m in messages),
        )
        await connection.execute(self._sql(_INSERT), (at, *columns))

    def wake(self) -> None:
        """Tell the relay of this process that a transaction with messages is committed."""
        self._committed.set()

    async def depth(self) -> int:
        """Messages not yet published."""
        return int((await self._database.rows(self._sql(_COUNT)))[0]["n"])

    async def relay(self, producer: Producer, keep: timedelta) -> None:
        """Publish until cancelled; rows are deleted when so long published.

        Kafka or PostgreSQL being away delays, and loses nothing.
        """
        pause = 0.1
        while True:
            try:
                if await self.publish_once(producer) == GROUP:
                    continue
                pause = 0.1
                await self._tidy(keep)
                await self._wait()
            except (Transient, *AWAY) as error:
                log.warning("relay.waiting", service=self.service, reason=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _tidy(self, keep: timedelta) -> None:
        if time.monotonic() >= self._tidy_at:
            deleted = await self.delete_published(keep)
            self._tidy_at = time.monotonic() + (NEXT_S if deleted == OLD else REST_S)

    async def delete_published(self, longer_ago: timedelta) -> int:
        """Delete of the oldest rows those that were published so long ago, at most `OLD`; how many it was."""
        async with self._database.connection() as connection:
            return (await connection.execute(self._sql(_DELETE), (OLD, longer_ago))).rowcount

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._committed.wait(), POLL_S)
        except TimeoutError:
            return
        finally:
            self._committed.clear()

    async def publish_once(self, producer: Producer) -> int:
        """Publish one group of unpublished messages; how many it was."""
        async with self._database.transaction() as connection:
            values = (f"{PATIENCE_S * 1000:.0f}ms", GROUP)
            rows = await (await connection.execute(self._sql(_SELECT), values, binary=True)).fetchall()
            if not rows:
                return 0
            await producer.publish([self._outgoing(row) for row in rows])
            crash_point("relay-after-publish", self.service)
            await connection.execute(self._sql(_MARK), ([row["id"] for row in rows],))
        return len(rows)

    def _outgoing(self, row: DictRow) -> Outgoing:
        headers = self._events.headers(row["type"], row["identity"], row["key"], row["at"], row["traceparent"])
        return Outgoing(row["topic"], row["key"], row["value"], row["at"], headers)
