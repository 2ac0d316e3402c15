"""What any test may ask for. Engines start once, when the first test wants them; what a test gets is its own.

async def test_…(runtime_settings): …        a fresh database and topic prefix on running engines, as settings
async def test_…(database_url, kafka): …     the parts

Property tests try few examples, so that `tests/unit` stays a matter of seconds; HYPOTHESIS_PROFILE=thorough tries many.
"""

import gc
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from services.embedded.engines import Addresses
from services.runtime.memory import looking_for_no_cycles
from services.runtime.settings import RuntimeSettings
from tests.engines import test_engines
from tests.integration.faults.report import REPORTS, Report, lines
from tests.own import own_database, own_prefix, own_settings

# A broker of the tests lives for seconds: to compile it for years of work would cost more than all it does.
os.environ.setdefault("TOLBRUG_EMBEDDED__JAVA_OPTIONS", "-Xms256m -Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
JOURNEY = Path(__file__).parent / "journey"

settings.register_profile("quick", max_examples=20, stateful_step_count=20, deadline=None)
settings.register_profile("thorough", max_examples=500, stateful_step_count=40, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What collection makes stays to the end: 7 000 tests and all modules are not looked through for cycles again."""
    with looking_for_no_cycles():
        yield
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the shortest (`unit`) stay last: no process is left alone with the demo in the end."""
    items.sort(key=lambda item: JOURNEY not in item.path.parents)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where tests are shared out to processes, each hands in the reports of its campaigns."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["campaigns"] = [asdict(report) for report in REPORTS]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    for report in getattr(node, "workeroutput", {}).get("campaigns", ()):
        Report(**report)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Campaigns tell what they did: one line each, with the seed that repeats it."""
    if REPORTS:
        terminalreporter.section("campaigns")
    for line in lines():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
async def engine_addresses() -> AsyncIterator[Addresses]:
    """Kafka and PostgreSQL for the whole run. Their topics and databases are shared: take the fixtures below."""
    async with test_engines(os.environ.get("TOLBRUG_TEST_ENGINES", "embedded")) as addresses:
        yield addresses


@pytest.fixture
def kafka(engine_addresses: Addresses) -> str:
    """Kafka's bootstrap servers."""
    return engine_addresses.bootstrap_servers


@pytest.fixture
def topic_prefix() -> str:
    """Topics of this test start with it, so that no other test's records are in them."""
    return own_prefix()


@pytest.fixture
async def database_url(engine_addresses: Addresses) -> AsyncIterator[str]:
    """An empty database, dropped afterwards."""
    async with own_database(engine_addresses) as url:
        yield url


@pytest.fixture
def runtime_settings(kafka: str, topic_prefix: str, database_url: str, tmp_path: Path) -> RuntimeSettings:
    """Settings of a process that has all of this to itself: 2 partitions, a free HTTP port, leases of 3 seconds."""
    return own_settings(kafka, topic_prefix, database_url, tmp_path)
