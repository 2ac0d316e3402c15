"""`bench register`: licences imported into the register as a person would, and what reading it takes at that size."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg

from services.cli.bench.http_jobs import at_rate
from services.cli.bench.http_load import Client
from services.cli.bench.latency import percentiles
from services.cli.bench.place import Measured, Place, fresh, now, server_cpu_s
from services.cli.bench.streams import DONE
from services.core.messages import Licence
from services.runtime.settings import RuntimeSettings
from services.simulator import load

READING_S: Final = 10.0
ONE_PER_S, PAGES_PER_S = 100.0, 20.0
"""Reads that are offered: of one licence, and of pages of fifty."""
WRITES_PER_S: Final = 5.0
"""Changes of licences that go on beside."""
PAGES: Final = 300
REVOKED: Final = 100
LOOK_S: Final = 0.2
_PUBLISHED: Final = (
    "SELECT CASE WHEN EXISTS (SELECT FROM licensing.outbox WHERE published_at IS NULL) THEN 0 ELSE %s END"
)


def document(number: int) -> dict[str, Any]:
    """A licence of one line as an authority writes it."""
    line = {"line": 1, "description": "isostatic press", "control_code": "2B204", "commodity_codes": ["847983"]}
    amounts = {"basis": "both", "quantity": "40", "unit": "NAR", "value": "4000000.00", "currency": "EUR"}
    holder = load.holder(number)
    return {
        "ref": load.reference(number),
        "type": "individual",
        "authority": "BE-VLG",
        "holder": {"eori": holder.eori, "name": holder.name},
        "consignees": [{"name": load.BUYER.name, "country": "IN"}],
        "end_users": [{"name": load.BUYER.name, "country": "IN", "kind": "industry", "end_use": "turbine discs"}],
        "destinations": ["IN"],
        "procedures": ["10"],
        "valid_from": "2026-01-01",
        "valid_to": "2027-12-31",
        "lines": [line | amounts],
    }


def write(path: Path, licences: int) -> None:
    """Lines of JSON."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(licences):
            file.write(json.dumps(document(number)) + "\n")


