"""Files and functions stay small enough to be read at once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.codegen import TARGETS

ROOT = Path(__file__).parents[2]
GENERATED = set(TARGETS.values())
LINES_OF_A_FILE = 300
LINES_OF_A_FUNCTION = 40
SOURCES = sorted(
    path
    for folder in ("services", "schemas", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if path not in GENERATED
)
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length of each function, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.name, node.end_lineno - node.lineno + 1


def test_there_is_something_to_measure() -> None:
    assert len(SOURCES) > 30


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_fits_its_budget(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES_OF_A_FILE
    assert [(name, length) for name, length in functions(path) if length > LINES_OF_A_FUNCTION] == []


def test_names_say_what_is_inside() -> None:
    assert [path for path in SOURCES if {path.stem, path.parent.name} & VAGUE] == []


def test_packages_hold_a_docstring_and_nothing_else() -> None:
    packages = [path for path in SOURCES if path.name == "__init__.py" and path.parts[len(ROOT.parts)] == "services"]
    bodies = {path: ast.parse(path.read_text()).body for path in packages}
    assert [
        path for path, body in bodies.items() if len(body) != 1 or ast.get_docstring(ast.Module(body, [])) is None
    ] == []
