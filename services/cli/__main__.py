"""`tolbrug`: the commands, and how each of their errors ends."""

import sys

import typer
from pydantic import ValidationError

from services.cli import alerts, demo, dlq, health, licence, replay, run, send, stop, topics, up, verify
from services.cli.bench import command as bench
from services.cli.console import remark
from services.core.errors import TolbrugError

app = typer.Typer(
    name="tolbrug",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The exchange between customs and a licensing authority for export control.",
    epilog="Exit codes: 0 all is well, 1 something is wrong, 2 the command was not understood.",
)
app.command()(up.up)
app.command("run")(run.run_service)
app.command()(demo.demo)
app.command()(demo.play)
app.command()(send.send)
app.add_typer(licence.commands, name="licence")
app.add_typer(alerts.commands, name="alerts")
app.add_typer(topics.commands, name="topics")
app.command()(verify.verify)
app.command()(replay.replay)
app.add_typer(dlq.commands, name="dlq")
app.command()(bench.bench)
app.command()(health.health)
app.command()(stop.stop)


def main() -> None:
    """An error of ours is a sentence and exit code 1; a setting that makes no sense is one and exit code 2."""
    try:
        app()
    except TolbrugError as error:
        remark(str(error), wrong=True)
        sys.exit(1)
    except ValidationError as error:
        section = error.title.removesuffix("Settings").upper()
        prefix = "TOLBRUG_" if section == "RUNTIME" else f"TOLBRUG_{section}__"
        for fault in error.errors():
            name = "__".join(str(part) for part in fault["loc"]).upper()
            remark(f"Setting {prefix}{name}: {fault['msg']}", wrong=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
