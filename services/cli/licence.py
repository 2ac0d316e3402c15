"""`tolbrug licence show REF`: a licence and what is left of it."""

from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from services.cli.console import DEFAULT_URL, AsJson, Url, show
from services.cli.door import ask, body

commands = typer.Typer(no_args_is_help=True, help="Look at licences.")

COLUMNS = ("authorised", "reserved", "consumed", "exited", "available")
HELD = ("reserved", "consumed", "exited")
Reference = Annotated[str, typer.Argument(metavar="REF", help="For example VL/2026/000123.")]


@commands.command("show")
def show_licence(*, ref: Reference, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show the balance of each line of a licence, and the shipments that draw on it. Exits with 1 when unknown."""
    ledger = body(ask(url, "/v1/ledger/licences", ref=ref))
    show(ledger, _rendered(ledger), as_json=as_json)


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
