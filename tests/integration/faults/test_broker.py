"""Three brokers, one of which dies, two of which are away, all of which are restarted: nothing is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.core.messages import DeclarationAccepted, Entry
from services.runtime.settings import RuntimeSettings
from tests.integration.faults.exchange_process import Exchange
from tests.integration.faults.kafka_cluster import Cluster, cluster_of_three
from tests.integration.faults.report import FULL, Report
from tests.integration.faults.steady_traffic import Traffic

KILLS, AWAY_S, MINIMUM = 5, 30.0 if FULL else 5.0, 1_000 if FULL else 100


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with cluster_of_three(tmp_path / "brokers") as cluster:
        yield cluster


@pytest.fixture
async def exchange(runtime_settings: RuntimeSettings, cluster: Cluster) -> AsyncIterator[Exchange]:
    exchange = Exchange.of(runtime_settings, TOLBRUG_KAFKA__REPLICATION_FACTOR="3")
    exchange.installation = replace(exchange.installation, bootstrap_servers=cluster.bootstrap_servers)
    await exchange.start()
    yield exchange
    await exchange.close()


class Campaign:
    """Traffic while faults happen, and how long each of them held up decisions."""

    def __init__(self, cluster: Cluster, traffic: Traffic) -> None:
        self.cluster = cluster
        self.traffic = traffic
        self.report = traffic.report
        self.topics = [traffic.exchange.log(topic).topic for topic in (DeclarationAccepted.TOPIC, Entry.TOPIC)]

    async def goes_on(self) -> None:
        """What is decided at once may have been read before the fault: so twenty."""
        self.report.recoveries.append(await self.traffic.decides(20))

    async def kill_the_leader(self) -> None:
        for _ in range(KILLS):
            leader = await self._kill()
            await self.goes_on()
            await self.cluster.begin(leader)
            await self._whole()

    async def two_are_away(self) -> None:
        """First the leader, which the others outlive; then the next, and nothing more is acknowledged for a while."""
        first = await self._kill()
        await self.goes_on()
        second = await self._kill()
        await asyncio.sleep(AWAY_S)
        await self.cluster.begin(first, second)
        await self.goes_on()
        await self._whole()

    async def _kill(self) -> int:
        """The leader; its number."""
        leader = 0
        while not leader or not self.cluster.nodes[leader].lives:
            leader = await self.cluster.leader(self.topics[0])
        self.cluster.nodes[leader].kill()
        self.report.faults += 1
        return leader

    async def rolling_restart(self) -> None:
        for n, node in self.cluster.nodes.items():
            await asyncio.to_thread(node.end)
            self.report.faults += 1
            await self.cluster.begin(n)
            await self._whole()
        await self.goes_on()

    async def _whole(self) -> None:
        for topic in self.topics:
            await self.cluster.whole(topic)


FAULTS: dict[str, Callable[[Campaign], Coroutine[Any, Any, None]]] = {
    "the leader is killed": Campaign.kill_the_leader,
    "two of three are away": Campaign.two_are_away,
    "all are restarted in turn": Campaign.rolling_restart,
}
SLICE = ("two of three are away",)


@pytest.mark.timeout(1_200 if FULL else 300)
async def test_brokers_that_die_or_restart_lose_and_double_nothing(cluster: Cluster, exchange: Exchange) -> None:
    traffic = Traffic(exchange, Report("broker"))
    await traffic.issue()
    campaign = Campaign(cluster, traffic)
    sending = asyncio.create_task(traffic.run(senders=4))
    await traffic.decides(20)
    for name in FAULTS if FULL else SLICE:
        await FAULTS[name](campaign)
        assert not sending.done(), name
    await traffic.takes(max(0, MINIMUM - len(traffic.taken)))
    traffic.stopped = True
    await sending
    await traffic.settle(timeout_s=120)
    await exchange.terminate()
