"""What `docs/bench.md` says can be typed is understood, and what can be typed is there."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from services.cli.bench.command import commands

TEXT = (Path(__file__).parents[3] / "docs" / "bench.md").read_text(encoding="utf-8")
LINES = re.findall(r"^tolbrug bench .*$", TEXT, re.MULTILINE)
GROUP: Any = typer.main.get_group(commands)


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_page_is_understood(line: str) -> None:
    _, _, job, *arguments = shlex.split(line)
    assert GROUP.commands[job].make_context(job, arguments).params


def test_each_job_is_on_the_page_as_a_command_and_in_the_table() -> None:
    shown = {line.split()[2] for line in LINES}
    told = {name for row in re.findall(r"^\| (`.*?) \|", TEXT, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)}
    assert shown == set(GROUP.commands)
    assert shown <= told
