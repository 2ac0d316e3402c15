"""`tolbrug licence`: a licence and what is left of it; many licences from a file."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from services.cli.console import DEFAULT_URL, AsJson, Url, show
from services.cli.door import ask, body, content

commands = typer.Typer(no_args_is_help=True, help="Look at licences, bring them in.")

COLUMNS = ("authorised", "reserved", "consumed", "exited", "available")
FIGURES = ("before", "granted", "written_off", "remaining")
HELD = ("reserved", "consumed", "exited")
Reference = Annotated[str, typer.Argument(metavar="REF", help="For example VL/2026/000123.")]

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, or JSON Lines.")]
Doors = Annotated[
    list[str] | None, typer.Option("--url", envvar="TOLBRUG_URL", help="Where the door answers; one for each process.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would become of each.")]
Parallel = Annotated[int, typer.Option(min=1, max=4, help="Parts on their way to a process at once.")]
Pdf = Annotated[Path | None, typer.Option(dir_okay=False, help="Write it here as PDF.")]
Csv = Annotated[Path | None, typer.Option(dir_okay=False, help="Write it here as CSV.")]
Patience = Annotated[float, typer.Option(min=0, help="Seconds to go on while the door is away or full.")]


@commands.command("import")
def import_licences(
    *,
    file: File,
    url: Doors = None,
    dry_run: DryRun = False,
    parallel: Parallel = 4,
    patience: Patience = 120.0,
    as_json: AsJson = False,
) -> None:
    """Enter the licences of a file: .csv as `tolbrug licence template` shows, or .jsonl with a licence a line.

    Each is judged alone, as if it had come alone; a repeat changes nothing. Run it again to go on where it ended: what
    was answered stands in .tolbrug-import.jsonl beside the file. Exits with 1 when a licence was refused, with line,
    place and reason of each fault. What a licence `replaces` must be there before it: `--parallel 1` keeps the order.
    """
    from services.cli.licence_import import import_file

    import_file(file, url or [DEFAULT_URL], parallel, patience, dry_run=dry_run, as_json=as_json)


@commands.command("template")
def template() -> None:
    """Print the columns of a CSV to import, and one row as an example."""
    from services.licensing.adapters.import_columns import example

    typer.echo(example(), nl=False)


@commands.command("show")
def show_licence(*, ref: Reference, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show the balance of each line of a licence, and the shipments that draw on it. Exits with 1 when unknown."""
    ledger = body(ask(url, "/v1/ledger/licences", ref=ref))
    show(ledger, _rendered(ledger), as_json=as_json)


@commands.command("write-offs")
def show_write_offs(
    *, ref: Reference, url: Url = DEFAULT_URL, pdf: Pdf = None, csv: Csv = None, as_json: AsJson = False
) -> None:
    """Show the write-off table of a licence (boxes 23 to 27 of its form), or write it to a file."""
    for file, wanted in ((pdf, "pdf"), (csv, "csv")):
        if file is not None:
            answer = ask(url, "/v1/ledger/licences/write-offs", ref=ref, format=wanted)
            file.write_bytes(content(answer))
    table = body(ask(url, "/v1/ledger/licences/write-offs", ref=ref))
    show(table, _write_offs(table), as_json=as_json)


def _write_offs(table: dict[str, Any]) -> Table:
    """A row per entry and dimension."""
    title = f"{table['ref']}, ledger revision {table['revision']}"
    shown = Table("line", "document", "recorded", *FIGURES, "in", "entry", title=title, title_justify="left")
    for line in table["lines"]:
        for row in line["write_offs"]:
            for dimension, measure in (("quantity", line["unit"]), ("value", line["currency"])):
                if (figures := row[dimension]) is not None:
                    amounts = (figures[name] or "" for name in FIGURES)
                    place = (str(line["line"]), row["document"] or "authority", row["recorded_at"][:10])
                    shown.add_row(*place, *amounts, measure, str(row["revision"]))
    return shown


def _rendered(ledger: dict[str, Any]) -> RenderableType:
    lines = Table("line", "basis", "in", *COLUMNS, title=f"{ledger['ref']}: {ledger['status']}", title_justify="left")
    for line in ledger["lines"]:
        for dimension, measure in (("quantity", line["unit"]), ("value", line["currency"])):
            figures = line[dimension]
            if figures is not None:
                lines.add_row(str(line["line"]), line["basis"], measure, *(figures[name] for name in COLUMNS))
    return Group(lines, _draws(ledger["draws"])) if ledger["draws"] else lines


def _draws(draws: list[dict[str, Any]]) -> Table:
    """A row per draw; quantities and values side by side."""
    table = Table("MRN", "item", "line", "phase", "verdict", *HELD, title=f"{len(draws)} draws", title_justify="left")
    for draw in draws:
        held = (" / ".join(draw[d][name] for d in ("quantity", "value") if draw[d] is not None) for name in HELD)
        verdict = " ".join([draw["verdict"], *draw["reasons"]])
        table.add_row(draw["mrn"], str(draw["item"]), str(draw["line"]), draw["phase"], verdict, *held)
    return table
