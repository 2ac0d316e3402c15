"""What a test has to itself on the engines that all of them share."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from services.embedded.engines import Addresses
from services.runtime.settings import DatabaseSettings, FoldSettings, HttpSettings, KafkaSettings, RuntimeSettings


def own_prefix() -> str:
    """Topics that begin with it are nobody else's."""
    return f"t{uuid.uuid4().hex[:10]}."


@asynccontextmanager
async def own_database(addresses: Addresses, like: str = "template1") -> AsyncIterator[str]:
    """The URL of a database, dropped afterwards; it begins as a copy of another, to which nobody is connected."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    async with await psycopg.AsyncConnection.connect(addresses.database_url, autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like))
        await connection.execute(create)
        yield urlsplit(addresses.database_url)._replace(path=f"/{name}").geturl()
        await connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def own_settings(bootstrap_servers: str, topic_prefix: str, database_url: str, state: Path) -> RuntimeSettings:
    """2 partitions, a free HTTP port, leases of 3 seconds."""
    return RuntimeSettings(
        kafka=KafkaSettings(bootstrap_servers=bootstrap_servers, topic_prefix=topic_prefix, partitions=2),
        database=DatabaseSettings(url=database_url, pool_size=8),
        http=HttpSettings(port=0),
        fold=FoldSettings(lease_s=3.0),
        state=state,
    )
