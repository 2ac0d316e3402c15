"""`tolbrug`: the commands, and how each of their errors ends."""

import sys
from importlib import import_module
from typing import Any, Final

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from services.cli.console import remark
from services.core.errors import TolbrugError
from services.runtime.memory import looking_for_no_cycles

COMMANDS: Final = {
    "up": "up:up",
    "run": "run:run_service",
    "demo": "demo:demo",
    "play": "demo:play",
    "send": "send:send",
    "licence": "licence:commands",
    "refusals": "refusals:commands",
    "denials": "denials:commands",
    "codes": "codes:commands",
    "alerts": "alerts:commands",
    "topics": "topics:commands",
    "verify": "verify:verify",
    "replay": "replay:replay",
    "dlq": "dlq:commands",
    "bench": "bench.command:commands",
    "health": "health:health",
    "stop": "stop:stop",
}
"""Name → module of `services.cli`, and the function or the group of functions in it."""


class Commands(TyperGroup):
    """Imports what a command needs when that command is asked for, and nothing for the others."""

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        return _command(cmd_name) if cmd_name in COMMANDS else None


def _command(name: str) -> Any:
    module, _, attribute = COMMANDS[name].partition(":")
    with looking_for_no_cycles():
        found = getattr(import_module(f"services.cli.{module}"), attribute)
    alone = typer.Typer(callback=tolbrug)
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name)
    else:
        alone.command(name)(found)
    group: Any = typer.main.get_group(alone)
    return group.commands[name]


def tolbrug() -> None:
    """Nothing of its own: there are only commands."""


app = typer.Typer(
    name="tolbrug",
    cls=Commands,
    callback=tolbrug,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The exchange between customs and a licensing authority for export control.",
    epilog="Exit codes: 0 all is well, 1 something is wrong, 2 the command was not understood.",
)


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
