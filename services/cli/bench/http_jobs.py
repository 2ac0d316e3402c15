"""`bench pipeline`: from the door to the verdict, the load on the same two cores.

It learns the verdicts from their topic, as a customs system does that sends hundreds of messages a second; one
that sends a few asks by HTTP.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.cli.bench.http_load import Client
from services.cli.bench.latency import percentiles
from services.cli.bench.place import Measured, Place, fresh, now
from services.cli.bench.verdicts import Verdicts
from services.core.values import Mrn
from services.runtime.settings import RuntimeSettings
from services.simulator import load
from services.simulator.mrn import export_mrn

MESSAGES = "/v1/customs/messages"
UNDER_WAY = 1_000
"""Messages without a verdict that there are at most, when it sends as fast as it goes."""
LICENCES = 500

Send = Callable[[int, float], Coroutine[None, None, None]]
"""Sends the message of that number, which is due at that time, and waits for what is waited for."""


def declaration(serial: int, licences: int) -> tuple[Mrn, dict[str, Any]]:
    """A JSON declaration of three items that cites a licence with its first."""
    number = serial % licences
    exporter = load.holder(number)
    document = {"type": "X060", "reference": load.reference(number), "line": 1, "quantity": "1", "unit": "NAR"}
    items = [
        {"item": n, "commodity_code": "84798300", "description": "isostatic press", "net_mass_kg": "600.500"}
        | {"statistical_value": "80000.00", "documents": [document] if n == 1 else []}
        for n in (1, 2, 3)
    ]
    mrn = export_mrn(serial)
    return mrn, {
        "kind": "declaration",
        "sender": "BENCH",
        "message_id": f"bench-{serial}",
        "mrn": mrn,
        "lrn": f"BENCH-{serial}",
        "version": 1,
        "accepted_at": "2026-03-02T08:15:00Z",
        "office_of_export": "BE343000",
        "procedure": "10",
        "exporter": {"eori": exporter.eori, "name": exporter.name},
        "consignee": {"name": load.BUYER.name, "address": "Plot 7", "country": "IN"},
        "country_of_destination": "IN",
        "items": items,
    }


async def taken(client: Client, message: bytes, media_type: str = "application/json") -> None:
    """Send a message to the customs door, and wait until it is durable."""
    answer = await client.post(MESSAGES, message, media_type)
    if answer.status not in {200, 202}:  # 200: it had read it before it closed the connection
        raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")


async def pipeline(settings: RuntimeSettings, *, seconds: float, rate: float) -> dict[str, Any]:
    """From a message's first byte sent to its verdict; all services in one process.

    `rate` in messages per second, and 0 for as fast as it goes.
    """
    async with _exchange(settings) as (place, measured, client), Verdicts(place.settings.kafka).followed() as verdicts:
        waits: list[float] = []

        async def one(serial: int, _due: float) -> None:
            mrn, body = declaration(serial, LICENCES)
            message, verdict = json.dumps(body).encode(), verdicts.of(mrn)
            begun = now()
            await taken(client, message)
            await asyncio.wait_for(verdict, 60)
            waits.append(now() - begun)

        before, begun = measured.usage(), now()
        await (at_rate(one, rate, seconds) if rate else _at_most(one, UNDER_WAY, seconds))
        return result(waits, measured, before.cpu_s, now() - begun) | {"offered_per_s": rate}


@asynccontextmanager
async def _exchange(settings: RuntimeSettings) -> AsyncIterator[tuple[Place, Measured, Client]]:
    """All services in one process, with licences for the load."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    async with fresh(settings) as place:
        await place.publish((replace(load.licence(n), changed_at=begin) for n in range(LICENCES)), load.BEGIN)
        async with place.running(("up",)) as (measured, urls):
            client = Client(urls[0])
            yield place, measured, client
            client.close()


async def at_rate(one: Send, rate: float, seconds: float) -> None:
    """Each when it is due, whether those before are done or not."""
    begun, sent = now(), list[asyncio.Task[None]]()
    for serial in range(int(seconds * rate)):
        due = begun + serial / rate
        if (early := due - now()) > 0:
            await asyncio.sleep(early)
        sent.append(asyncio.create_task(one(serial, due)))
    await asyncio.gather(*sent)


async def _at_most(one: Send, under_way: int, seconds: float) -> None:
    until, serials = now() + seconds, iter(range(10_000_000))

    async def sender() -> None:
        while now() < until:
            await one(next(serials), now())

    await asyncio.gather(*(sender() for _ in range(under_way)))


def result(waits: list[float], measured: Measured, cpu_before: float, elapsed: float) -> dict[str, Any]:
    """The figures of a run over HTTP: a record is a message."""
    usage = measured.usage()
    return {
        "records_per_s": round(len(waits) / elapsed),
        **percentiles(waits),
        "cpu_us_per_record": round((usage.cpu_s - cpu_before) / len(waits) * 1e6, 1),
        "peak_rss_mb": round(usage.rss_bytes / 1e6),
    }
