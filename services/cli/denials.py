"""`tolbrug denials import FILE`: denials of other states from the table in which they are exchanged."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.console import DEFAULT_URL, AsJson, Url, show
from services.cli.door import body, post

commands = typer.Typer(no_args_is_help=True, help="Bring in denials of other states.")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV with a header.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it would change.")]


@commands.callback()
def denials() -> None:
    """Keeps `import` a command of its own name."""


@commands.command("import")
def import_denials(*, file: File, dry_run: DryRun = False, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Record the denials of a table, all or none. The same again: no change.

    Exits with 1 and names row and column of each fault when the file cannot be taken; then nothing has changed.
    """
    path = f"/v1/denials/import?dry_run={str(dry_run).lower()}"
    done = body(post(url, path, file.read_bytes(), "text/csv"))
    verb = "would be" if dry_run else "are"
    show(done, f"{done['denials']} denials: {done['new']} {verb} new, {done['known']} known", as_json=as_json)
