"""`tolbrug send FILE…|DIR`: customs messages to the door."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services.cli.console import DEFAULT_URL, AsJson, Url, show
from services.cli.door import post, problem
from services.cli.parcel import parcels
from services.cli.send_folder import send_folder

Paths = Annotated[
    list[Path],
    typer.Argument(exists=True, readable=True, help="Messages (XML, JSON), archives of them, or folders."),
]
Parallel = Annotated[int, typer.Option(min=1, max=64, help="Files on their way at once.")]
JournalFile = Annotated[
    Path | None,
    typer.Option("--journal", dir_okay=False, help="What was answered. [default: .tolbrug-send.jsonl in the folder]"),
]
Patience = Annotated[float, typer.Option(min=0, help="Seconds to go on while the door is away or full.")]


def send(
    *,
    paths: Paths,
    url: Url = DEFAULT_URL,
    parallel: Parallel = 8,
    journal: JournalFile = None,
    patience: Patience = 120.0,
    as_json: AsJson = False,
) -> None:
    """Send customs messages and show the answers. The same message twice changes nothing.

    Single messages are sent in this order, and each answer is shown. Of folders and archives (.zip, .tar, .tar.gz,
    .ndjson, and any of these or a message as .gz) a summary is shown; run it again to send what is not answered yet.
    Exits with 1 when a message was not accepted.
    """
    found = parcels(paths)
    if any(path.is_dir() for path in paths) or any(each.many or each.packed for each in found):
        send_folder(found, paths, url.rstrip("/"), parallel, journal, patience, as_json=as_json)
        return
    answers = [_send(url, file) for file in paths]
    table = Table("file", "status", "kind", "MRN or LRN", "id or reason")
    for answer in answers:
        row = [answer.get(name) or "" for name in ("file", "outcome", "kind", "reference", "detail")]
        table.add_row(*row, style=None if answer["accepted"] else "red")
    show({"answers": answers}, table, as_json=as_json)
    if not all(answer["accepted"] for answer in answers):
        raise typer.Exit(1)


def _send(url: str, file: Path) -> dict[str, Any]:
    content = file.read_bytes()
    response = post(url, "/v1/customs/messages", content, content_type(content))
    answer: dict[str, Any] = {"file": str(file), "status": response.status_code, "accepted": response.is_success}
    if not response.is_success:
        return answer | {"outcome": str(response.status_code), "detail": problem(response)}
    received = response.json()
    outcome = "known already" if received.get("duplicate") else "accepted"
    reference = received.get("mrn") or received.get("lrn")
    return answer | {
        "outcome": outcome,
        "kind": received.get("kind"),
        "reference": reference,
        "detail": received.get("id"),
        "answer": received,
    }


def content_type(content: bytes) -> str:
    """JSON when it parses as JSON or begins like it, so that its faults are told as JSON's; else XML."""
    try:
        json.loads(content)
    except ValueError:
        return "application/json" if content.lstrip().startswith((b"{", b"[")) else "application/xml"
    return "application/json"
