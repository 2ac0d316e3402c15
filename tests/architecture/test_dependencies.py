"""Each dependency has bounds in pyproject.toml and its reason in docs/dependencies.md, and no reason outlives it."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def declared() -> dict[str, str]:
    """Name → the whole requirement, of what the product and its development need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
    ]
    return {re.split(r"[\[<>=;~! ]", line)[0]: line for line in lines}


def explained() -> set[str]:
    """The packages of the tables' first column."""
    page = (ROOT / "docs/dependencies.md").read_text()
    return {name for row in re.findall(r"^\| (`.+?) \|", page, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)}


def test_each_dependency_has_its_reason() -> None:
    assert set(declared()) == explained()


def test_each_dependency_has_a_lower_bound_and_what_runs_an_upper_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert [line for line in declared().values() if ">=" not in line] == []
    dated = {"tzdata"}  # a calendar version: every release is wanted
    runs = [line for line in project["project"]["dependencies"] if ",<" not in line]
    assert {re.split(r"[>\[]", line)[0] for line in runs} == dated
