"""Kafka brokers of a test's own that it may kill: one that answers through a proxy, or three that hold copies."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from rich.console import Console

from services.embedded.kafka import LOGGING, Kafka
from services.embedded.ports import free_port
from services.embedded.process import is_alive, run, stop
from services.embedded.settings import EmbeddedSettings
from services.embedded.state import owned
from tests.integration.faults.tcp_proxy import KafkaProxy, proxied
from tests.integration.runtime.probe_process import until

CLUSTER = "tolbrugfaults000000000"
NODE = """\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
replica.lag.time.max.ms=4000
"""
"""As an operator would set three nodes, only that a dead one is noticed after 4 s."""


class Advertised(Kafka):
    """The embedded broker, telling its clients another port: that of a proxy."""

    advertised = 0

    def _configure(self, port: int) -> None:
        super()._configure(port)
        text = self._properties.read_text()
        own, proxy = (f"advertised.listeners=PLAINTEXT://127.0.0.1:{p}" for p in (port, self.advertised))
        assert own in text
        self._properties.write_text(text.replace(own, proxy))


@asynccontextmanager
async def proxied_broker(state: Path) -> AsyncIterator[KafkaProxy]:
    """One broker that clients reach through the proxy only."""
    with owned(state) as directory:
        broker = Advertised(directory, EmbeddedSettings(), Console(quiet=True))
        port = free_port()
        proxy = KafkaProxy(port)
        broker.advertised = proxy.port
        process, port = await asyncio.to_thread(broker.start, port)
        assert port == proxy.upstream
        try:
            await asyncio.to_thread(broker.wait, process, port)
            async with proxied(proxy):
                yield proxy
        finally:
            await asyncio.to_thread(stop, process, signal.SIGKILL)


class Node(Kafka):
    """One of the three. Its ports are its own for as long as the cluster lives."""

    def __init__(self, state: Path, properties: str, port: int) -> None:
        (state / "logs").mkdir(parents=True)
        super().__init__(state, EmbeddedSettings(), Console(quiet=True))
        self._text = properties.format(data=state / "kafka")
        self.wanted_port = port
        self.process: psutil.Process | None = None

    def _configure(self, port: int) -> None:
        del port
        (self._state / "kafka-log4j2.properties").write_text(LOGGING.format(logs=self._logs))
        self._properties.write_text(self._text)

    def _format(self, command: list[str], port: int) -> None:
        del port
        run([*command, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(self._properties)])

    def begin(self) -> None:
        """Start it, or start it again; does not wait until it answers."""
        self.process, _ = self.start(self.wanted_port)

    @property
    def lives(self) -> bool:
        return self.process is not None and is_alive(self.process)

    def kill(self) -> None:
        """As `kill -9` does."""
        assert self.process is not None
        self.process.kill()
        stop(self.process)

    def end(self) -> None:
        """As an operator does it: leadership is handed over first."""
        if self.process is not None:
            stop(self.process)


class Cluster:
    """Three nodes, each broker and controller; three copies, two of them before an acknowledgement."""

    def __init__(self, state: Path) -> None:
        ports, controllers = ([free_port() for _ in range(3)] for _ in range(2))
        voters = ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(controllers, 1))
        self.bootstrap_servers = ",".join(f"127.0.0.1:{port}" for port in ports)
        self.nodes = {
            n: Node(state / f"node-{n}", NODE.format(node=n, voters=voters, port=p, controller=c, data="{data}"), p)
            for n, p, c in zip((1, 2, 3), ports, controllers, strict=True)
        }

    async def leader(self, topic: str) -> int:
        """Who leads its first partition; 0 while nobody does."""
        parts = await self._partitions(topic)
        return next((int(part["leader"]) for part in parts if part["partition"] == 0), 0)

    async def whole(self, topic: str) -> None:
        """Wait until every copy of the topic is in step again."""

        async def in_step() -> bool:
            parts = await self._partitions(topic)
            return bool(parts) and all(len(part["isr"]) == 3 for part in parts)

        await until(in_step, f"{topic} has three copies in step", 60)

    async def _partitions(self, topic: str) -> list[dict[str, Any]]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers, request_timeout_ms=5_000)
        try:
            await admin.start()
            (described,) = await admin.describe_topics([topic])
            parts: list[dict[str, Any]] = described["partitions"]
        except KafkaError:
            return []
        finally:
            await admin.close()
        return parts

    async def begin(self, *numbers: int) -> None:
        """Start these nodes and wait until they answer."""
        nodes = [self.nodes[n] for n in numbers]
        await asyncio.gather(*(asyncio.to_thread(node.begin) for node in nodes))
        for node in nodes:
            assert node.process is not None
            await asyncio.to_thread(node.wait, node.process, node.wanted_port)


@asynccontextmanager
async def cluster_of_three(state: Path) -> AsyncIterator[Cluster]:
    """Running; every node is stopped afterwards, whatever state it is in."""
    cluster = Cluster(state)
    try:
        await cluster.begin(1, 2, 3)
        yield cluster
    finally:
        for node in cluster.nodes.values():
            if node.process is not None:
                await asyncio.to_thread(stop, node.process, signal.SIGKILL)
