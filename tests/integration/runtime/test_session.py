"""One session on a partition: what it holds on to, and what it refuses to go on from."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

import pytest

from schemas import loader
from services.core.errors import Corrupt
from services.core.messages import Entry, Ledger, Licence
from services.runtime.codec import Codec
from services.runtime.database import Database
from services.runtime.fold_reader import FoldReader
from services.runtime.fold_table import FoldTable
from services.runtime.kafka.batches import Outgoing
from services.runtime.kafka.producer import Producer
from services.runtime.kafka.reader import PartitionReader
from services.runtime.partition import Engines, Session
from services.runtime.registry import BundledRegistry
from services.runtime.service import Runtime
from services.runtime.settings import RuntimeSettings
from tests.integration.runtime.probe import a_licence, fold_spec
from tests.integration.runtime.probe_process import Probe, post_licences, until

LAGGING = {"TOLBRUG_FOLD__BATCH": "1"}
FOREIGN = 900_001


class Elsewhere(BundledRegistry):
    """Knows one id only after it was asked for."""

    fetched = False

    def known(self, schema_id: int) -> Any | None:
        return loader.whole(Entry.SCHEMA) if self.fetched and schema_id == FOREIGN else super().known(schema_id)

    async def fetch(self, schema_id: int) -> None:
        self.fetched = self.fetched or schema_id == FOREIGN


class Silent(Producer):
    """Never acknowledges."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        del records
        await asyncio.sleep(600)


class Taken:
    """The partition of licence `L`, claimed, with three revisions of it committed and not saved."""

    def __init__(self, probe: Probe, settings: RuntimeSettings) -> None:
        self.probe = probe
        self.settings = settings
        self.database = Database(settings.database.url, size=2)

    async def prepare(self) -> None:
        process = await self.probe.start(**LAGGING)
        for revision in (1, 2, 3):
            await post_licences(process.url, ["L"], revision)
        await until(self._has_three, "three revisions are committed")
        await process.kill()
        await self.probe.rows("UPDATE probe.fold SET owner = NULL, published = 0 RETURNING 1")
        await self.database.open()

    async def _has_three(self) -> bool:
        return await self.probe.entries() == {"L": [1, 2, 3]}

    async def session(self, producer: Producer | None = None, codec: Codec | None = None) -> Session[Ledger]:
        partition = await self.probe.log(Licence.TOPIC).partition_of(b"L")
        kafka = self.settings.kafka
        producer = producer or Producer(kafka.bootstrap_servers, kafka.topic_prefix)
        engines = Engines(self.settings, self.database, codec or Codec(), producer)
        spec = fold_spec(Runtime(self.settings, self.database, engines.codec))
        async with self.database.connection() as connection:
            epoch = await FoldTable("probe", "count").claim(connection, partition, "test", 60)
        assert epoch is not None
        return Session(spec, engines, partition, epoch)


@pytest.fixture
async def taken(probe: Probe, runtime_settings: RuntimeSettings) -> AsyncIterator[Taken]:
    taken = Taken(probe, runtime_settings)
    await taken.prepare()
    yield taken
    await taken.database.close()


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_while_kafka_is_away_a_session_holds_no_connection(taken: Taken) -> None:
    task = asyncio.create_task((await taken.session(Silent("nowhere:1"))).run())
    await asyncio.sleep(1)
    stats = taken.database._pool.get_stats()
    assert stats["pool_available"] == stats["pool_size"]
    await ended(task)


async def test_a_session_that_is_cancelled_while_it_ends_publishes_nothing_more(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_: PartitionReader) -> None:
        await asyncio.sleep(600)

    monkeypatch.setattr(PartitionReader, "stop", hang)
    session = await taken.session(Silent("nowhere:1"))
    task = asyncio.create_task(session.run())
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(0.1)
    await ended(task)
    await asyncio.sleep(0)
    assert session._publication._task.done()


async def test_entries_that_do_not_follow_the_stored_state_halt(taken: Taken) -> None:
    await taken.probe.rows("DELETE FROM probe.output WHERE entry_revision = 1 RETURNING 1")
    session = await taken.session()
    await taken.probe.log(Licence.TOPIC).write(b"L", Codec().encode(a_licence("L", 4)))
    with pytest.raises(Corrupt, match="entry 2 of L follows revision 0"):
        await session.run()


async def test_entries_written_under_an_id_not_met_since_the_start_are_read(taken: Taken) -> None:
    await taken.probe.rows(
        "UPDATE probe.output SET value = decode('00' || lpad(to_hex(900001), 8, '0'), 'hex') || substring(value FROM 6)"
        " RETURNING 1"
    )
    codec = Codec(Elsewhere())
    reader = FoldReader(taken.database, fold_spec(Runtime(taken.settings, taken.database, codec)), codec)
    state = await reader.read("L")
    assert state is not None
    assert state.revision == 3
    session = await taken.session(codec=Codec(Elsewhere()))
    task = asyncio.create_task(session.run())
    await taken.probe.log(Licence.TOPIC).write(b"L", Codec().encode(a_licence("L", 4)))

    async def goes_on() -> bool:
        return (await taken.probe.entries())["L"] == [1, 2, 3, 4]

    await until(goes_on, "the session has completed the aggregate")
    await ended(task)
    await session._engines.producer.stop()
