"""`docs/customs-messages.md` names every message that is read, and tests that exist."""

import ast
import re
from pathlib import Path

import pytest

from services.customs.adapters.json import reader as json_reader
from services.customs.adapters.xml import eu, wco_movement, wco_response

ROOT = Path(__file__).parents[2]
LINES = re.findall(
    r"^\| (`[^|]+`) \|.*\| `(tests/[^`]+)` \|$", (ROOT / "docs/customs-messages.md").read_text(), re.MULTILINE
)
ROWS = [(kind, test) for kinds, test in LINES for kind in re.findall(r"`([^`]+)`", kinds)]


def test_every_kind_that_is_read_has_one_row() -> None:
    kinds = [kind for kind, _ in ROWS]
    assert sorted(kind for kind in kinds if re.fullmatch(r"CC[0-9]{3}C", kind)) == list(eu.KINDS)
    assert {kind for kind in kinds if kind.startswith("DMS")} == {kind for kind, _ in wco_response.KINDS.values()}
    assert set(wco_movement.CODES) <= set(kinds)
    assert set(json_reader.KINDS) <= set(kinds)
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize(("kind", "test"), ROWS)
def test_the_test_of_a_row_exists(kind: str, test: str) -> None:
    path, name = test.split("::")
    tree = ast.parse((ROOT / path).read_text())
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in names, f"{kind}: {test}"
