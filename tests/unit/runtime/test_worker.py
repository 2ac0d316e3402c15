"""Whether a worker of this machine still runs: the one that takes over need not wait for its lease when it does not."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import psutil
import pytest

from services.runtime.worker import Worker

HERE = Worker.here()


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def name_of(process: subprocess.Popen[bytes]) -> str:
    return replace(HERE, pid=process.pid, started=int(psutil.Process(process.pid).create_time() * 1000)).name


def test_a_process_that_runs_is_not_gone(other: subprocess.Popen[bytes]) -> None:
    assert not HERE.is_gone(HERE.name)
    assert not HERE.is_gone(name_of(other))


def test_a_killed_process_is_gone_although_nobody_has_waited_for_it(other: subprocess.Popen[bytes]) -> None:
    name = name_of(other)
    other.kill()
    while psutil.Process(other.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert HERE.is_gone(name)


def test_a_process_with_the_same_id_that_began_at_another_time_is_another(other: subprocess.Popen[bytes]) -> None:
    other_time = replace(HERE, pid=other.pid, started=1).name
    assert HERE.is_gone(other_time)


@pytest.mark.parametrize(
    "name",
    [f"elsewhere/{HERE.pid}/1", f"{HERE.host}/x/1", HERE.host, ""],
    ids=["another machine", "no process", "a machine alone", "nothing"],
)
def test_of_one_on_another_machine_or_of_another_kind_that_cannot_be_known(name: str) -> None:
    assert not HERE.is_gone(name)
