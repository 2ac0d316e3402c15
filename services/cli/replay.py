"""`tolbrug replay`: the ledger once more, from the topics, and whether it is the one that is recorded."""

import asyncio
import csv
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Group, RenderableType
from rich.table import Column, Table

from services.cli.addresses import found
from services.cli.console import AsJson, remark, show
from services.cli.replay_place import fresh_database, has_ledger, partitions, prepared
from services.cli.replay_work import Job, jobs_of, rebuilt
from services.reconciliation.adapters.replay import Rebuilt
from services.reconciliation.adapters.replay_what_if import Changed, Period, rules_in
from services.reconciliation.domain.chain import digest_over
from services.runtime.settings import RuntimeSettings

DAY = ["%Y-%m-%d"]
SHOWN = 100
"""Changes that are shown; all of them are in the file of --changes."""
CHANGE = ("licence", "mrn", "item", "line", "was", "would_be", "at")

Compared = Annotated[
    bool | None,
    typer.Option(
        "--table/--no-table",
        help="Also compare with the rows of the installation's database. [default: when it holds a ledger]",
        show_default=False,
    ),
]
Rules = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Another rule set as JSON: show which verdicts it would change."),
]
From = Annotated[datetime | None, typer.Option("--from", formats=DAY, help="First day (UTC) of these rules.")]
To = Annotated[datetime | None, typer.Option("--to", formats=DAY, help="Last day (UTC) of these rules.")]
Changes = Annotated[
    Path | None, typer.Option("--changes", dir_okay=False, writable=True, help="Write all that --rules changes as CSV.")
]
Into = Annotated[str | None, typer.Option(metavar="URL", help="Rebuild into this empty database, and leave it there.")]
Keep = Annotated[bool, typer.Option("--keep", help="Do not drop the database that is rebuilt into.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes. [default: one per core]", show_default=False)]
Rate = Annotated[
    float | None,
    typer.Option(min=1, help="Entries per second, at most: leaves room for running services.", show_default=False),
]
Held = Annotated[int, typer.Option(min=100, help="Licences and shipments of ledgers a process keeps in memory.")]


def replay(
    *,
    table: Compared = None,
    rules: Rules = None,
    begin: From = None,
    end: To = None,
    changes: Changes = None,
    into: Into = None,
    keep: Keep = False,
    workers: Workers = None,
    rate: Rate = None,
    held: Held = 100_000,
    as_json: AsJson = False,
) -> None:
    """Rebuild the ledger from the topics in the recorded order, into a fresh database, and compare every byte.

    Exits with 1 and names the first record that differs. The services can be started on the database of --into, and go
    on where the entries on the topics end; stop the old ones first. With --rules also shows each draw that would have
    been answered otherwise had these rules been in force from the first day to the last; nothing is changed.
    """
    if rules is None and (begin or end or changes):
        raise typer.BadParameter("--from, --to and --changes are about the rules of --rules")
    other, period = None if rules is None else rules_in(rules), _period(begin, end)
    settings = found(RuntimeSettings(), kafka=True, postgres=into is None or bool(table))
    compared = has_ledger(settings.database.url) if table is None else table
    count = asyncio.run(partitions(settings.kafka))
    processes = min(workers or os.cpu_count() or 1, count)
    job = Job(settings, held=held, table=compared, rules=other, period=period, rate=rate and rate / processes)
    with fresh_database(settings.database.url, into, keep=keep) as target:
        if keep:
            remark(f"Rebuilding into the database {urlsplit(target).path[1:]}")
        body = {"table": compared} | _replayed(replace(job, target=target), count, processes, changes)
    show(body, _rendered(body), as_json=as_json)
    raise typer.Exit(1 if body["differences"] else 0)


def _replayed(job: Job, count: int, processes: int, changes: Path | None) -> dict[str, Any]:
    workshop = asyncio.run(prepared(job.target, count))
    begun = time.monotonic()
    results = rebuilt(asyncio.run(jobs_of(job, count)), processes)
    body = _body(results, workshop.finish(), time.monotonic() - begun)
    if job.rules is not None:
        body |= _changed(Changed(job.target), job.rules.name, changes)
    workshop.clear()
    return body


def _period(begin: datetime | None, end: datetime | None) -> Period:
    """From the first moment of one day to the last of another."""
    first, last = (None if day is None else day.replace(tzinfo=UTC) for day in (begin, end))
    return Period(first, None if last is None else last + timedelta(days=1))


def _body(results: list[Rebuilt], altered: list[str], seconds: float) -> dict[str, Any]:
    entries = sum(result.entries for result in results)
    names = ("messages", "silent", "dead_letters", "outputs", "repeats", "unpublished")
    partitions = [
        {"partition": r.partition, "entries": r.entries, "digest": r.digest, "difference": r.difference}
        for r in results
    ]
    return {
        "entries": entries,
        **{name: sum(getattr(result, name) for result in results) for name in names},
        "seconds": round(seconds, 2),
        "cpu_us_per_entry": round(sum(r.cpu_seconds for r in results) / max(entries, 1) * 1e6),
        "entries_per_second": round(entries / seconds) if seconds else 0,
        "peak_rss_mb": round(max((result.peak_rss_bytes for result in results), default=0) / 1e6, 1),
        "digest": digest_over(result.digest for result in results),
        "partitions": partitions,
        "differences": [*(result.difference for result in results if result.difference is not None), *altered],
    }


def _changed(changed: Changed, rule_set: str, file: Path | None) -> dict[str, Any]:
    """How many there are, and the first of them; all of them go to the file."""
    if file is not None:
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.DictWriter(opened, CHANGE)
            writer.writeheader()
            writer.writerows(_plain(change) for change in changed)
    return {
        "rule_set": rule_set,
        "changed": changed.count(),
        "changes": [_plain(change) for change in islice(changed, SHOWN)],
    }


def _plain(change: dict[str, Any]) -> dict[str, Any]:
    return change | {"at": change["at"].astimezone(UTC).isoformat()}


def _rendered(body: dict[str, Any]) -> RenderableType:
    beside = "the entry topic and the table" if body["table"] else "the entry topic"
    same = f"{'not ' if body['differences'] else ''}identical to {beside}"
    text = (
        f"{body['entries']} entries, {body['outputs']} outputs of {body['messages']} messages: {same}\n"
        f"{body['entries_per_second']} entries/s in {body['seconds']} s, {body['cpu_us_per_entry']} µs CPU per entry,"
        f" at most {body['peak_rss_mb']} MB in a process\n"
        f"digest {body['digest']}"
    )
    shown: list[RenderableType] = [text, *body["differences"]]
    if "changes" in body:
        title = f"{body['changed']} draws would be answered otherwise by {body['rule_set']}"
        table = Table(*(Column(name, overflow="fold") for name in CHANGE), title=title, title_justify="left")
        for change in body["changes"]:
            table.add_row(*("" if change[name] is None else str(change[name]) for name in CHANGE))
        shown.append(table)
        if body["changed"] > len(body["changes"]):
            shown.append(f"and {body['changed'] - len(body['changes'])} more: --changes FILE writes them all")
    return Group(*shown)
