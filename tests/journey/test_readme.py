"""The README proves itself: its commands are run in order in one shell, and what it shows must come out."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(sh|json)\n(.*?)```", re.DOTALL)


@dataclass
class Step:
    """A block of commands, and the JSON that the README shows after it."""

    commands: str
    shown: Any | None = None


def steps(section: str) -> list[Step]:
    """The `sh` blocks of a section, each with the `json` block that follows it."""
    text = README.split(f"\n## {section}\n")[1].split("\n## ")[0]
    found: list[Step] = []
    for language, content in BLOCK.findall(text):
        if language == "sh":
            found.append(Step(content))
        else:
            found[-1].shown = json.loads(content)
    return found


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def last_json(output: str) -> Any:
    """The last JSON value in what a block printed."""
    decoder = json.JSONDecoder()
    starts = [m.start() for m in re.finditer(r"\{", output)]
    for start in starts:
        try:
            value, end = decoder.raw_decode(output, start)
        except json.JSONDecodeError:
            continue
        if "{" not in output[end:]:
            return value
    pytest.fail(f"no JSON in what was printed:\n{output}")


def differences(shown: Any, printed: Any, path: str = "$") -> list[str]:
    """Where what was printed lacks what the README shows; more may be printed."""
    if isinstance(shown, dict) and isinstance(printed, dict):
        return [d for key, value in shown.items() for d in differences(value, printed.get(key), f"{path}.{key}")]
    if isinstance(shown, list) and isinstance(printed, list) and len(shown) == len(printed):
        pairs = enumerate(zip(shown, printed, strict=True))
        return [d for n, (a, b) in pairs for d in differences(a, b, f"{path}[{n}]")]
    return [] if shown == printed else [f"{path}: README {shown!r}, printed {printed!r}"]


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory outside of pytest's own, whose rights pytest takes back while PostgreSQL runs in it."""
    with TemporaryDirectory(prefix="tolbrug-walk-") as folder:
        yield Path(folder)
        stop = [sys.executable, "-m", "services.cli", "stop"]
        subprocess.run(stop, cwd=ROOT, env=os.environ | {"TOLBRUG_STATE": folder}, check=False)


@pytest.mark.timeout(300)
def test_the_walk_by_hand_does_what_the_readme_shows(tmp_path: Path, state: Path) -> None:
    # Without it the listener of the webhook dies in the background, and the walk would wait for an alert for ever.
    assert (ROOT / ".venv/bin/tolbrug").exists(), "`make check` makes .venv, which the walk runs"
    walk = steps("By hand")
    script = "set -e\n"
    for n, step in enumerate(walk):
        script += f"echo '@@ {n}'\n{step.commands}\n"
    door, hook = free_port(), free_port()
    script = script.replace("127.0.0.1:8000", f"127.0.0.1:{door}").replace("8099", str(hook))
    for log in ("webhook.log", "up.log"):
        script = script.replace(log, str(tmp_path / log))
    environment = os.environ | {
        "TOLBRUG_STATE": str(state),
        "TOLBRUG_HTTP__PORT": str(door),
        "TOLBRUG_URL": f"http://127.0.0.1:{door}",
    }
    bash = shutil.which("bash") or "bash"
    running = subprocess.Popen(
        [bash, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        output, _ = running.communicate(timeout=240)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGTERM)
        output, _ = running.communicate()
    printed = re.split(r"@@ \d+\n", output)[1:]
    assert running.returncode == 0, output
    wrong = [d for s, p in zip(walk, printed, strict=True) if s.shown for d in differences(s.shown, last_json(p))]
    assert wrong == []
    assert "quantity.overrun" in (tmp_path / "webhook.log").read_text(encoding="utf-8")
    again, outage = printed[-3:-1]
    assert again.count('"duplicate":true') == 4
    assert outage.count('"duplicate":true') == 4


def test_every_make_target_and_command_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make (demo|up|test|check|crash|clean)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert "make test" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_every_place_the_readme_names_exists() -> None:
    places = re.findall(r"`((?:services|schemas|docs|deploy|tests)/[^`*]*|docker-compose\.yml)`", README)
    assert len(places) > 10
    assert [p for p in places if not (ROOT / p).exists()] == []


def test_every_campaign_is_in_the_table_of_campaigns() -> None:
    table = (ROOT / "docs/campaigns.md").read_text(encoding="utf-8")
    of_campaigns = {
        path.name for path in (ROOT / "tests/integration/faults").glob("test_*.py") if "Report(" in path.read_text()
    }
    assert {name for name in of_campaigns if name not in table} == set()
    assert len(of_campaigns) > 9


def test_the_demo_is_the_one_the_readme_calls() -> None:
    assert [s.commands for s in steps("Two commands")] == ["make demo ONCE=1\n"]
