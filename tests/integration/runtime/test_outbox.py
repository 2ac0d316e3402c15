"""The outbox on a real PostgreSQL: its relay is prompt, holds nothing for ever, and leaves no rows for ever."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from services.core.messages import Licence
from services.runtime import database as runtime_database
from services.runtime import outbox as runtime_outbox
from services.runtime.codec import Codec
from services.runtime.database import AWAY, Database
from services.runtime.kafka.batches import Outgoing
from services.runtime.kafka.cloud_events import CloudEvents
from services.runtime.kafka.producer import Producer
from services.runtime.outbox import Outbox
from services.runtime.settings import RuntimeSettings
from services.runtime.tables import migrate
from tests.integration.runtime.probe import a_licence
from tests.integration.runtime.probe_process import until

AT = datetime(2026, 3, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Kafka(Producer):
    """Keeps what it is given, after a while."""

    def __init__(self, takes_s: float = 0) -> None:
        super().__init__("nowhere:1")
        self.records: list[Outgoing] = []
        self._takes_s = takes_s

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await asyncio.sleep(self._takes_s)
        self.records += records


@pytest.fixture
async def database(runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """One whose transactions may stand still for 200 ms."""
    monkeypatch.setattr(runtime_database, "OPTIONS", "-c idle_in_transaction_session_timeout=200")
    database = Database(runtime_settings.database.url, size=4)
    await database.open()
    await migrate(database, "probe", None)
    yield database
    await database.close()


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database, "probe", Codec())


async def put(database: Database, outbox: Outbox, *names: str, trace: str | None = None) -> None:
    async with database.transaction() as connection:
        await outbox.append(connection, [a_licence(name) for name in names], AT, [trace] * len(names))


async def left(database: Database) -> list[str]:
    return [bytes(row["key"]).decode() for row in await database.rows("SELECT key FROM probe.outbox ORDER BY id")]


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_row_becomes_the_record_of_its_message(database: Database, outbox: Outbox) -> None:
    await put(database, outbox, "L", trace=TRACE)
    kafka = Kafka()
    assert await outbox.publish_once(kafka) == 1
    licence = a_licence("L")
    headers = CloudEvents("probe").headers(Licence.SCHEMA, licence.identity, b"L", AT, TRACE)
    assert kafka.records == [Outgoing(Licence.TOPIC, b"L", Codec().encode(licence), AT, headers)]
    assert await outbox.publish_once(kafka) == 0


async def test_a_relay_that_is_woken_publishes_at_once(
    database: Database, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_outbox, "POLL_S", 60)
    kafka = Kafka()
    relay = asyncio.create_task(outbox.relay(kafka, WEEK))
    for name in ("L1", "L2"):
        await put(database, outbox, name)
        outbox.wake()

        async def published(name: str = name) -> bool:
            return kafka.records[-1:] != [] and kafka.records[-1].key == name.encode()

        await until(published, f"{name} is published", timeout_s=5)
    await ended(relay)


async def test_the_relay_outlasts_a_slow_kafka(database: Database, outbox: Outbox) -> None:
    await put(database, outbox, "L")
    assert await outbox.publish_once(Kafka(takes_s=0.5)) == 1
    assert await outbox.depth() == 0


async def test_a_relay_that_stands_still_holds_its_rows_no_longer_than_the_server_bears(
    database: Database, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(database, outbox, "L")
    monkeypatch.setattr(runtime_outbox, "PATIENCE_S", 0.1)
    with pytest.raises(AWAY):
        await outbox.publish_once(Kafka(takes_s=0.5))
    assert await outbox.depth() == 1


async def test_of_two_relays_none_overtakes_the_other(runtime_settings: RuntimeSettings) -> None:
    """What one has begun to publish was committed before what the other finds."""
    database = Database(runtime_settings.database.url, size=4)
    await database.open()
    await migrate(database, "probe", None)
    one, other = (Outbox(database, "probe", Codec()) for _ in range(2))
    published: list[bytes | None] = []
    begun, goes_on = asyncio.Event(), asyncio.Event()

    class Standing(Kafka):
        async def publish(self, records: Sequence[Outgoing]) -> None:
            begun.set()
            await goes_on.wait()
            published.extend(record.key for record in records)

    class Other(Kafka):
        async def publish(self, records: Sequence[Outgoing]) -> None:
            published.extend(record.key for record in records)

    async def waits_or_has_published() -> bool:
        query = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return bool(published or await database.rows(query))

    await put(database, one, "L1")
    first = asyncio.create_task(one.publish_once(Standing()))
    await begun.wait()
    await put(database, other, "L2")
    second = asyncio.create_task(other.publish_once(Other()))
    await until(waits_or_has_published, "the second relay waits", timeout_s=10)
    goes_on.set()
    assert (await first, await second) == (1, 1)
    assert published == [b"L1", b"L2"]
    await database.close()


async def test_only_what_was_published_long_ago_is_deleted(database: Database, outbox: Outbox) -> None:
    await put(database, outbox, "old", "fresh", "waiting")
    for key, age in (("old", 8), ("fresh", 6)):
        await database.rows(
            "UPDATE probe.outbox SET published_at = now() - %s WHERE key = %s RETURNING 1",
            (timedelta(days=age), key.encode()),
        )
    assert await outbox.delete_published(WEEK) == 1
    assert await left(database) == ["fresh", "waiting"]


async def test_what_is_old_is_deleted_in_small_groups_until_it_is_gone(
    database: Database, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_outbox, "OLD", 2)
    names = [f"L{n}" for n in range(5)]
    await put(database, outbox, *names)
    kafka = Kafka()
    await outbox.publish_once(kafka)
    assert await outbox.delete_published(timedelta()) == 2
    assert await left(database) == names[2:]
    monkeypatch.setattr(runtime_outbox, "NEXT_S", 0.01)
    monkeypatch.setattr(runtime_outbox, "POLL_S", 0.01)
    relay = asyncio.create_task(outbox.relay(kafka, timedelta()))

    async def gone() -> bool:
        return await left(database) == []

    await until(gone, "all are deleted", timeout_s=5)
    await ended(relay)
    assert [record.key for record in kafka.records] == [name.encode() for name in names]


async def test_two_relays_that_tidy_at_once_do_not_stop_each_other(database: Database, outbox: Outbox) -> None:
    await put(database, outbox, *(f"L{n}" for n in range(400)))
    await outbox.publish_once(Kafka())
    deleted = await asyncio.gather(*(outbox.delete_published(timedelta()) for _ in range(4)))
    assert sum(deleted) == 400
    assert await left(database) == []
