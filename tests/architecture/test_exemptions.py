"""Whoever tells the linter or the type checker to look away says why, on the same line."""

import re
import tokenize
from pathlib import Path

import pytest

from tests.architecture.test_budgets import ROOT, SOURCES

EXEMPTS = re.compile(r"noqa|type:\s*ignore|pyright:|mypy:|pragma|nosec")
WITH_REASON = re.compile(r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \w.+|# type: ignore\[[a-z-]+(, ?[a-z-]+)*\]  # \w.+")


def exemptions(path: Path) -> list[tuple[int, str]]:
    """The comments of a file that exempt something, with their lines."""
    with path.open("rb") as stream:
        comments = [t for t in tokenize.tokenize(stream.readline) if t.type == tokenize.COMMENT]
    return [(comment.start[0], comment.string) for comment in comments if EXEMPTS.search(comment.string)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_exemption_names_its_rule_and_its_reason(path: Path) -> None:
    assert [found for found in exemptions(path) if not WITH_REASON.fullmatch(found[1])] == []


def test_what_has_no_reason_is_found(tmp_path: Path) -> None:
    bare = [
        "# noqa",
        "# noqa: S608",
        "# noqa: S608 -",
        "# type: ignore",
        "# type: ignore[arg-type]",
        "# pragma: no cover",
    ]
    good = ["# noqa: S608, PT018 - ours", "# type: ignore[arg-type]  # as said above", "# fmt: skip"]
    (tmp_path / "some.py").write_text("".join(f"x = 1  {comment}\n" for comment in [*bare, *good]))
    found = [comment for _, comment in exemptions(tmp_path / "some.py") if not WITH_REASON.fullmatch(comment)]
    assert found == bare
