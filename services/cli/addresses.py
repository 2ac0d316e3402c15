"""Where Kafka and PostgreSQL are: as the environment says, else embedded ones."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.core.errors import Fatal
from services.embedded.engines import Addresses, engines, running_in
from services.runtime.settings import RuntimeSettings

EMBEDDED_PARTITIONS = 4
"""Enough for both cores of a small machine; the count is fixed at the first start."""


@asynccontextmanager
async def started(settings: RuntimeSettings) -> AsyncIterator[RuntimeSettings]:
    """The settings, completed by engines that run while the block runs. What has an address is not started."""
    kafka, postgres = not settings.kafka.bootstrap_servers, not settings.database.url
    async with engines(settings.state, kafka=kafka, postgres=postgres) as addresses:
        yield completed(settings, addresses)


def found(settings: RuntimeSettings, *, kafka: bool = False, postgres: bool = False) -> RuntimeSettings:
    """The settings, completed by the engines that another process runs now. Fatal when a wanted one is nowhere."""
    settings = completed(settings, running_in(settings.state))
    if kafka and not settings.kafka.bootstrap_servers:
        raise Fatal(
            f"No Kafka: none runs in {settings.state} and no address is set.\n"
            "Start `tolbrug up` in another terminal, or set TOLBRUG_KAFKA__BOOTSTRAP_SERVERS"
        )
    if postgres and not settings.database.url:
        raise Fatal(
            f"No PostgreSQL: none runs in {settings.state} and no address is set.\n"
            "Start `tolbrug up` in another terminal, or set TOLBRUG_DATABASE__URL"
        )
    return settings


def completed(settings: RuntimeSettings, addresses: Addresses) -> RuntimeSettings:
    """Fill in what the settings leave open. With an embedded Kafka also the partition count, unless it was set."""
    kafka, database = settings.kafka, settings.database
    if not kafka.bootstrap_servers and addresses.bootstrap_servers:
        partitions = kafka.partitions if "partitions" in kafka.model_fields_set else EMBEDDED_PARTITIONS
        kafka = kafka.model_copy(update={"bootstrap_servers": addresses.bootstrap_servers, "partitions": partitions})
    if not database.url:
        database = database.model_copy(update={"url": addresses.database_url})
    return settings.model_copy(update={"kafka": kafka, "database": database})
