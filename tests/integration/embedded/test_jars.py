"""Kafka's jars from a repository that works, is away, is silent or gives something else."""

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from services.core.errors import Fatal
from services.embedded import jars
from services.embedded.jars import Jar

CONTENT = b"not really Java"
JAR = Jar("org.example", "thing", "1.0", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the class above
        pass


@contextmanager
def repository(content: bytes, folder: Path) -> Iterator[str]:
    path = folder / "org/example/thing/1.0/thing-1.0.jar"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def one_jar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "locked", lambda: (JAR,))


def classpath(cache: Path, source: str, told: StringIO | None = None) -> str:
    return jars.classpath(cache, source, Console(file=told or StringIO(), width=200), threading.Event())


def test_a_missing_jar_comes_from_the_mirror_and_is_told(tmp_path: Path) -> None:
    told = StringIO()
    with repository(CONTENT, tmp_path / "mirror") as source:
        path = Path(classpath(tmp_path / "cache", source, told))
    assert path.read_bytes() == CONTENT
    assert "1 jars, 0.0 MB" in told.getvalue()
    assert source in told.getvalue()


def test_what_is_in_the_cache_needs_no_repository(tmp_path: Path) -> None:
    with repository(CONTENT, tmp_path / "mirror") as source:
        first = classpath(tmp_path / "cache", source)
    assert classpath(tmp_path / "cache", "http://127.0.0.1:9") == first


def test_a_damaged_jar_is_fetched_again(tmp_path: Path) -> None:
    with repository(CONTENT, tmp_path / "mirror") as source:
        path = Path(classpath(tmp_path / "cache", source))
        path.write_bytes(CONTENT.upper())
        classpath(tmp_path / "cache", source)
    assert path.read_bytes() == CONTENT


def test_a_jar_with_other_content_than_locked_is_refused(tmp_path: Path) -> None:
    with repository(b"something nasty", tmp_path / "mirror") as source, pytest.raises(Fatal, match="SHA-256 differs"):
        classpath(tmp_path / "cache", source)
    assert not list((tmp_path / "cache").rglob("*.jar"))


def test_a_repository_without_the_jar_is_named(tmp_path: Path) -> None:
    (tmp_path / "org").mkdir()
    with repository(CONTENT, tmp_path / "mirror") as source:
        (tmp_path / "mirror/org/example/thing/1.0/thing-1.0.jar").unlink()
        with pytest.raises(Fatal, match="the download broke off") as refused:
            classpath(tmp_path / "cache", source)
    assert "TOLBRUG_EMBEDDED__MAVEN_REPOSITORY" in str(refused.value)


@pytest.mark.parametrize("repository", ["away", "silent"])
def test_without_a_repository_the_ways_out_are_told_within_ten_seconds(tmp_path: Path, repository: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if repository == "silent":
            listener.listen()
        began = time.monotonic()
        with pytest.raises(Fatal) as refused:
            classpath(tmp_path / "cache", f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert time.monotonic() - began < 10
    message = str(refused.value)
    assert "Missing: Apache Kafka 4.3.1: 1 jars" in message
    for way in ("TOLBRUG_KAFKA__BOOTSTRAP_SERVERS", "TOLBRUG_DATABASE__URL", "MAVEN_REPOSITORY", "docker compose"):
        assert way in message


def test_a_name_that_does_not_resolve_is_told_within_ten_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: never.wait(30))
    monkeypatch.setattr(jars, "PROBE_S", 1.5)
    began = time.monotonic()
    with pytest.raises(Fatal, match="did not answer"):
        classpath(tmp_path / "cache", "http://repository.invalid")
    never.set()
    assert time.monotonic() - began < 5


def test_the_lock_is_complete_and_well_formed() -> None:
    lock = (Path(jars.__file__).parent / "kafka.lock").read_text().splitlines()
    parsed = [Jar.parse(line) for line in lock if not line.startswith("#")]
    assert len({jar.file for jar in parsed}) == len(parsed) > 30
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in parsed)
    assert {jar.version for jar in parsed if jar.group == "org.apache.kafka"} == {"4.3.1"}
