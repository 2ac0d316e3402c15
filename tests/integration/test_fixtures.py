"""The engines as the fixtures give them."""

import psycopg

from services.runtime.kafka import topics
from services.runtime.settings import RuntimeSettings


async def test_a_fresh_database_is_empty_and_durable(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        rows = await connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert await rows.fetchone() == (0,)
        settings = await connection.execute(
            "SELECT setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')"
        )
        assert await settings.fetchall() == [("on",), ("on",)]


async def test_topics_exist_only_when_they_were_made(runtime_settings: RuntimeSettings) -> None:
    before = await topics.plan(runtime_settings.kafka, ["a.thing.v1"])
    assert [plan.action for plan in before] == ["create"]
    await topics.apply(runtime_settings.kafka, ["a.thing.v1"])
    after = await topics.plan(runtime_settings.kafka, ["a.thing.v1"])
    assert [(plan.action, plan.partitions) for plan in after] == [("keep", 2)]
