"""`tolbrug bench JOB`: what it does on this machine, on real engines, the load beside it."""

from functools import partial
from typing import Annotated, Any

import typer

from services.cli.console import AsJson, show
from services.runtime.settings import DatabaseSettings, RuntimeSettings

Workers = Annotated[int, typer.Option(min=1, help="Processes that share the work.")]
Runs = Annotated[int, typer.Option(min=1, help="Runs; the median is reported.")]
Records = Annotated[int, typer.Option(min=100, help="Records of a run.")]
Licences = Annotated[int, typer.Option(min=1, help="Licences they are spread over.")]
Seconds = Annotated[float, typer.Option(min=1, help="Length of a run.")]
Rate = Annotated[float, typer.Option(min=0, help="Messages per second that are offered; 0: as fast as it goes.")]

PLACES = ["1000:10", "20000:10", "1000000:10:20000", "1000000:10"]
PEER_CACHE = 120_000
"""A part of an account is a name: there is room for more of them than of a ledger's shipments."""

commands = typer.Typer(
    no_args_is_help=True,
    help="Measure on real engines: records per second, CPU per record of our processes alone, latency, memory.",
)


@commands.command()
def ledger(
    *,
    workers: Workers = 1,
    records: Records = 50_000,
    licences: Licences = 2_000,
    runs: Runs = 3,
    as_json: AsJson = False,
) -> None:
    """Demands that wait for the ledger."""
    _stream("ledger", workers, records, licences, runs, as_json=as_json)


@commands.command()
def shipments(
    *,
    workers: Workers = 1,
    records: Records = 50_000,
    licences: Licences = 2_000,
    runs: Runs = 3,
    as_json: AsJson = False,
) -> None:
    """Facts that wait for the shipments."""
    _stream("shipments", workers, records, licences, runs, as_json=as_json)


def _stream(job: str, workers: int, records: int, licences: int, runs: int, *, as_json: bool) -> None:
    from services.cli.bench.report import report
    from services.cli.bench.streams import measure

    async def run(settings: RuntimeSettings) -> dict[str, Any]:
        return await measure(settings, job, records=records, licences=licences, workers=workers)

    report(job, run, runs=runs, workers=workers, as_json=as_json)


@commands.command()
def intake(
    *, workers: Workers = 1, seconds: Seconds = 10.0, rate: Rate = 0.0, runs: Runs = 3, as_json: AsJson = False
) -> None:
    """XML declarations of three items that the customs door takes, all services running."""
    from services.cli.bench.intake import intake as measure
    from services.cli.bench.report import report

    async def run(settings: RuntimeSettings) -> dict[str, Any]:
        return await measure(settings, seconds=seconds, workers=workers, rate=rate)

    report("intake", run, runs=runs, workers=workers, as_json=as_json)


@commands.command()
def pipeline(*, seconds: Seconds = 10.0, rate: Rate = 200.0, runs: Runs = 3, as_json: AsJson = False) -> None:
    """From a message sent over HTTP to its verdict, all services in one process."""
    from services.cli.bench import http_jobs
    from services.cli.bench.report import report

    async def run(settings: RuntimeSettings) -> dict[str, Any]:
        return await http_jobs.pipeline(settings, seconds=seconds, rate=rate)

    report("pipeline", run, runs=runs, workers=1, as_json=as_json)


@commands.command()
def replay(
    *,
    workers: Workers = 2,
    records: Records = 50_000,
    licences: Licences = 2_000,
    runs: Runs = 3,
    as_json: AsJson = False,
) -> None:
    """A ledger of so many demands rebuilt from the topics, and compared byte by byte."""
    from services.cli.bench.replay import measure
    from services.cli.bench.report import report

    async def run(settings: RuntimeSettings) -> dict[str, Any]:
        return await measure(settings, records=records, licences=licences, workers=workers)

    report("replay", run, runs=runs, workers=workers, as_json=as_json)


