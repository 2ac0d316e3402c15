"""Where the tests take Kafka and PostgreSQL from: `TOLBRUG_TEST_ENGINES` = embedded (default), containers or external.

`external` takes the addresses of TOLBRUG_KAFKA__BOOTSTRAP_SERVERS and TOLBRUG_DATABASE__URL. Whatever the source, a
test gets a database and a topic prefix of its own and never sees another test's.
"""

import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from services.core.errors import Fatal
from services.embedded.engines import Addresses, engines
from services.embedded.ports import free_port
from services.embedded.state import owned
from tests import compose

STATES = Path(__file__).parent.parent / ".tolbrug"


@asynccontextmanager
async def test_engines(source: str) -> AsyncIterator[Addresses]:
    """The engines of one test run."""
    sources = {"embedded": _embedded, "containers": _containers, "external": _external}
    if source not in sources:
        raise Fatal(f"TOLBRUG_TEST_ENGINES={source}: one of {', '.join(sources)} was expected")
    async with sources[source]() as addresses:
        yield addresses


@asynccontextmanager
async def _embedded() -> AsyncIterator[Addresses]:
    """In the first slot that no other run holds; what a killed run left there is adopted."""
    with ExitStack() as stack:
        slot = _first_free_slot(stack)
        # Kafka would hand over thousands of partitions to nobody: 16 s, and more after a campaign at full size.
        async with engines(slot / "state", lasting=False) as addresses:
            yield addresses
        shutil.rmtree(slot / "state", ignore_errors=True)  # the slot is still ours


def _first_free_slot(stack: ExitStack) -> Path:
    for number in range(16):
        try:
            return stack.enter_context(owned(STATES / f"tests-{number}"))
        except Fatal:
            continue
    raise Fatal(f"Sixteen test runs hold the directories {STATES}/tests-*: end some of them.")


@asynccontextmanager
async def _external() -> AsyncIterator[Addresses]:
    """Somebody else's; nothing is started or stopped."""
    names = ("TOLBRUG_KAFKA__BOOTSTRAP_SERVERS", "TOLBRUG_DATABASE__URL")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise Fatal(f"TOLBRUG_TEST_ENGINES=external needs {' and '.join(missing)}")
    yield Addresses(os.environ[names[0]], os.environ[names[1]])


@asynccontextmanager
async def _containers() -> AsyncIterator[Addresses]:
    """The images of docker-compose.yml. Kafka tells clients its own address, so its port is chosen before it starts."""
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy
    from testcontainers.postgres import PostgresContainer

    port = free_port()
    host = os.environ.get("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")
    kafka = (
        DockerContainer(compose.services()["kafka"]["image"])
        .with_bind_ports(9092, port)
        .waiting_for(LogMessageWaitStrategy("Kafka Server started"))
    )
    for name, value in kafka_environment(f"{host}:{port}").items():
        kafka.with_env(name, value)
    with ExitStack() as stack:
        stack.enter_context(kafka)
        postgres = stack.enter_context(PostgresContainer(compose.services()["postgres"]["image"], driver=None))
        address = socket.gethostbyname(host)
        yield Addresses(f"{address}:{port}", postgres.get_connection_url())


def kafka_environment(advertised: str) -> dict[str, str]:
    """The broker of docker-compose.yml, telling clients another address."""
    given: dict[str, str] = compose.services()["kafka"]["environment"]
    return given | {"KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{advertised}"}
