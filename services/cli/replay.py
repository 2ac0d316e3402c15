"""`tolbrug replay`: the ledger once more, from the topics alone, and whether it is the one that is recorded."""

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Group, RenderableType
from rich.table import Column, Table

from services.cli.addresses import found
from services.cli.console import AsJson, remark, show
from services.reconciliation.adapters.replay import Rebuilt
from services.reconciliation.domain.what_if import Change
from services.runtime.settings import RuntimeSettings

DAY = ["%Y-%m-%d"]
Rules = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Another rule set as JSON: show which verdicts it would change."),
]
From = Annotated[datetime | None, typer.Option("--from", formats=DAY, help="First day (UTC) of these rules.")]
To = Annotated[datetime | None, typer.Option("--to", formats=DAY, help="Last day (UTC) of these rules.")]
Into = Annotated[str | None, typer.Option(metavar="URL", help="Rebuild into this empty database, and leave it there.")]
Keep = Annotated[bool, typer.Option("--keep", help="Do not drop the database that is rebuilt into.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes. [default: one per core]")]
Held = Annotated[int, typer.Option(min=100, help="Ledgers a process keeps in memory.")]


def replay(
    *,
    rules: Rules = None,
    begin: From = None,
    end: To = None,
    into: Into = None,
    keep: Keep = False,
    workers: Workers = None,
    held: Held = 20_000,
    as_json: AsJson = False,
) -> None:
    """Rebuild the ledger from the topics in the recorded order, into a fresh database, and compare every byte.

    Exits with 1 and names the first record that differs. With --rules also shows each draw that would have been
    answered otherwise had these rules been in force from the first day to the last; nothing is changed.
    """
    from services.cli.replay_work import Job, fresh_database, prepared, rebuilt
    from services.reconciliation.adapters.replay_what_if import Period, rules_in

    if rules is None and (begin or end):
        raise typer.BadParameter("--from and --to say when the rules of --rules are in force")
    other = None if rules is None else rules_in(rules)
    first, last = ([day.replace(tzinfo=UTC)] if day else [None] for day in (begin, end))
    period = Period(first[0], last[0] + timedelta(days=1) if last[0] else None)
    settings = found(RuntimeSettings(), kafka=True, postgres=True)
    with fresh_database(settings.database.url, into, keep=keep) as target:
        if keep:
            remark(f"Rebuilding into the database {urlsplit(target).path[1:]}")
        partitions = asyncio.run(prepared(settings, target))
        jobs = [Job(settings, target, partition, held, other, period) for partition in partitions]
        begun = time.monotonic()
        results = rebuilt(jobs, min(workers or os.cpu_count() or 1, max(1, len(jobs))))
        seconds = time.monotonic() - begun
    body = _body(results, seconds)
    if other is not None:
        body |= {"rule_set": other.name, "changes": [_change(c) for r in results for c in r.changes]}
    show(body, _rendered(body), as_json=as_json)
    if body["differences"]:
        raise typer.Exit(1)


def _body(results: list[Rebuilt], seconds: float) -> dict[str, Any]:
    entries = sum(result.entries for result in results)
    names = ("messages", "silent", "dead_letters", "outputs")
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
        "digest": sha256("".join(result.digest for result in results).encode()).hexdigest(),
        "partitions": partitions,
        "differences": [result.difference for result in results if result.difference is not None],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "licence": change.licence,
        "mrn": change.mrn,
        "item": change.item,
        "line": change.line or None,
        "was": str(change.was),
        "would_be": str(change.would_be),
        "at": change.at.isoformat(),
    }


def _rendered(body: dict[str, Any]) -> RenderableType:
    same = "differs" if body["differences"] else "identical"
    text = (
        f"{body['entries']} entries, {body['outputs']} outputs of {body['messages']} messages: {same}\n"
        f"{body['entries_per_second']} entries/s in {body['seconds']} s, {body['cpu_us_per_entry']} µs CPU per entry,"
        f" at most {body['peak_rss_mb']} MB in a process\n"
        f"digest {body['digest']}"
    )
    shown: list[RenderableType] = [text, *body["differences"]]
    if "changes" in body:
        title = f"{len(body['changes'])} draws would be answered otherwise by {body['rule_set']}"
        columns = ("licence", "mrn", "item", "line", "was", "would_be", "at")
        table = Table(*(Column(name, overflow="fold") for name in columns), title=title, title_justify="left")
        for change in body["changes"]:
            table.add_row(*("" if change[name] is None else str(change[name]) for name in columns))
        shown.append(table)
    return Group(*shown)
