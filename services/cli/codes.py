"""`tolbrug codes import|list|show`: code lists, their versions and what was in force on a day."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.table import Table

from services.cli.console import DEFAULT_URL, AsJson, Url, show
from services.cli.door import ask, body, post
from services.core import codes
from services.core.errors import Fatal

commands = typer.Typer(no_args_is_help=True, help="Look at code lists, and bring in new versions.")


class ListName(StrEnum):
    """The lists there are."""

    DOCUMENT_TYPES = codes.DOCUMENT_TYPES
    UNITS = codes.UNITS
    COUNTRIES = codes.COUNTRIES
    OFFICES = codes.OFFICES
    PROCEDURES = codes.PROCEDURES


File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV with a header, or JSON.")]
Wanted = Annotated[ListName, typer.Option("--list", help="The list it is a version of.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it would change.")]
Partial = Annotated[
    bool, typer.Option("--partial", help="There are codes that the file does not have: one it lacks is not unknown.")
]
Name = Annotated[ListName, typer.Argument(metavar="LIST", help=", ".join(ListName))]
At = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only codes in force on this day.")]
Revision = Annotated[int | None, typer.Option(min=0, help="An earlier version; 0 is the bundled one.")]


@commands.command("import")
def import_list(
    *,
    file: File,
    name: Wanted,
    dry_run: DryRun = False,
    partial: Partial = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Make the file the version of a list that is in force. Earlier versions stay; the same content changes nothing.

    It decides what the customs door notices or refuses. Which document types cite a licence, and which units convert,
    are rules of a release: `cites_licence` and `grams_power_of_ten` of an imported list are kept and shown only.

    Exits with 1 and names row and column of each fault when the file cannot be taken; then nothing has changed.
    """
    kind = "application/json" if file.suffix.lower() == ".json" else "text/csv"
    query = f"?dry_run={str(dry_run).lower()}&partial={str(partial).lower()}"
    response = post(url, f"/v1/codes/{quote(name)}{query}", file.read_bytes(), kind)
    if not response.is_success:
        raise Fatal(f"{file} was not taken ({response.status_code}):\n{_faults(response)}")
    done = response.json()
    verb = "would become" if dry_run else "is"
    counts = f"{done['added']} added, {done['changed']} changed, {done['removed']} removed"
    text = f"{name}: revision {done['revision']} {verb} in force ({done['size']} codes: {counts})"
    same = f"{name}: revision {done['revision']} has this content already"
    show(done, text if done["new"] else same, as_json=as_json)


def _faults(response: httpx.Response) -> str:
    """A line for each fault."""
    try:
        problem = response.json()
    except ValueError:
        return response.text.strip()
    faults = [f"{fault['path']} {fault['code']}: {fault['detail']}" for fault in problem.get("errors", [])]
    return "\n".join([problem.get("title", ""), *faults])


@commands.command("list")
def list_lists(*, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show every list with the version in force."""
    lists = body(ask(url, "/v1/codes"))
    table = Table("list", "revision", "codes", "complete", "imported", "version")
    for one in lists["items"]:
        complete, imported = "yes" if one["complete"] else "no", one["imported_at"] or "bundled"
        table.add_row(one["list"], str(one["revision"]), str(one["size"]), complete, imported, one["version"][:12])
    show(lists, table, as_json=as_json)


@commands.command("show")
def show_list(
    *, name: Name, at: At = None, revision: Revision = None, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Show the codes of a list. Exits with 1 when there is no such revision."""
    day = None if at is None else at.date().isoformat()
    shown = body(ask(url, f"/v1/codes/{quote(name)}", at=day, revision=revision))
    title = f"{name}, revision {shown['revision']}" + (f", {day}" if day else "")
    show(shown, _rendered(shown["codes"], title), as_json=as_json)


def _rendered(rows: list[dict[str, Any]], title: str) -> Table:
    columns = list(rows[0]) if rows else ["code"]
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*("" if row[column] is None else str(row[column]) for column in columns))
    return table
