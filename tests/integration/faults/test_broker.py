"""Three brokers, one of which dies, two of which are away, all of which are restarted: nothing is lost or doubled."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.core.messages import DeclarationAccepted, Entry
from services.runtime.settings import RuntimeSettings
from tests.integration.faults.exchange_process import Exchange
from tests.integration.faults.kafka_cluster import Cluster, cluster_of_three
from tests.integration.faults.steady_traffic import Traffic
from tests.integration.runtime.probe_process import until

FULL = os.environ.get("TOLBRUG_CAMPAIGN") == "full"
SEED = int(os.environ.get("TOLBRUG_CAMPAIGN_SEED", "1"))
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


async def decisions(exchange: Exchange) -> int:
    (row,) = await exchange.rows("SELECT count(*) AS n FROM reconciliation.output WHERE entry_of IS NOT NULL")
    return int(row["n"])


async def goes_on(exchange: Exchange, more: int = 20) -> float:
    """Seconds until so many further decisions are made."""
    begun, before = time.monotonic(), await decisions(exchange)

    async def decided() -> bool:
        return await decisions(exchange) >= before + more

    await until(decided, f"{more} more decisions", 60)
    return time.monotonic() - begun


class Campaign:
    """Traffic while faults happen, and how long each of them held up decisions."""

    def __init__(self, cluster: Cluster, exchange: Exchange) -> None:
        self.cluster = cluster
        self.exchange = exchange
        self.topics = [exchange.log(topic).topic for topic in (DeclarationAccepted.TOPIC, Entry.TOPIC)]
        self.held_up: list[float] = []

    async def kill_the_leader(self) -> None:
        for _ in range(KILLS):
            leader = await self._kill()
            self.held_up.append(await goes_on(self.exchange))
            await self.cluster.begin(leader)
            await self._whole()

    async def two_are_away(self) -> None:
        """First the leader, which the others outlive; then the next, and nothing more is acknowledged for a while."""
        first = await self._kill()
        self.held_up.append(await goes_on(self.exchange))
        second = await self._kill()
        await asyncio.sleep(AWAY_S)
        await self.cluster.begin(first, second)
        self.held_up.append(await goes_on(self.exchange))
        await self._whole()

    async def _kill(self) -> int:
        """The leader; its number."""
        leader = 0
        while not leader or not self.cluster.nodes[leader].lives:
            leader = await self.cluster.leader(self.topics[0])
        self.cluster.nodes[leader].kill()
        return leader

    async def rolling_restart(self) -> None:
        for n, node in self.cluster.nodes.items():
            await asyncio.to_thread(node.end)
            await self.cluster.begin(n)
            await self._whole()
        self.held_up.append(await goes_on(self.exchange))

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
    traffic = Traffic(exchange, SEED)
    await traffic.issue()
    campaign = Campaign(cluster, exchange)
    sending = asyncio.create_task(traffic.run(senders=4))
    await goes_on(exchange)
    for name, fault in FAULTS.items() if FULL else [(name, FAULTS[name]) for name in SLICE]:
        begun = time.monotonic()
        await fault(campaign)
        print(f"{name}: {time.monotonic() - begun:.1f} s, held up {campaign.held_up}")  # noqa: T201
        assert not sending.done(), name
    await traffic.takes(max(0, MINIMUM - len(traffic.taken)))
    traffic.stopped = True
    await sending
    await traffic.settle(timeout_s=120)
    held_up = [round(s, 1) for s in campaign.held_up]
    print(f"seed {SEED}: {len(traffic.taken)} taken, {dict(traffic.answers)}, held up {held_up} s")  # noqa: T201
    await exchange.terminate()
