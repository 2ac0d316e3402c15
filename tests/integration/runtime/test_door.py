"""A door on real engines: 2xx means durable, one bad request fails no other, commits may invert ids."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import psycopg
import pytest

from services.core.messages import Entry, Licence
from services.runtime import database as runtime_database
from services.runtime.codec import Codec
from services.runtime.database import AWAY, Connection, Database
from services.runtime.group_commit import GroupCommit
from services.runtime.outbox import Outbox
from tests.integration.runtime.probe import UNACCEPTABLE, a_licence
from tests.integration.runtime.probe_process import Probe, until


async def test_a_bad_request_fails_alone_in_its_group(probe: Probe) -> None:
    process = await probe.start()
    async with httpx.AsyncClient(base_url=process.url, timeout=20) as client:
        names = [*(f"L{n}" for n in range(20)), "explode", UNACCEPTABLE]
        answers = await asyncio.gather(*(client.post(f"/licences/{name}/1") for name in names))
    codes = dict(zip(names, (a.status_code for a in answers), strict=True))
    assert codes.pop("explode") == 500
    assert codes.pop(UNACCEPTABLE) == 422
    assert set(codes.values()) == {202}
    rows = await probe.rows("SELECT key FROM probe.outbox")
    assert sorted(bytes(r["key"]).decode() for r in rows) == sorted(codes)


async def test_concurrent_requests_share_commits(probe: Probe) -> None:
    await (await probe.start()).terminate()
    database = Database(probe.installation.database_url, size=4)
    await database.open()
    groups: list[int] = []

    async def apply(_: Connection, requests: Sequence[int], __: Sequence[str | None]) -> list[int | Exception]:
        groups.append(len(requests))
        await asyncio.sleep(0.02)
        return list(requests)

    commits: GroupCommit[int, int] = GroupCommit(database, apply, lambda: None)
    running = asyncio.create_task(commits.run())
    assert await asyncio.gather(*(commits.submit(n) for n in range(100))) == list(range(100))
    assert len(groups) <= 3
    running.cancel()
    await asyncio.wait({running})
    await database.close()


async def test_a_message_whose_transaction_commits_late_is_published_too(probe: Probe) -> None:
    await (await probe.start()).terminate()
    database = Database(probe.installation.database_url, size=4)
    await database.open()
    outbox = Outbox(database, "probe", Codec())
    at = datetime(2026, 3, 1, tzinfo=UTC)
    async with database.transaction() as early:
        await outbox.append(early, [a_licence("early-id")], at, [None])
        async with database.transaction() as late:
            await outbox.append(late, [a_licence("late-id")], at, [None])
        process = await probe.start()
        await until(lambda: _published(probe, {"late-id"}), "the one that committed first is published")
    await until(lambda: _published(probe, {"late-id", "early-id"}), "the other one too")
    await process.terminate()
    await database.close()


async def _published(probe: Probe, names: set[str], topic: str = Licence.TOPIC) -> bool:
    return {(r.key or b"").decode() for r in await probe.log(topic).read()} == names


async def test_a_killed_database_session_answers_503_and_stores_nothing_unsaid(probe: Probe) -> None:
    process = await probe.start()
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with httpx.AsyncClient(base_url=process.url, timeout=20) as client:
        with psycopg.connect(probe.installation.database_url, autocommit=True) as connection:
            connection.execute(kill)
        codes = [(await client.post(f"/licences/L{n}/1")).status_code for n in range(20)]
    assert set(codes) <= {202, 503}
    assert codes[-1] == 202, "it recovers by itself"
    rows = await probe.rows("SELECT key FROM probe.outbox")
    stored = {bytes(r["key"]).decode() for r in rows}
    assert {f"L{n}" for n, code in enumerate(codes) if code == 202} <= stored
    await process.terminate()


async def test_a_transaction_in_which_the_process_stood_still_is_lost_and_no_bug(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_database, "OPTIONS", "-c idle_in_transaction_session_timeout=200")
    database = Database(probe.installation.database_url, size=4)
    await database.open()

    async def stand_still() -> None:
        async with database.transaction() as connection:
            await connection.execute("SELECT 1")
            await asyncio.sleep(0.5)

    with pytest.raises(AWAY):
        await stand_still()
    await database.close()


async def test_a_trace_is_followed_through_the_door_and_the_fold(probe: Probe) -> None:
    process = await probe.start()
    traces = {f"L{n}": f"00-{n + 1:032x}-{n + 1:016x}-01" for n in range(10)}
    async with httpx.AsyncClient(base_url=process.url, timeout=20) as client:
        posts = (client.post(f"/licences/{name}/1", headers={"traceparent": t}) for name, t in traces.items())
        await asyncio.gather(*posts)
    await until(lambda: _published(probe, set(traces), Entry.TOPIC), "every entry is published")
    await process.terminate()
    for topic in (Licence.TOPIC, Entry.TOPIC):
        records = await probe.log(topic).read()
        found = {(r.key or b"").decode(): dict(r.headers)["traceparent"].decode() for r in records}
        assert found == traces
