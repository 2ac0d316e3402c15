"""`bench replay`: the product's own replay, of a ledger that a seeded load has made before."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from typing import Any

from services.cli.bench.place import Place, fresh
from services.cli.bench.streams import DONE, JOBS, give
from services.core.errors import Fatal
from services.runtime.settings import RuntimeSettings

MAKERS = min(2, os.cpu_count() or 1)
"""Processes that make the ledger; they are not measured."""


async def measure(settings: RuntimeSettings, *, records: int, licences: int, workers: int) -> dict[str, Any]:
    """Entries per second, CPU per entry of all processes of the replay, peak memory of the largest."""
    job = JOBS["ledger"]
    async with fresh(settings) as place:
        await give(place, job, records, licences)
        async with place.running(*[("run", "reconciliation")] * MAKERS) as (measured, _):
            await place.followed(measured, DONE, (job.topic, job.fold), records)
        body = await _replayed(place, workers)
    return {
        "entries": body["entries"],
        "entries_per_s": body["entries_per_second"],
        "cpu_us_per_entry": body["cpu_us_per_entry"],
        "peak_rss_mb": body["peak_rss_mb"],
    }


async def _replayed(place: Place, workers: int) -> dict[str, Any]:
    program = [sys.executable, "-m", "services.cli", "replay", "--workers", str(workers), "--json"]
    replay = await asyncio.create_subprocess_exec(*program, env=place.environment(), stdout=PIPE)
    printed, _ = await replay.communicate()
    if replay.returncode != 0:
        raise Fatal(f"the replay ended with {replay.returncode}: {printed.decode()[-300:]}")
    body: dict[str, Any] = json.loads(printed)
    return body