@commands.command()
def register(
    *,
    workers: Annotated[int, typer.Option(min=1, help="Processes of the licensing door.")] = 2,
    licences: Annotated[int, typer.Option(min=100, help="Licences that are imported.")] = 20_000,
    runs: Annotated[int, typer.Option(min=1, help="Runs; the median is reported.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Licences imported by `tolbrug licence import`, reads of a register of that size, the ledger learning of it."""
    from services.cli.bench.register import measure
    from services.cli.bench.report import report

    async def run(settings: RuntimeSettings) -> dict[str, Any]:
        return await measure(settings, licences=licences, workers=workers)

    report("register", run, runs=runs, workers=workers, as_json=as_json)


@commands.command()
def peer_job(
    *,
    bootstrap: Annotated[str, typer.Option(metavar="HOST:PORT", help="Run the job itself on this Kafka.")] = "",
    database: Annotated[str, typer.Option(metavar="URL", help="… and in this database.")] = "",
    topics_prefix: Annotated[str, typer.Option(help="… from PREFIX.commands to PREFIX.entries.")] = "bench",
    until: Annotated[int, typer.Option(min=1, help="… until so many entries are published in all.")] = 400_000,
    workers: Workers = 2,
    records: Records = 400_000,
    licences: Licences = 20_000,
    rate: Annotated[float | None, typer.Option(min=1, help="Latency instead, at so many commands per second.")] = None,
    seconds: Seconds = 20.0,
    kill: Annotated[bool, typer.Option("--kill", help="Kill -9 and start again in the middle instead.")] = False,
    runs: Runs = 3,
    as_json: AsJson = False,
) -> None:
    """A small ledger that other stream processors were measured on too.

    With --bootstrap and --database it is the job alone: it makes no load and no topics, and prints its figures as one
    line of JSON. Without them it is measured here, every entry judged.
    """
    if bootstrap or database:
        if not (bootstrap and database):
            raise typer.BadParameter("--bootstrap and --database go together")
        _run_peer_job(bootstrap, database, topics_prefix, workers, until)
        return
    from services.cli.bench.peer import measure
    from services.cli.bench.peer.load import Load
    from services.cli.bench.report import report

    load = Load(licences + round((rate or 0) * seconds), licences) if rate else Load(records, licences)

    async def run(settings: RuntimeSettings) -> dict[str, Any]:
        if rate:
            return await measure.latency(settings, load, workers, rate)
        return await (measure.kill if kill else measure.throughput)(settings, load, workers)

    report("peer-job", run, runs=runs, workers=workers, as_json=as_json)


@commands.command()
def scale(
    *,
    places: Annotated[
        list[str],
        typer.Option(
            "--place",
            metavar="LICENCES:ENTRIES[:ACTIVE]",
            help="Licences, entries of each before, and how many of them are still drawn on.",
        ),
    ] = PLACES,
    records: Records = 200_000,
    as_json: AsJson = False,
) -> None:
    """The peer job on places of growing size: cost of a record, and time of a takeover.

    By default from a thousand licences to a million with ten million entries, of which twenty thousand or all are in
    use: twenty million rows are made, one place after the other, which takes some minutes and 5 GB.
    """
    from services.cli.bench.peer.scale import measure, place_of
    from services.cli.bench.report import report_each

    try:
        each = [partial(measure, place=place_of(text), records=records) for text in places]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--place") from error
    report_each("scale", each, as_json=as_json)


def _run_peer_job(bootstrap: str, database: str, prefix: str, workers: int, until: int) -> None:
    from services.cli.bench.peer.job import run
    from services.runtime.telemetry import configure_logging

    settings = RuntimeSettings()
    kafka = {"bootstrap_servers": bootstrap, "topic_prefix": f"{prefix}.", "create_topics": False}
    given = {"kafka": settings.kafka.model_copy(update=kafka), "database": DatabaseSettings(url=database)}
    if "cache" not in settings.fold.model_fields_set:
        given["fold"] = settings.fold.model_copy(update={"cache": PEER_CACHE})
    settings = settings.model_copy(update=given)
    configure_logging(settings.log_level if "log_level" in settings.model_fields_set else "WARNING")
    show(run(settings, workers=workers, until=until), "", as_json=True)
