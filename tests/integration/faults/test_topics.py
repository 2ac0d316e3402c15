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
from tests.integration.faults.report import FULL, Report
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

    async def truncate(self, partition: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.exchange.installation.bootstrap_servers)
        await admin.start()
        await admin.delete_records({TopicPartition(self.topic, partition): RecordsToDelete(before_offset=-1)})
        await admin.close()

    async def go_beyond(self, partition: int) -> None:
        position = json.dumps({Licence.TOPIC: {"next": 1_000, "hash": "0123456789abcdef"}})
        await self.exchange.rows(
            f"UPDATE reconciliation.fold SET positions = '{position}'"  # noqa: S608 - written above
            f" WHERE fold = 'ledger' AND partition = {partition} RETURNING 1"
        )

    async def of_partition(self, partition: int) -> list[str]:
        return [ref for ref in REFS if await self.exchange.log(Licence.TOPIC).partition_of(ref.encode()) == partition]


@pytest.fixture
async def installed(runtime_settings: RuntimeSettings) -> AsyncIterator[Installed]:
    kafka = runtime_settings.kafka.model_copy(update={"partitions": 3})
    installed = Installed(Exchange.of(runtime_settings.model_copy(update={"kafka": kafka})))
    await installed.exchange.start()
    await installed.send(1)
    await installed.until_entries(1)
    yield installed
    await installed.exchange.close()


async def test_a_truncated_topic_and_a_position_beyond_the_end_halt_their_partitions(installed: Installed) -> None:
    """One lost the record that was read last; of the other, more was read than an old copy of the cluster holds.

    They hold up no other, take nothing more themselves, and are not begun anew by a restart.
    """
    report = Report("topic surprises", "truncated, beyond the end", faults=2, messages=3 * len(REFS))
    await installed.exchange.terminate()
    await installed.truncate(1)
    await installed.go_beyond(0)
    await installed.exchange.start()
    await installed.until_halted(0, 1)
    before = await installed.positions()
    stuck = [ref for partition in (0, 1) for ref in await installed.of_partition(partition)]
    others = [ref for ref in REFS if ref not in stuck]
    assert stuck
    assert others
    await installed.send(2)
    await installed.until_entries(2, others)
    await installed.exchange.terminate()
    await installed.exchange.start()
    await installed.send(3)
    await installed.until_entries(3, others)
    await installed.until_halted(0, 1)
    assert {ref: n for ref, n in (await installed.entries()).items() if ref in stuck} == dict.fromkeys(stuck, 1)
    after = await installed.positions()
    assert (after[0], after[1]) == (before[0], before[1])
    report.judge()


@pytest.mark.skipif(not FULL, reason="the next test is the harder one; the full campaign has both")
async def test_a_topic_that_is_recreated_under_a_running_service_halts_every_partition(installed: Installed) -> None:
    report = Report("topic surprises", "recreated", faults=1, messages=len(REFS))
    await installed.exchange.log(Licence.TOPIC).recreate()
    await installed.until_halted(*(await installed.positions()))
    assert await installed.entries() == dict.fromkeys(REFS, 1)
    report.judge()


async def test_a_topic_that_is_recreated_and_filled_again_at_once_is_noticed(installed: Installed) -> None:
    """It soon holds more than was read of the one before: no offset is out of range, only the records are others."""
    report = Report("topic surprises", "recreated and filled", faults=1, messages=5 * len(REFS))
    await installed.exchange.log(Licence.TOPIC).recreate()
    await installed.send(*range(11, 15))
    await installed.until_halted(*(await installed.positions()))
    assert await installed.entries() == dict.fromkeys(REFS, 1)
    report.judge()
