"""Replies that come late, are lost, or are spoilt: what was done is then unknown, and still it counts once."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from services.core.messages import DeclarationAccepted, Entry
from services.runtime.settings import RuntimeSettings
from tests.integration.faults.exchange_process import Exchange
from tests.integration.faults.kafka_cluster import proxied_broker
from tests.integration.faults.report import FULL, SEED, Report
from tests.integration.faults.steady_traffic import Traffic
from tests.integration.faults.tcp_proxy import FETCH, METADATA, PRODUCE, Fault, KafkaProxy, PostgresProxy, proxied
from tests.integration.runtime.probe_process import until

ROUNDS = 10 if FULL else 1
PUBLISHED = (DeclarationAccepted.TOPIC, Entry.TOPIC)
"""By a door's relay, and by a fold."""
MARKED_S = 0.5
"""In this time one that marks too early has marked, and committed that."""
COMMITS = 400 if FULL else 40
"""How many commits have an unknown outcome."""

PLAN = [
    [(PRODUCE, Fault.CUT)],
    [(FETCH, Fault.CUT)],
    [(PRODUCE, Fault.DELAY)],
    [(FETCH, Fault.SPOIL)],
    [(METADATA, Fault.CUT)],
    [(FETCH, Fault.DELAY)],
    [(METADATA, Fault.DELAY)],
    [(PRODUCE, Fault.CUT)],
    [(PRODUCE, Fault.SILENCE), (FETCH, Fault.SILENCE)],
]
"""What happens together; silence is waited out, so both kinds of it are waited out at once."""


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[KafkaProxy]:
    async with proxied_broker(tmp_path / "broker") as proxy:
        yield proxy


@pytest.fixture
async def exchange(runtime_settings: RuntimeSettings, broker: KafkaProxy) -> AsyncIterator[Exchange]:
    """It reaches Kafka through the proxy only."""
    exchange = Exchange.of(runtime_settings)
    exchange.installation = replace(exchange.installation, bootstrap_servers=f"127.0.0.1:{broker.port}")
    await exchange.start()
    yield exchange
    await exchange.close()


@pytest.mark.timeout(1_200 if FULL else 300)
async def test_replies_of_kafka_that_are_lost_late_or_spoilt(exchange: Exchange, broker: KafkaProxy) -> None:
    report = Report("lost and late replies", "Kafka's")
    traffic = Traffic(exchange, report)
    await traffic.issue()
    sending = asyncio.create_task(traffic.run(senders=4))
    broker.fired.clear()
    for faults in ROUNDS * PLAN:
        for api, fault in faults:
            broker.plan(api, fault)
        if any(api == METADATA for api, _ in faults):
            broker.cut_all()  # clients ask for it when they come back
        await until(lambda: _done(broker), f"{faults} happen")
        begun = time.monotonic()
        await traffic.takes(3)
        await traffic.decides()
        report.recoveries.append(time.monotonic() - begun)
    traffic.stopped = True
    await sending
    report.faults = broker.fired.total()
    assert report.faults == ROUNDS * sum(map(len, PLAN))
    await traffic.settle()
    await exchange.terminate()


async def _done(broker: KafkaProxy) -> bool:
    return broker.done


@pytest.mark.timeout(1_200 if FULL else 300)
async def test_a_process_that_is_killed_while_kafka_takes_nothing(exchange: Exchange, broker: KafkaProxy) -> None:
    """What it had sent on its way is in its memory only: whoever marked it as published then has lost it."""
    report = Report("lost and late replies", "killed meanwhile")
    traffic = Traffic(exchange, report)
    await traffic.issue()
    sending = asyncio.create_task(traffic.run(senders=4))
    for topic in (ROUNDS if FULL else 1) * PUBLISHED:
        await traffic.takes(5)
        broker.held, before = topic.encode(), broker.fired.total()
        await until(partial(_held, broker, before), f"a record of {topic} is on its way")
        await asyncio.sleep(MARKED_S)
        await exchange.close()
        broker.held = None
        report.faults += 1
        killed = time.monotonic()
        await exchange.start()
        await traffic.decides()
        report.recoveries.append(time.monotonic() - killed)
    traffic.stopped = True
    await sending
    await traffic.settle()
    await exchange.terminate()


async def _held(broker: KafkaProxy, before: int) -> bool:
    return broker.fired.total() > before


class Commits:
    """One commit in a few is cut off, before or after it has happened."""

    def __init__(self, every: int) -> None:
        self._random = random.Random(SEED)
        self._every = every
        self.on = False

    def __call__(self) -> str | None:
        if not self.on or self._random.randrange(self._every):
            return None
        return self._random.choice(("before", "after"))


@pytest.mark.timeout(1_200 if FULL else 300)
async def test_a_commit_of_postgres_whose_outcome_is_unknown(runtime_settings: RuntimeSettings) -> None:
    url = urlsplit(runtime_settings.database.url)
    assert url.port is not None
    commits = Commits(every=12)
    proxy = PostgresProxy(url.port, commits)
    through = url._replace(netloc=url.netloc.replace(f":{url.port}", f":{proxy.port}")).geturl()
    async with proxied(proxy):
        exchange = Exchange.of(runtime_settings, TOLBRUG_DATABASE__URL=through)
        try:
            await exchange.start()
            report = Report("lost and late replies", "PostgreSQL's")
            traffic = Traffic(exchange, report)
            await traffic.issue()
            commits.on = True
            sending = asyncio.create_task(traffic.run(senders=4))
            await until(lambda: _fired(proxy), f"{COMMITS} commits are cut off", 300 if FULL else 120)
            commits.on = False
            traffic.stopped = True
            await sending
            report.faults = proxy.fired.total()
            await traffic.settle()
            assert traffic.answers[503] > 0, "a commit of the door was among them, and it was not said to be stored"
            assert min(proxy.fired["before"], proxy.fired["after"]) > 0
            await exchange.terminate()
        finally:
            await exchange.close()


async def _fired(proxy: PostgresProxy) -> bool:
    return proxy.fired.total() >= COMMITS
