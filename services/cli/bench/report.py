"""Runs of a job, the median of each figure, and what they were measured on."""

import os
import statistics
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import psycopg
import uvloop
from rich.console import Group
from rich.table import Table

from services.cli.addresses import started
from services.cli.console import remark, show
from services.runtime.kafka import topics
from services.runtime.settings import RuntimeSettings
from services.runtime.telemetry import configure_logging

POSTGRESQL: Final = (
    *("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "server_version"),
)
KAFKA: Final = ("log.flush.interval.messages", "min.insync.replicas", "num.io.threads", "num.network.threads")
WORST: Final = frozenset({"lost", "wrong", "repeated"})
"""Of these the largest counts."""

Run = Callable[[RuntimeSettings], Awaitable[dict[str, Any]]]


def report(job: str, run: Run, *, runs: int, workers: int, as_json: bool) -> None:
    """Run it so often on real engines, and show the medians."""
    configure_logging("CRITICAL")
    result = uvloop.run(_measured(job, run, runs, workers))
    table = Table("figure", "median", title=f"bench {job}", title_justify="left")
    for name, value in result.items():
        table.add_row(name, str(value))
    show(result, table, as_json=as_json)


async def _measured(job: str, run: Run, runs: int, workers: int) -> dict[str, Any]:
    async with started(RuntimeSettings()) as settings:
        results = []
        for number in range(runs):
            results.append(await run(settings))
            remark(f"run {number + 1} of {runs}: {results[-1]}")
        return {"job": job, "workers": workers, "runs": runs, **medians(results), **await _machine(settings)}


def report_each(job: str, runs: Sequence[Run], *, as_json: bool) -> None:
    """One run of each, side by side."""
    configure_logging("CRITICAL")
    places, machine = uvloop.run(_each(runs))
    table = Table("figure", *(f"place {n}" for n, _ in enumerate(places, start=1)), title=f"bench {job}")
    for name in places[0]:
        table.add_row(name, *(str(place[name]) for place in places))
    show({"job": job, "places": places, **machine}, Group(table, str(machine)), as_json=as_json)


async def _each(runs: Sequence[Run]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    async with started(RuntimeSettings()) as settings:
        places = []
        for run in runs:
            places.append(await run(settings))
            remark(str(places[-1]))
        return places, await _machine(settings)


def medians(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each figure; of what must not be, the worst."""
    return {
        name: (max if name in WORST else statistics.median)(result[name] for result in results) for name in results[0]
    }


async def _machine(settings: RuntimeSettings) -> dict[str, Any]:
    query = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
    async with await psycopg.AsyncConnection.connect(settings.database.url) as connection:
        rows = await (await connection.execute(query, (list(POSTGRESQL),))).fetchall()
    return {
        "load_average": [round(x, 2) for x in os.getloadavg()],
        "cores": os.cpu_count(),
        "partitions": settings.kafka.partitions,
        "acks": "all",
        "kafka": await topics.broker_settings(settings.kafka, KAFKA),
        "postgresql": dict(rows),
    }
