"""Processes that outlive the one that started them, and the record by which a later one finds them again."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from services.core.errors import Fatal

CLOCK_SLACK_S = 2.0
"""The kernel tells a process's start relative to boot; the boot time read from it may move by a second."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One engine's process. A pid is reused by the system, a pid with its start time (UNIX seconds) is not."""

    pid: int
    started: float
    port: int

    @staticmethod
    def of(process: psutil.Process, port: int) -> "Recorded":
        return Recorded(process.pid, process.create_time(), port)

    def process(self) -> psutil.Process | None:
        """The process, when it still lives."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) < CLOCK_SLACK_S and is_alive(process):
                return process
        return None


class Record:
    """`engines.json` in the state directory: engine name → its process. Replaced whole, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Recorded]:
        """Nothing when absent or unreadable: a record is a help, `strays` finds what it misses."""
        try:
            content = json.loads(self.path.read_text())
            return {name: Recorded(**fields) for name, fields in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def write(self, entries: Mapping[str, Recorded]) -> None:
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps({name: asdict(entry) for name, entry in entries.items()}, indent=1))
        partial.chmod(0o600)
        partial.replace(self.path)


def is_alive(process: psutil.Process) -> bool:
    """False for a zombie too: it has ended, only nobody asked yet how."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _detached(user: str | None) -> dict[str, Any]:
    """How every process of ours runs: nothing from the terminal, as `user` when one is given."""
    return {
        "stdin": subprocess.DEVNULL,
        "cwd": "/",
        "user": user,
        "group": None if user is None else _group_of(user),
        "extra_groups": None if user is None else [],
        "env": _environment(),
        "start_new_session": True,
    }


def spawn(command: Sequence[str], log: Path, *, user: str | None = None) -> psutil.Process:
    """Start in a session of its own, so that Ctrl-C in the terminal does not reach it. Output is appended to `log`."""
    with log.open("ab") as output:
        child = psutil.Popen(list(command), stdout=output, stderr=subprocess.STDOUT, **_detached(user))
    return psutil.Process(child.pid)


def run(command: Sequence[str], *, user: str | None = None) -> None:
    """Run to the end. Fatal with its last words when it fails."""
    done = subprocess.run(  # noqa: S603 - the commands are ours
        list(command), capture_output=True, text=True, check=False, **_detached(user)
    )
    if done.returncode != 0:
        words = (done.stdout + done.stderr).strip().splitlines()[-5:]
        raise Fatal(f"{Path(command[0]).name} failed ({done.returncode}): " + "\n".join(words))


def stop(process: psutil.Process, how: signal.Signals = signal.SIGTERM, timeout_s: float = 20.0) -> None:
    """Ask, wait, and only then kill. Returns when the process is gone."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(how)
        if not _ended(process, timeout_s):
            for each in [*process.children(recursive=True), process]:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            _ended(process, 5)


def _ended(process: psutil.Process, timeout_s: float) -> bool:
    """Wait for it. Unlike `process.wait`, it does not wait for a zombie whose parent never asks."""
    deadline = time.monotonic() + timeout_s
    while is_alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    with suppress(psutil.Error):
        process.wait(0)
    return True


def strays(argument: str) -> list[psutil.Process]:
    """Living processes started with exactly this argument and by no other living one of them."""
    found = [
        process
        for process in psutil.process_iter(["cmdline", "ppid"])
        if argument in (process.info["cmdline"] or []) and is_alive(process)
    ]
    pids = {process.pid for process in found}
    return [process for process in found if process.info["ppid"] not in pids]


def working_in(directory: Path) -> list[psutil.Process]:
    """Living processes whose current directory it is."""
    return [
        process
        for process in psutil.process_iter(["cwd"])
        if process.info["cwd"] == str(directory) and is_alive(process)
    ]


def last_words(log: Path, since: int, lines: int = 12) -> str:
    """The end of what was logged after byte `since`."""
    with suppress(OSError), log.open("rb") as stream:
        stream.seek(since)
        return "\n".join(stream.read().decode(errors="replace").strip().splitlines()[-lines:])
    return ""


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def _environment() -> dict[str, str]:
    """Ours without what would change an engine: PG* sets defaults of PostgreSQL's programs, the others of Java's."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PG") and name not in {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"}
    }
