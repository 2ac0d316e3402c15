"""Commands that need engines, as processes."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import psycopg

from services.runtime.settings import RuntimeSettings

TOLBRUG = str(Path(sys.executable).with_name("tolbrug"))


async def tolbrug(settings: RuntimeSettings, *arguments: str) -> tuple[int, dict[str, Any]]:
    env = os.environ | {
        "TOLBRUG_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "TOLBRUG_KAFKA__TOPIC_PREFIX": settings.kafka.topic_prefix,
        "TOLBRUG_KAFKA__PARTITIONS": str(settings.kafka.partitions),
        "TOLBRUG_DATABASE__URL": settings.database.url,
        "TOLBRUG_STATE": str(settings.state),
    }
    process = await asyncio.create_subprocess_exec(
        TOLBRUG, *arguments, "--json", env=env, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(output)


async def test_topics_are_planned_made_and_then_kept(runtime_settings: RuntimeSettings) -> None:
    code, planned = await tolbrug(runtime_settings, "topics", "plan")
    assert code == 0
    assert {topic["action"] for topic in planned["topics"]} == {"create"}
    code, made = await tolbrug(runtime_settings, "topics", "apply")
    assert code == 0
    assert made["partitions"] == 2
    assert len(made["created"]) == len(planned["topics"])
    assert {topic["action"] for topic in (await tolbrug(runtime_settings, "topics", "plan"))[1]["topics"]} == {"keep"}
    assert (await tolbrug(runtime_settings, "topics", "apply"))[1]["created"] == []


async def test_a_ledger_without_its_entries_is_found_by_verify(runtime_settings: RuntimeSettings) -> None:
    await migrated(runtime_settings)
    code, result = await tolbrug(runtime_settings, "verify")
    assert (code, result["differences"]) == (0, [])
    async with await psycopg.AsyncConnection.connect(runtime_settings.database.url) as connection:
        await connection.execute(
            "INSERT INTO reconciliation.snapshot (fold, partition, aggregate, state)"
            " VALUES ('ledger', 0, 'VL/2026/1', '\\x00')"
        )
    code, result = await tolbrug(runtime_settings, "verify")
    assert code == 1
    assert "VL/2026/1" in result["differences"][0]


async def migrated(settings: RuntimeSettings) -> None:
    """The tables of reconciliation, as its first start makes them."""
    from services.runtime.database import Database
    from services.runtime.tables import migrate

    database = Database(settings.database.url, size=2)
    await database.open()
    await migrate(database, "reconciliation", "services.reconciliation.adapters.migrations")
    await database.close()
