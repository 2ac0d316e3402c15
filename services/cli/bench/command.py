"""`tolbrug bench JOB`: three runs, the median of each figure, and what they were measured on."""

import asyncio
import os
import statistics
from enum import StrEnum
from typing import Annotated, Any

import psycopg
import typer
from rich.table import Table

from services.cli.addresses import started
from services.cli.bench import http_jobs, streams
from services.cli.console import AsJson, remark, show
from services.runtime.settings import RuntimeSettings
from services.runtime.telemetry import configure_logging


class Job(StrEnum):
    """What is measured."""

    LEDGER = "ledger"
    SHIPMENTS = "shipments"
    INTAKE = "intake"
    PIPELINE = "pipeline"


SHOWN = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "server_version")


def bench(
    *,
    job: Annotated[Job, typer.Argument(help="The part that is measured.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the work.")] = 1,
    seconds: Annotated[float, typer.Option(min=1, help="Length of a run of intake or pipeline.")] = 10.0,
    records: Annotated[int, typer.Option(min=100, help="Records of a run of ledger or shipments.")] = 50_000,
    licences: Annotated[int, typer.Option(min=1, help="Licences they are spread over.")] = 2_000,
    rate: Annotated[float, typer.Option(min=1, help="Messages per second offered to pipeline.")] = 100.0,
    runs: Annotated[int, typer.Option(min=1, help="Runs; the median is reported.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Measure on real engines: records per second, CPU per record of our processes alone, latency, memory."""

    async def one(settings: RuntimeSettings) -> dict[str, Any]:
        if job is Job.INTAKE:
            return await http_jobs.intake(settings, seconds=seconds, workers=workers)
        if job is Job.PIPELINE:
            return await http_jobs.pipeline(settings, seconds=seconds, rate=rate)
        return await streams.measure(settings, job.value, records=records, licences=licences, workers=workers)

    configure_logging("CRITICAL")

    async def main() -> dict[str, Any]:
        async with started(RuntimeSettings()) as settings:
            results = []
            for number in range(runs):
                results.append(await one(settings))
                remark(f"run {number + 1} of {runs}: {results[-1]}")
            return {"job": job.value, "workers": workers, "runs": runs, **_medians(results), **_machine(settings)}

    result = asyncio.run(main())
    table = Table("figure", "median", title=f"bench {job.value}", title_justify="left")
    for name, value in result.items():
        table.add_row(name, str(value))
    show(result, table, as_json=as_json)


def _medians(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: statistics.median(r[name] for r in results) for name in results[0]}


def _machine(settings: RuntimeSettings) -> dict[str, Any]:
    with psycopg.connect(settings.database.url) as connection:
        rows = connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", (list(SHOWN),)
        ).fetchall()
    return {
        "load_average": [round(x, 2) for x in os.getloadavg()],
        "cores": os.cpu_count(),
        "partitions": settings.kafka.partitions,
        "acks": "all",
        "postgresql": dict(rows),
    }
