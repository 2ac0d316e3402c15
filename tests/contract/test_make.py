"""make and CI, where things are not as they should be."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def script(path: Path, body: str) -> str:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_a_python_that_is_too_old_is_said_to_be(tmp_path: Path) -> None:
    done = make(tmp_path, f"PYTHON={script(tmp_path / 'python', 'exit 1')}", "demo")
    assert done.returncode != 0
    assert "Tolbrug needs Python 3.11 or later" in done.stdout
    assert "make PYTHON=" in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_an_installation_that_failed_is_tried_again(tmp_path: Path) -> None:
    # A Python whose venv holds one that cannot install.
    broken = script(tmp_path / "broken", """echo "$@" >&2; case "$*" in *--editable*) exit 1;; esac""")
    venv = f"mkdir -p .venv/bin; cp {broken} .venv/bin/python"
    python = script(tmp_path / "python", f'case "$2" in venv) {venv};; esac')
    for _ in range(2):
        done = make(tmp_path, f"PYTHON={python}", "demo")
        assert done.returncode != 0
        assert "--editable ." in done.stderr
        assert not (tmp_path / ".venv/installed").exists()


def test_ci_fails_when_no_test_was_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "Makefile").write_text("test:\n\t@exit 5\n")
    done = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode != 0
    assert "test: check" in (ROOT / "Makefile").read_text()
