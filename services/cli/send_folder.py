"""Folders and archives: sent side by side, with a bar, a journal and a summary."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import httpx
import typer
from rich.console import Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.cli.console import remark, remarks, show
from services.cli.door import ask, authorization
from services.cli.journal import NAME, Journal, Sent
from services.cli.parcel import Parcel
from services.cli.sending import TIMEOUT, Sender

SHOWN: Final = 50
"""Refused messages in the summary that people read; programs get all."""


def send_folder(
    found: Sequence[Parcel],
    paths: Sequence[Path],
    url: str,
    parallel: int,
    journal: Path | None,
    patience_s: float,
    *,
    as_json: bool,
) -> None:
    """Exits with 1 when a message was refused, or a file not answered."""
    ask(url, "/livez")  # nobody there: say so at once, not after minutes
    kept = Journal(journal or _beside(paths[0]) / NAME)
    with httpx.Client(
        timeout=TIMEOUT, headers=authorization(), limits=httpx.Limits(max_connections=parallel)
    ) as client:
        sender = Sender(url, kept, client, patience_s)
        summary = _Summary(len(found))
        try:
            _follow(sender, found, parallel, summary)
        except KeyboardInterrupt:
            sender.why = "interrupted"
    body = summary.shown() | {"journal": str(kept.path)}
    show(body, summary.rendered(), as_json=as_json)
    if summary.unanswered:
        remark(f"{summary.unanswered} files are not answered yet ({sender.why}): run it again to go on", wrong=True)
    if summary.unanswered or summary.refused:
        raise typer.Exit(1)


def _beside(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _follow(sender: Sender, found: Sequence[Parcel], parallel: int, summary: "_Summary") -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=remarks, disable=not remarks.is_terminal) as progress:
        task = progress.add_task("sending", total=len(found))
        for parcel, sent, known in sender.send_all(found, parallel):
            summary.add(parcel, sent, before=known)
            refused = f", {len(summary.refused)} refused" if summary.refused else ""
            progress.update(task, advance=1, description=f"{summary.accepted + summary.known} taken{refused}")


class _Summary:
    """What became of the files of one run."""

    def __init__(self, files: int) -> None:
        self._files = files
        self._answered = 0
        self._before = 0
        self.accepted = 0
        self.known = 0
        self.refused: list[dict[str, Any]] = []

    @property
    def unanswered(self) -> int:
        return self._files - self._answered

    def add(self, parcel: Parcel, sent: Sent | None, *, before: bool) -> None:
        if sent is None:
            return
        self._answered += 1
        self._before += before
        self.accepted += sent.accepted
        self.known += sent.known
        self.refused += [{"file": parcel.name, **one} for one in sent.refused]

    def shown(self) -> dict[str, Any]:
        """`accepted`, `known` and `refused` count messages, of this run and of those before it."""
        return {
            "files": self._files,
            "answered": self._answered,
            "answered_before": self._before,
            "unanswered": self.unanswered,
            "accepted": self.accepted,
            "known": self.known,
            "refused": self.refused,
        }

    def rendered(self) -> Group | str:
        before = f", {self._before} of them before" if self._before else ""
        text = (
            f"{self._answered} of {self._files} files answered{before}:"
            f" {self.accepted} messages accepted, {self.known} known already, {len(self.refused)} refused"
        )
        if not self.refused:
            return text
        table = Table("file", "message", "status", "reason", title="refused", title_justify="left")
        for one in self.refused[:SHOWN]:
            place = str(one.get("name") or one.get("line") or "")
            table.add_row(one["file"], place, str(one["status"]), one["reason"])
        if len(self.refused) > SHOWN:
            table.add_row("", "", "", f"and {len(self.refused) - SHOWN} more: --json shows all")
        return Group(text, table)