async def measure(settings: RuntimeSettings, *, licences: int, workers: int) -> dict[str, Any]:
    """One run: the import until the last licence is answered, then reads, and the ledger that learns of all of them.

    Rates count from the start of the command; `published_s` is how much later the last licence was on its topic.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "licences.jsonl"
        write(file, licences)
        async with fresh(settings) as place:
            async with place.running(*[("run", "licensing")] * workers) as (doors, urls):
                taken = await _imported(place, file, urls, doors, licences)
                begun = now()
                await place.followed(doors, _PUBLISHED, (licences,), licences)
                taken["published_s"] = round(now() - begun, 1)
                taken |= await _reads(urls[0], licences)
            return taken | await _folded(place, licences)


async def _imported(place: Place, file: Path, urls: list[str], doors: Measured, licences: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "services.cli", "licence", "import", str(file), "--json"]
    command += [word for url in urls for word in ("--url", url)]
    before, begun, database_s = doors.usage(), now(), await _database_cpu_s(place)
    process = await asyncio.create_subprocess_exec(*command, env=place.environment(), stdout=PIPE, stderr=DEVNULL)
    client = Measured([process])
    done = asyncio.create_task(process.communicate())
    rss = {"door": 0, "client": 0}
    while not done.done():
        rss["door"] = max(rss["door"], doors.usage().rss_bytes)
        rss["client"] = max(rss["client"], client.usage().rss_bytes)
        await asyncio.wait([done], timeout=LOOK_S)
    elapsed, used = now() - begun, doors.usage().cpu_s - before.cpu_s
    database_s = await _database_cpu_s(place) - database_s
    output, _ = await done
    summary = json.loads(output)
    if summary["new"] != licences:
        raise RuntimeError(f"{summary}"[:1000])
    return {
        "licences": licences,
        "rows_per_s": round(licences / elapsed),
        "door_cpu_us_per_row": round(used / licences * 1e6, 1),
        "client_cpu_us_per_row": round(client.usage().cpu_s / licences * 1e6, 1),
        "postgresql_cpu_us_per_row": round(database_s / licences * 1e6, 1),
        "door_peak_rss_mb": round(rss["door"] / 1e6),
        "client_peak_rss_mb": round(rss["client"] / 1e6),
    }


async def _database_cpu_s(place: Place) -> float:
    async with await psycopg.AsyncConnection.connect(place.settings.database.url) as connection:
        return server_cpu_s(connection.info.backend_pid)


async def _reads(url: str, licences: int) -> dict[str, Any]:
    """Waits of reads at a fixed rate, of places spread over the whole register."""
    client = Client(url)
    step = max(1, licences // REVOKED)
    for number in range(0, licences, step):
        body = json.dumps({"status": "revoked", "reason": "bench"}).encode()
        await client.post(f"/v1/licences/{load.reference(number)}/status", body)
    asked: dict[str, tuple[float, Callable[[int], str]]] = {
        "one": (ONE_PER_S, lambda n: f"/v1/licences/{load.reference(n)}"),
        "holder": (PAGES_PER_S, lambda n: f"/v1/licences?holder={load.holder(n).eori}"),
        "issued": (PAGES_PER_S, lambda _: "/v1/licences?status=issued"),
        "revoked": (PAGES_PER_S, lambda _: "/v1/licences?status=revoked"),
    }
    found: dict[str, Any] = {}
    for place, (name, (rate, path)) in enumerate(asked.items()):
        writing = asyncio.create_task(_written(client, place * 1_000, licences))
        waits = percentiles(await _waits(client, path, rate, licences))
        await writing
        found |= {f"{name}_{key}": waits[key] for key in ("p50_ms", "p99_ms")}
    waits = percentiles(await _paged(client, PAGES))
    client.close()
    return found | {f"cursor_{key}": waits[key] for key in ("p50_ms", "p99_ms")}


async def _written(client: Client, first: int, licences: int) -> None:
    """Licences are suspended meanwhile, a few each second, all over the register; those that are revoked stay so."""
    suspended = json.dumps({"status": "suspended", "reason": "bench"}).encode()

    async def one(serial: int, _: float) -> None:
        ref = load.reference((first + serial) * 104_729 % licences)
        answer = await client.post(f"/v1/licences/{ref}/status", suspended)
        if answer.status not in {200, 409}:
            raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")

    await at_rate(one, WRITES_PER_S, READING_S)


async def _waits(client: Client, path: Callable[[int], str], rate: float, licences: int) -> list[float]:
    """Each counts from when it is due; `path` is asked for numbers all over the register."""
    waits: list[float] = []

    async def one(serial: int, due: float) -> None:
        await _read(client, path(serial * 7919 % licences))
        waits.append(now() - due)

    await at_rate(one, rate, READING_S)
    return waits


async def _read(client: Client, path: str) -> bytes:
    answer = await client.get(path)
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")
    return answer.body


async def _paged(client: Client, pages: int) -> list[float]:
    """Of the pages of the whole register, one after the other."""
    waits: list[float] = []
    cursor = ""
    for _ in range(pages):
        begun = now()
        body = await _read(client, f"/v1/licences{cursor}")
        waits.append(now() - begun)
        following = json.loads(body)["next"]
        cursor = f"?cursor={following}" if following else ""
    return waits


async def _folded(place: Place, licences: int) -> dict[str, Any]:
    """The ledger learns of the licences from their topic."""
    async with place.running(("run", "reconciliation")) as (measured, _):
        samples = await place.followed(measured, DONE, (Licence.TOPIC, "ledger"), licences)
    return {
        "fold_s": round(samples[-1].at - samples[0].at, 1),
        "fold_peak_rss_mb": round(max(sample.rss_bytes for sample in samples) / 1e6),
    }
