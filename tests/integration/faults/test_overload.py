"""Ten times what can be done: memory stays bounded, the rest is turned away, and what was taken is worked off."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from services.runtime.settings import RuntimeSettings
from tests.builders import mrn
from tests.integration.faults.exchange_process import Exchange
from tests.integration.faults.flood import Flood
from tests.integration.faults.report import FULL, Report
from tests.integration.faults.steady_traffic import Traffic, drawing
from tests.integration.faults.tcp_proxy import PostgresProxy, proxied

SECONDS = 180.0 if FULL else 8.0
RATE = 1_000
"""Messages a second. A commit of the door is made to take 2 s and holds 200 at most: 100 a second can be done."""
COMMIT_S = 2.0
CACHED = 500
"""Aggregates that a fold keeps per partition: a bound of its own, which is not what this is about."""
WAITING = 2_000 if FULL else 500
MOST_MEMORY = (400 if FULL else 200) * 1024 * 1024
"""Bytes: what an idle process of all services holds (about 90 MB), what waits at the door, batches of the folds."""


class SlowDisk:
    """Every commit takes long while it is on."""

    def __init__(self) -> None:
        self.on = False

    def __call__(self) -> float | None:
        return COMMIT_S if self.on else None


@asynccontextmanager
async def watched(exchange: Exchange) -> AsyncIterator[list[int]]:
    """The bytes the process holds, looked at often while the block runs."""
    seen = [exchange.rss]

    async def look() -> None:
        while True:
            seen.append(exchange.rss)
            await asyncio.sleep(0.1)

    looking = asyncio.create_task(look())
    try:
        yield seen
    finally:
        looking.cancel()


@pytest.mark.timeout(900 if FULL else 300)
async def test_ten_times_what_can_be_done(runtime_settings: RuntimeSettings) -> None:
    url = urlsplit(runtime_settings.database.url)
    assert url.port is not None
    disk = SlowDisk()
    proxy = PostgresProxy(url.port, disk)
    through = url._replace(netloc=url.netloc.replace(f":{url.port}", f":{proxy.port}")).geturl()
    async with proxied(proxy):
        limits = {"TOLBRUG_HTTP__WAITING": str(WAITING), "TOLBRUG_FOLD__CACHE": str(CACHED)}
        exchange = Exchange.of(runtime_settings, TOLBRUG_DATABASE__URL=through, **limits)
        try:
            await exchange.start()
            report = Report("overload", faults=1)
            traffic = Traffic(exchange, report, licences=40)
            await traffic.issue()
            refs = traffic.refs
            flood = Flood(
                exchange.url, "/v1/customs/messages", lambda n: drawing(str(mrn(n)), refs[n % 40]), 2 * WAITING
            )
            async with watched(exchange) as memory:
                disk.on = True
                await flood.run(RATE, SECONDS)
                assert flood.answers[503] > 5 * flood.answers[202], "that was no overload"
                assert flood.answers[202] > SECONDS * 20, "under overload, too, what can be done is done"
                disk.on = False
                begun = time.monotonic()
                await flood.finish()
                traffic.taken = {str(mrn(number)): refs[number % 40] for number in flood.taken}
                await traffic.settle(timeout_s=120)
            report.recoveries.append(time.monotonic() - begun)
            report.told = (
                f"{flood.sent} sent, answered {dict(flood.answers)}, memory {memory[0] >> 20} MiB before,"
                f" {max(memory) >> 20} MiB at most, {MOST_MEMORY >> 20} MiB allowed"
            )
            assert flood.answers.keys() <= {200, 202, 503}
            assert flood.answers.total() == flood.sent + flood.repeated, "every request is answered"
            assert flood.without_retry_after == 0
            assert max(memory) < MOST_MEMORY
            await exchange.terminate()
        finally:
            await exchange.close()
