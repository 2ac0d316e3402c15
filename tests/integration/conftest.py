"""Tests on real engines: every test here needs them, so they are started before the first."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from services.embedded.engines import Addresses
from services.runtime.settings import RuntimeSettings
from tests.integration.recorded_ledger import record
from tests.own import own_database, own_prefix, own_settings


@pytest.fixture(autouse=True)
def engines_run(engine_addresses: Addresses) -> Addresses:
    """Fails here, with the reason, when engines cannot be had, and not in the middle of a test."""
    return engine_addresses


@pytest.fixture(scope="session")
async def recorded_once(
    engine_addresses: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RuntimeSettings]:
    """An installation whose ledger has recorded something: to be looked at, and copied, but not changed."""
    async with own_database(engine_addresses) as url:
        state = tmp_path_factory.mktemp("recorded")
        settings = own_settings(engine_addresses.bootstrap_servers, own_prefix(), url, state)
        await record(settings)
        yield settings


@pytest.fixture
async def recorded(
    engine_addresses: Addresses, recorded_once: RuntimeSettings, tmp_path: Path
) -> AsyncIterator[RuntimeSettings]:
    """The same with a database of its own, which may be changed; the topics are everybody's, and may not."""
    kafka = recorded_once.kafka
    async with own_database(engine_addresses, like=urlsplit(recorded_once.database.url).path[1:]) as url:
        yield own_settings(kafka.bootstrap_servers, kafka.topic_prefix, url, tmp_path)
