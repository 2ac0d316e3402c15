"""Imports point one way (the contracts in pyproject.toml), and importing does nothing."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

IMPORT_ALL = """
import importlib, pkgutil, socket, sys, threading

def refuse(*arguments, **_more):
    raise OSError(f"a connection was asked for at import: {arguments}")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
count = 0
for package in ("services", "schemas"):
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            count += 1
assert threading.active_count() == 1, threading.enumerate()
sys.exit(0 if count > 30 else f"only {count} modules were found")
"""


def test_the_contracts_between_packages_are_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_module_imports_silently_and_without_a_network(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "PATH": ""},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
