"""What any test may ask for. Engines start once, when the first test wants them; what a test gets is its own.

async def test_…(runtime_settings): …        a fresh database and topic prefix on running engines, as settings
async def test_…(database_url, kafka): …     the parts

Property tests try few examples, so that `tests/unit` stays a matter of seconds; HYPOTHESIS_PROFILE=thorough tries many.
"""

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from services.embedded.engines import Addresses
from services.runtime.settings import (
    DatabaseSettings,
    FoldSettings,
    HttpSettings,
    KafkaSettings,
    RuntimeSettings,
)
from tests.engines import test_engines

settings.register_profile("quick", max_examples=20, stateful_step_count=20, deadline=None)
settings.register_profile("thorough", max_examples=500, stateful_step_count=40, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


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
    return f"t{uuid.uuid4().hex[:10]}."


@pytest.fixture
async def database_url(engine_addresses: Addresses) -> AsyncIterator[str]:
    """An empty database, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    async with await psycopg.AsyncConnection.connect(engine_addresses.database_url, autocommit=True) as connection:
        await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield _with_database(engine_addresses.database_url, name)
        await connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def runtime_settings(kafka: str, topic_prefix: str, database_url: str, tmp_path: Path) -> RuntimeSettings:
    """Settings of a process that has all of this to itself: 2 partitions, a free HTTP port, leases of 3 seconds."""
    return RuntimeSettings(
        kafka=KafkaSettings(bootstrap_servers=kafka, topic_prefix=topic_prefix, partitions=2),
        database=DatabaseSettings(url=database_url, pool_size=8),
        http=HttpSettings(port=0),
        fold=FoldSettings(lease_s=3.0),
        state=tmp_path,
    )


def _with_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()
