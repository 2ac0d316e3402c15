"""Tests on real engines: every test here needs them, so they are started before the first."""

import pytest

from services.embedded.engines import Addresses


@pytest.fixture(autouse=True)
def engines_run(engine_addresses: Addresses) -> Addresses:
    """Fails here, with the reason, when engines cannot be had, and not in the middle of a test."""
    return engine_addresses
