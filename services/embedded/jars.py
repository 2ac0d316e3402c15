"""Kafka's jars: the lock says which, with what SHA-256; what the cache lacks is fetched once, through jgo."""

import hashlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from services.core.errors import Fatal

PROBE_S = 6.0
"""How long the repository may take to show a sign of life: whoever starts without a network learns it at once."""

WAYS_OUT = """\
Ways out:
  - a network: this needs one only until the jars are in the cache, {cache}
  - a mirror of Maven Central: TOLBRUG_EMBEDDED__MAVEN_REPOSITORY=https://mirror.example/maven2
  - a Kafka and a PostgreSQL of your own: TOLBRUG_KAFKA__BOOTSTRAP_SERVERS=host:9092
    and TOLBRUG_DATABASE__URL=postgresql://user:password@host/database
  - Docker: docker compose --env-file deploy/demo.env up demo"""


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of `kafka.lock`."""

    group: str
    artifact: str
    version: str
    size: int
    sha256: str

    @staticmethod
    def parse(line: str) -> "Jar":
        coordinate, size, sha256 = line.split()
        group, artifact, version = coordinate.split(":")
        return Jar(group, artifact, version, int(size), sha256)

    @property
    def file(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    def is_in(self, directory: Path) -> bool:
        """Whether it is there, whole and unaltered."""
        path = directory / self.file
        return (
            path.is_file()
            and path.stat().st_size == self.size
            and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256
        )


def locked() -> tuple[Jar, ...]:
    """Every jar of the lock."""
    lines = files("services.embedded").joinpath("kafka.lock").read_text().splitlines()
    return tuple(Jar.parse(line) for line in lines if line and not line.startswith("#"))


def classpath(cache: Path, repository: str, console: Console, cancelled: threading.Event) -> str:
    """Java's class path of the broker. Needs the network only for what the cache lacks; Fatal when it is away."""
    directory = cache / "jars"
    directory.mkdir(parents=True, exist_ok=True)
    jars = locked()
    missing = [jar for jar in jars if not jar.is_in(directory)]
    if missing:
        _fetch(missing, directory, repository, console, cancelled)
    return ":".join(str(directory / jar.file) for jar in jars)


def _fetch(
    missing: Sequence[Jar], directory: Path, repository: str, console: Console, cancelled: threading.Event
) -> None:
    from jgo.constants import MAVEN_CENTRAL_URL

    source = repository.rstrip("/") or MAVEN_CENTRAL_URL
    what = f"Apache Kafka 4.3.1: {len(missing)} jars, {sum(jar.size for jar in missing) / 1e6:.1f} MB"
    _probe(f"{source}/org/apache/kafka/", what, directory)
    console.print(f"Downloading {what}, from {source} (once, into {directory})", soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(4) as pool:
        task = progress.add_task("Kafka", total=sum(jar.size for jar in missing))
        download = _downloader(directory, source, lambda count: progress.advance(task, count), cancelled)
        fetching = [pool.submit(download, jar) for jar in missing]
        try:
            for each in fetching:
                each.result()
        except Exception as error:
            cancelled.set()
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, Fatal):
                raise
            raise _cannot(what, f"the download broke off: {error}", directory) from error


def _downloader(
    directory: Path, source: str, advance: Callable[[int], object], cancelled: threading.Event
) -> Callable[[Jar], None]:
    """What fetches one jar: whole and as locked under its name, or not at all."""
    from jgo.maven import MavenContext, PythonResolver

    def update(count: int) -> None:
        if cancelled.is_set():
            raise Fatal("The download was stopped.")
        advance(count)

    @contextmanager
    def counted(_file: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield update

    def download(jar: Jar) -> None:
        with tempfile.TemporaryDirectory(dir=directory, prefix=".partial-") as partial:
            context = MavenContext(
                PythonResolver(progress_callback=counted), Path(partial), remote_repos={"source": source}, timeout=8
            )
            path = context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
            if hashlib.sha256(path.read_bytes()).hexdigest() != jar.sha256:
                raise Fatal(f"{jar.file} from {source} is not the one in kafka.lock: its SHA-256 differs. Not used.")
            shutil.move(path, directory / jar.file)

    return download


def _probe(url: str, what: str, directory: Path) -> None:
    """Fatal within `PROBE_S` when the repository is silent. In a thread, because a name may take long to resolve."""
    from jgo.util import http

    outcome: list[Any] = []

    def ask() -> None:
        try:
            outcome.append(http.head(url, timeout=PROBE_S - 1).status_code)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is why the repository cannot be reached
            outcome.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PROBE_S)
    if not outcome:
        raise _cannot(what, f"{url} did not answer within {PROBE_S:.0f} s", directory)
    if isinstance(outcome[0], Exception):
        raise _cannot(what, f"{url} cannot be reached ({type(outcome[0]).__name__})", directory)


def _cannot(what: str, why: str, directory: Path) -> Fatal:
    return Fatal(f"Missing: {what}; {why}.\n{WAYS_OUT.format(cache=directory)}")
