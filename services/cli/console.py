"""What people and programs read: results on standard output, everything else on standard error."""

import json
import os
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

results = Console(highlight=False)
remarks = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, one object on one line.")]
Url = Annotated[str, typer.Option("--url", envvar="TOLBRUG_URL", help="Where the doors answer.")]

DEFAULT_URL = f"http://127.0.0.1:{os.environ.get('TOLBRUG_HTTP__PORT') or 8000}"


def show(value: Any, rendered: RenderableType, *, as_json: bool) -> None:
    """The result, for a program or for a person."""
    if as_json:
        # Not through rich, which would wrap it.
        typer.echo(json.dumps(value, ensure_ascii=False, default=str))
    elif isinstance(rendered, str):
        typer.echo(rendered)
    else:
        results.print(rendered)


def remark(text: str, *, wrong: bool = False) -> None:
    """A line for the person who waits; never part of the result."""
    remarks.print(text, style="red" if wrong else None, markup=False, soft_wrap=True)
