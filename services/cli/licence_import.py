"""`tolbrug licence import FILE`: sent in parts side by side, with a bar, a journal and a summary."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
import typer
from rich.console import Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.cli.console import remark, remarks, show
from services.cli.door import ask, authorization
from services.cli.file_parts import Part, parts_of
from services.cli.journal import Journal, Sent
from services.cli.sending import TIMEOUT, Sender

JOURNAL: Final = ".tolbrug-import.jsonl"
PATH: Final = "/v1/licences/import"
SHOWN: Final = 50
MOST_REFUSED: Final = 10_000
"""Refused licences after which nothing more is sent: the file is not what it should be."""


def import_file(
    file: Path, urls: Sequence[str], parallel: int, patience_s: float, *, dry_run: bool, as_json: bool
) -> None:
    """Exits with 1 when a licence was refused, or a part not answered."""
    urls = [url.rstrip("/") for url in urls]
    for url in urls:
        ask(url, "/livez")  # nobody there: say so at once, not after minutes
    parts = parts_of(file, {"dry_run": "true"} if dry_run else {})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory())) if dry_run else file.parent
        journal = Journal(folder / JOURNAL)
        limits = httpx.Limits(max_connections=parallel * len(urls))
        client = stack.enter_context(httpx.Client(timeout=TIMEOUT, headers=authorization(), limits=limits))
        sender = Sender(urls[0], journal, client, patience_s, path=PATH, doors=urls)
        summary = Summary(sum(part.rows for part in parts), dry_run=dry_run)
        try:
            _follow(sender, parts, parallel * len(urls), summary)
        except KeyboardInterrupt:
            sender.why = "interrupted"
    show(summary.shown(), summary.rendered(), as_json=as_json)
    if summary.unanswered:
        remark(f"{summary.unanswered} rows are not answered yet ({sender.why}): run it again to go on", wrong=True)
    if summary.unanswered or summary.refused:
        raise typer.Exit(1)


def _follow(sender: Sender, parts: Sequence[Part], parallel: int, summary: "Summary") -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=remarks, disable=not remarks.is_terminal) as progress:
        task = progress.add_task("importing", total=summary.rows)
        for part, sent, known in sender.send_all(parts, parallel):
            summary.add(part, sent, before=known)
            refused = f", {len(summary.refused)} refused" if summary.refused else ""
            progress.update(task, advance=part.rows, description=f"{summary.new + summary.known} taken{refused}")
            if len(summary.refused) > MOST_REFUSED:
                sender.why = f"more than {MOST_REFUSED} licences are refused"
                return


class Summary:
    """What became of the rows of one file."""

    def __init__(self, rows: int, *, dry_run: bool) -> None:
        self.rows = rows
        self._dry_run = dry_run
        self._answered = 0
        self._before = 0
        self.new = 0
        self.known = 0
        self.refused: list[dict[str, Any]] = []

    @property
    def unanswered(self) -> int:
        return self.rows - self._answered

    def add(self, part: Part, sent: Sent | None, *, before: bool) -> None:
        if sent is None:
            return
        self._answered += part.rows
        self._before += part.rows if before else 0
        self.new += sent.accepted
        self.known += sent.known
        self.refused += sent.refused

    def shown(self) -> dict[str, Any]:
        """Rows are those of the file; `new`, `known` and `refused` count licences, of this run and those before it."""
        return {
            "rows": self.rows,
            "answered": self._answered,
            "answered_before": self._before,
            "unanswered": self.unanswered,
            "new": self.new,
            "known": self.known,
            "refused": self.refused,
            "dry_run": self._dry_run,
        }

    def rendered(self) -> Group | str:
        verb = "would be" if self._dry_run else "are"
        text = (
            f"{self._answered} of {self.rows} rows answered:"
            f" {self.new} licences {verb} new, {self.known} known, {len(self.refused)} refused"
        )
        if not self.refused:
            return text
        table = Table("line", "licence", "where", "code", "what is wrong", title="refused", title_justify="left")
        for row in list(_faults(self.refused))[:SHOWN]:
            table.add_row(*row)
        return Group(text, table)


def _faults(refused: Iterable[dict[str, Any]]) -> Iterable[tuple[str, ...]]:
    """A row for each fault."""
    for one in refused:
        place = (str(one.get("line") or ""), one.get("ref") or "")
        for fault in one.get("errors") or [{"path": "", "code": str(one["status"]), "detail": one["reason"]}]:
            yield (*place, fault["path"], fault["code"], fault["detail"])
