"""The probe service in an installation of its own."""

from collections.abc import AsyncIterator

import pytest

from services.runtime.settings import RuntimeSettings
from tests.integration.installation import Installation
from tests.integration.runtime.probe_process import Probe


@pytest.fixture
async def probe(runtime_settings: RuntimeSettings) -> AsyncIterator[Probe]:
    probe = Probe(Installation.of(runtime_settings))
    yield probe
    await probe.close()
