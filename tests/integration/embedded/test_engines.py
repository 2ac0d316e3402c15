"""The engines' life: started, found again after a crash, stopped, all with the data of before."""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from services.core.errors import Fatal, Transient
from services.embedded.engines import Addresses, engines, running_in
from services.embedded.process import Record, Recorded
from services.embedded.settings import EmbeddedSettings
from services.runtime.kafka import topics
from services.runtime.settings import KafkaSettings

ROOT = Path(__file__).parents[3]
NO_NETWORK = EmbeddedSettings(maven_repository="http://127.0.0.1:9")
HOLD = """
import asyncio, signal, sys
from pathlib import Path
from services.embedded.engines import engines

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it runs in the background ignore it

async def hold():
    async with engines(Path(sys.argv[1]), kafka="kafka" in sys.argv[2:]):
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(hold())
"""


@pytest.fixture
def state() -> Iterator[Path]:
    path = ROOT / ".tolbrug" / f"life-{os.getpid()}-{time.monotonic_ns()}"
    yield path
    shutil.rmtree(path, ignore_errors=True)


def recorded(state: Path) -> dict[str, Recorded]:
    return Record(state / "engines.json").read()


def living(state: Path) -> set[str]:
    return {name for name, entry in recorded(state).items() if entry.process()}


@asynccontextmanager
async def holder(state: Path, *besides: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that runs PostgreSQL, and maybe Kafka, until it is signalled; in the end it is killed if need be."""
    command = [sys.executable, "-c", HOLD, str(state), *besides]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"up\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def fill(addresses: Addresses) -> None:
    await topics.apply(KafkaSettings(bootstrap_servers=addresses.bootstrap_servers, partitions=1), ["kept"])
    async with await psycopg.AsyncConnection.connect(addresses.database_url) as connection:
        await connection.execute("CREATE TABLE kept (n int)")


async def answers(addresses: Addresses) -> bool:
    try:
        await assert_filled(addresses)
    except (psycopg.OperationalError, Transient):
        return False
    return True


async def assert_filled(addresses: Addresses) -> None:
    plans = await topics.plan(KafkaSettings(bootstrap_servers=addresses.bootstrap_servers, partitions=1), ["kept"])
    assert [plan.action for plan in plans] == ["keep"]
    async with await psycopg.AsyncConnection.connect(addresses.database_url) as connection:
        await connection.execute("SELECT * FROM kept")


async def test_a_second_start_finds_the_data_at_the_same_addresses_without_a_network(state: Path) -> None:
    async with engines(state, NO_NETWORK) as first:
        await fill(first)
        assert running_in(state) == first
    assert living(state) == set()
    assert running_in(state) == Addresses()
    began = time.monotonic()
    async with engines(state, NO_NETWORK) as second:
        assert time.monotonic() - began < 15
        assert second == first
        await assert_filled(second)


async def test_engines_of_a_killed_process_are_adopted(state: Path) -> None:
    async with holder(state, "kafka") as process:
        before = recorded(state)
        process.kill()
        await process.wait()
    assert living(state) == {"kafka", "postgres"}
    async with engines(state, NO_NETWORK) as addresses:
        assert recorded(state) == before
        await fill(addresses)
    assert living(state) == set()


async def test_an_engine_that_does_not_answer_is_replaced(state: Path) -> None:
    async with holder(state, "kafka") as process:
        before = recorded(state)
        process.kill()
        await process.wait()
    os.kill(before["postgres"].pid, signal.SIGKILL)
    (state / "engines.json").unlink()
    async with engines(state, NO_NETWORK) as addresses:
        after = recorded(state)
        assert after["kafka"].pid != before["kafka"].pid
        assert after["postgres"].pid != before["postgres"].pid
        assert before["kafka"].process() is None
        await fill(addresses)


async def test_an_engine_that_is_killed_is_started_again_where_it_was(state: Path) -> None:
    async with engines(state, NO_NETWORK) as addresses:
        await fill(addresses)
        before = recorded(state)
        for entry in before.values():
            os.kill(entry.pid, signal.SIGKILL)
        async with asyncio.timeout(30):
            while {e.pid for e in recorded(state).values()} & {e.pid for e in before.values()}:  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.1)
            while running_in(state) != addresses or not await answers(addresses):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.1)
        await assert_filled(addresses)
    assert living(state) == set()


async def test_ctrl_c_reaches_the_process_and_not_its_engines(state: Path) -> None:
    async with holder(state, "kafka") as process:
        pids = [entry.pid for entry in recorded(state).values()]
        assert all(os.getpgid(pid) != os.getpgid(process.pid) for pid in pids)
        assert all(os.getsid(pid) != os.getsid(process.pid) for pid in pids)
        os.killpg(process.pid, signal.SIGINT)
        await asyncio.wait_for(process.wait(), 25)
    assert living(state) == set()


async def test_a_second_process_is_told_who_holds_the_directory(state: Path) -> None:
    async with holder(state) as process:
        with pytest.raises(Fatal, match=f"pid {process.pid}"):
            async with engines(state):
                pass
        assert living(state) == {"postgres"}


async def test_when_kafka_cannot_be_had_postgresql_does_not_stay_behind(state: Path, tmp_path: Path) -> None:
    empty = NO_NETWORK.model_copy(update={"cache": tmp_path / "empty"})
    began = time.monotonic()
    with pytest.raises(Fatal, match="Missing: Apache Kafka"):
        async with engines(state, empty):
            pass
    assert time.monotonic() - began < 10
    assert living(state) == set()


async def test_one_engine_can_be_asked_for_alone(state: Path) -> None:
    async with engines(state, NO_NETWORK, kafka=False) as addresses:
        assert addresses.bootstrap_servers == ""
        assert living(state) == {"postgres"}
        assert addresses.database_url
