"""`tolbrug send FILE…`: customs messages to the door."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services.cli.console import DEFAULT_URL, AsJson, Url, show
from services.cli.door import post, problem

Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="XML or JSON messages.")]


def send(*, files: Files, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Send customs messages, in this order, and show the answers. The same message twice changes nothing.

    Exits with 1 when a message was not accepted.
    """
    answers = [_send(url, file) for file in files]
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
