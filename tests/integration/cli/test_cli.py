"""Commands that need engines, as processes."""

import asyncio
import base64
import json
import os
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
from standardwebhooks import Webhook

from services.embedded.ports import free_port
from services.embedded.process import Record
from services.runtime.settings import RuntimeSettings

ROOT = Path(__file__).parents[3]
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


async def test_an_interrupted_start_leaves_no_engines(runtime_settings: RuntimeSettings) -> None:
    state = ROOT / ".tolbrug" / f"start-{os.getpid()}"
    given = {name: value for name, value in os.environ.items() if not name.startswith("TOLBRUG_")}
    env = given | {"TOLBRUG_STATE": str(state), "TOLBRUG_HTTP__PORT": "0"}
    process = await asyncio.create_subprocess_exec(TOLBRUG, "up", env=env, stderr=asyncio.subprocess.DEVNULL)
    try:
        record = Record(state / "engines.json")
        while not (begun := record.read()):
            assert process.returncode is None
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert [name for name, entry in (begun | record.read()).items() if entry.process()] == []
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        shutil.rmtree(state, ignore_errors=True)


async def test_signed_alerts_are_printed_and_others_refused(runtime_settings: RuntimeSettings) -> None:
    secret, port = "whsec_" + base64.b64encode(bytes(32)).decode(), free_port()
    env = os.environ | {"TOLBRUG_ALERTING__WEBHOOK_SECRET": secret}
    process = await asyncio.create_subprocess_exec(
        *(TOLBRUG, "alerts", "listen", "--port", str(port), "--json"),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert b"Listening" in await asyncio.wait_for(process.stderr.readline(), 30)
        body, now = json.dumps({"data": {"code": "quantity.overrun"}}), datetime.now(UTC)
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign("msg_1", now, body),
        }
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=5)) as client:
            url = f"http://127.0.0.1:{port}/"
            assert (await client.post(url, content=body + " ", headers=headers)).status_code == 401
            assert (await client.post(url, content=body, headers=headers)).status_code == 204
        printed = json.loads(await asyncio.wait_for(process.stdout.readline(), 10))
        assert printed == {"webhook_id": "msg_1", "data": {"code": "quantity.overrun"}}
    finally:
        process.terminate()
        await process.wait()


async def migrated(settings: RuntimeSettings) -> None:
    """The tables of reconciliation, as its first start makes them."""
    from services.runtime.database import Database
    from services.runtime.tables import migrate

    database = Database(settings.database.url, size=2)
    await database.open()
    await migrate(database, "reconciliation", "services.reconciliation.adapters.migrations")
    await database.close()
