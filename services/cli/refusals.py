"""`tolbrug refusals import FILE`: refused applications from a published table."""

import json
from pathlib import Path
from typing import Annotated

import typer

from services.cli.console import DEFAULT_URL, AsJson, Url, show
from services.cli.door import body, post
from services.core.errors import Fatal, Refused

commands = typer.Typer(no_args_is_help=True, help="Bring in refused applications.")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV with a header.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it holds.")]
Authority = Annotated[str, typer.Option(help="The authority that refused.")]


@commands.callback()
def refusals() -> None:
    """Keeps `import` a command of its own name."""


@commands.command("import")
def import_refusals(
    *,
    file: File,
    dry_run: DryRun = False,
    authority: Authority = "BE-VLG",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Record the refusals of a table (goods, years, count, value_eur, destinations, ground). The same again: no change.

    Exits with 1 and names row and column of each fault when the file cannot be taken; then nothing has changed.
    """
    from services.licensing.adapters.refusal_table import read_refusals

    try:
        bodies = read_refusals(file.read_text(encoding="utf-8-sig"), authority)
    except UnicodeDecodeError as error:
        raise Fatal(f"{file} is not UTF-8: {error}") from error
    except Refused as refused:
        faults = [f"{fault.path} {fault.code}: {fault.detail}" for fault in refused.faults]
        raise Fatal("\n".join([f"{file} was not taken: {refused.title}", *faults])) from refused
    new = 0
    for one in [] if dry_run else bodies:
        answer = post(url, "/v1/refusals", json.dumps(one).encode(), "application/json")
        body(answer)
        new += answer.status_code == 201
    done = {"refusals": len(bodies), "new": new, "known": 0 if dry_run else len(bodies) - new, "dry_run": dry_run}
    text = f"{len(bodies)} refusals, nothing sent" if dry_run else f"{len(bodies)} refusals, {new} of them new"
    show(done, text, as_json=as_json)
