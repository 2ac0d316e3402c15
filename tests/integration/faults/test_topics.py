"""An input that is no longer what was read of it halts that partition, under a name, and is never begun anew."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from services.core.messages import Licence
from services.runtime.codec import Codec
from services.runtime.settings import RuntimeSettings
from tests.builders import a_licence
from tests.integration.faults.exchange_process import Exchange
from tests.integration.runtime.probe_process import until

CODEC = Codec()
REFS = [f"VL/2026/{number:06d}" for number in range(1, 13)]


@dataclass
class Installed:
    """An exchange in which every partition of the licence topic has been read."""

    exchange: Exchange

    async def send(self, *revisions: int, refs: list[str] = REFS) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.exchange.installation.bootstrap_servers)
        await producer.start()
        try:
            for revision in revisions:
                for ref in refs:
                    licence = a_licence(ref=ref, revision=revision)
                    await producer.send_and_wait(self.topic, CODEC.encode(licence), ref.encode())
        finally:
            await producer.stop()

    @property
    def topic(self) -> str:
        return self.exchange.log(Licence.TOPIC).topic

    async def entries(self) -> dict[str, int]:
        """How many there are of each licence."""
        rows = await self.exchange.rows(
            "SELECT entry_of, count(*) AS n FROM reconciliation.output WHERE entry_of IS NOT NULL GROUP BY 1"
        )
        return {row["entry_of"]: row["n"] for row in rows}

    async def until_entries(self, count: int, refs: list[str] = REFS) -> None:
        async def reached() -> bool:
            found = await self.entries()
            return {ref: found.get(ref, 0) for ref in refs} == dict.fromkeys(refs, count)

        await until(reached, f"{len(refs)} licences have {count} entries each", 30)

    async def halted(self) -> dict[int, str]:
        rows = await self.exchange.rows(
            "SELECT partition, halted FROM reconciliation.fold WHERE fold = 'ledger' AND halted IS NOT NULL"
        )
        return {row["partition"]: row["halted"] for row in rows}

    async def until_halted(self, *partitions: int) -> None:
        """The alarm has its name in the table, and rings in the metrics."""

        async def so() -> bool:
            found = await self.halted()
            return found.keys() == set(partitions) and all(self.topic in reason for reason in found.values())

        await until(so, f"partitions {partitions} are halted and their topic is named", 30)

        async def rings() -> bool:
            return await self.exchange.metric("tolbrug_partitions_halted") == len(partitions)

        await until(rings, "the alarm is in the metrics")

    async def positions(self) -> dict[int, int]:
        rows = await self.exchange.rows("SELECT partition, positions FROM reconciliation.fold WHERE fold = 'ledger'")
        return {row["partition"]: row["positions"].get(Licence.TOPIC, {"next": 0})["next"] for row in rows}

    async def of_partition(self, partition: int) -> list[str]:
        return [ref for ref in REFS if await self.exchange.log(Licence.TOPIC).partition_of(ref.encode()) == partition]


@pytest.fixture
async def installed(runtime_settings: RuntimeSettings) -> AsyncIterator[Installed]:
    installed = Installed(Exchange.of(runtime_settings))
    await installed.exchange.start()
    await installed.send(1)
    await installed.until_entries(1)
    yield installed
    await installed.exchange.close()


async def the_others_go_on(installed: Installed, halted: int) -> None:
    """A halted partition holds up no other, takes nothing more itself, and is not begun anew by a restart."""
    stuck = await installed.of_partition(halted)
    others = [ref for ref in REFS if ref not in stuck]
    before = await installed.positions()
    await installed.send(2)
    await installed.until_entries(2, others)
    await installed.exchange.terminate()
    await installed.exchange.start()
    await installed.send(3)
    await installed.until_entries(3, others)
    await installed.until_halted(halted)
    assert {ref: n for ref, n in (await installed.entries()).items() if ref in stuck} == dict.fromkeys(stuck, 1)
    assert (await installed.positions())[halted] == before[halted]


async def test_a_truncated_topic_halts_the_partition(installed: Installed) -> None:
    """The service is not running meanwhile; then the record that it read last is gone."""
    await installed.exchange.terminate()
    admin = AIOKafkaAdminClient(bootstrap_servers=installed.exchange.installation.bootstrap_servers)
    await admin.start()
    await admin.delete_records({TopicPartition(installed.topic, 1): RecordsToDelete(before_offset=-1)})
    await admin.close()
    await installed.exchange.start()
    await installed.until_halted(1)
    await the_others_go_on(installed, 1)


async def test_a_position_beyond_the_end_halts_the_partition(installed: Installed) -> None:
    """As after a cluster that was restored from an old copy: it has less than was read."""
    await installed.exchange.terminate()
    position = json.dumps({Licence.TOPIC: {"next": 1_000, "hash": "0123456789abcdef"}})
    await installed.exchange.rows(
        f"UPDATE reconciliation.fold SET positions = '{position}'"  # noqa: S608 - written above
        " WHERE fold = 'ledger' AND partition = 0 RETURNING 1"
    )
    await installed.exchange.start()
    await installed.until_halted(0)
    await the_others_go_on(installed, 0)


async def test_a_topic_that_is_recreated_under_a_running_service_halts_every_partition(installed: Installed) -> None:
    await installed.exchange.log(Licence.TOPIC).recreate()
    await installed.until_halted(*(await installed.positions()))
    assert await installed.entries() == dict.fromkeys(REFS, 1)


async def test_a_topic_that_is_recreated_and_filled_again_at_once_is_noticed(installed: Installed) -> None:
    """It soon holds more than was read of the one before: no offset is out of range, only the records are others."""
    await installed.exchange.log(Licence.TOPIC).recreate()
    await installed.send(*range(11, 15))
    await installed.until_halted(*(await installed.positions()))
    assert await installed.entries() == dict.fromkeys(REFS, 1)
