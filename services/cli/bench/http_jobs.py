"""`bench intake` and `bench pipeline`: the doors over HTTP, the load on the same two cores."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from services.cli.bench.latency import percentiles
from services.cli.bench.place import Measured, fresh, now
from services.core.values import Mrn
from services.runtime.settings import RuntimeSettings
from services.simulator import load
from services.simulator.mrn import export_mrn

CONNECTIONS = 32
JSON = {"content-type": "application/json"}


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


async def intake(settings: RuntimeSettings, *, seconds: float, workers: int) -> dict[str, Any]:
    """As many messages as the door takes from a number of connections that each wait for the answer."""
    async with fresh(settings) as place, place.running(*[("run", "customs")] * workers) as (measured, urls):
        clients = [httpx.AsyncClient(base_url=url, timeout=30) for url in urls]
        until, serials, waits = now() + seconds, iter(range(10_000_000)), list[float]()

        async def one(client: httpx.AsyncClient) -> None:
            while now() < until:
                _, body = declaration(next(serials), 1000)
                begun = now()
                answer = await client.post("/v1/customs/messages", json=body)
                answer.raise_for_status()
                waits.append(now() - begun)

        before, begun = measured.usage(), now()
        await asyncio.gather(*(one(clients[n % workers]) for n in range(CONNECTIONS)))
        return _result(waits, measured, before.cpu_s, now() - begun)


async def pipeline(settings: RuntimeSettings, *, seconds: float, rate: float) -> dict[str, Any]:
    """From a message's first byte sent to its verdict, at a fixed rate; all services in one process."""
    licences = 500
    async with fresh(settings) as place:
        await place.publish(
            (replace(load.licence(n), changed_at=datetime(2026, 1, 1, tzinfo=UTC)) for n in range(licences)), load.BEGIN
        )
        async with (
            place.running(("up",)) as (measured, urls),
            httpx.AsyncClient(base_url=urls[0], timeout=60) as client,
        ):
            waits: list[float] = []

            async def one(serial: int) -> None:
                mrn, body = declaration(serial, licences)
                begun = now()
                answer = await client.post("/v1/customs/messages", json=body)
                answer.raise_for_status()
                verdict = await client.get(f"/v1/customs/declarations/{mrn}/verdict", params={"wait": 30})
                if verdict.json()["verdict"] == "pending":
                    raise TimeoutError(f"no verdict for {mrn} within 30 s")
                waits.append(now() - begun)

            before, begun = measured.usage(), now()
            sent: list[asyncio.Task[None]] = []
            for serial in range(int(seconds * rate)):
                await asyncio.sleep(begun + serial / rate - now())
                sent.append(asyncio.create_task(one(serial)))
            await asyncio.gather(*sent)
            return _result(waits, measured, before.cpu_s, now() - begun) | {"offered_per_s": rate}


def _result(waits: list[float], measured: Measured, cpu_before: float, elapsed: float) -> dict[str, Any]:
    usage = measured.usage()
    return {
        "records_per_s": round(len(waits) / elapsed),
        **percentiles(waits),
        "cpu_us_per_record": round((usage.cpu_s - cpu_before) / len(waits) * 1e6, 1),
        "peak_rss_mb": round(usage.rss_bytes / 1e6),
    }
