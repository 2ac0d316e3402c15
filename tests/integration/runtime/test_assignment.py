"""Workers share partitions by leases; a worker that was overtaken can write nothing more."""

import asyncio
import signal
import time

import httpx

from services.core.messages import Licence
from services.runtime.database import Database
from services.runtime.fold_table import FoldTable
from services.runtime.settings import FoldSettings
from tests.integration.runtime.probe_process import Probe, post_licences, until

NAMES = [f"L{n}" for n in range(40)]
LEASE_S = 2.0


async def owners(probe: Probe) -> list[str]:
    rows = await probe.rows("SELECT owner FROM probe.fold WHERE lease_until > now() ORDER BY partition")
    return [r["owner"] for r in rows]


async def test_two_workers_share_and_one_takes_over_within_15_seconds_of_a_kill(probe: Probe) -> None:
    """As delivered: what a shorter lease saves is taken from the fifteen."""
    shorter = {"TOLBRUG_FOLD__LEASE_S": str(LEASE_S)}
    first = await probe.start(**shorter)
    second = await probe.start(**shorter)

    async def shared() -> bool:
        held = await owners(probe)
        return len(held) == 4 and sorted(held.count(o) for o in set(held)) == [2, 2]

    await until(shared, "each worker holds two partitions")
    await first.kill()
    killed_at = time.monotonic()

    async def taken_over() -> bool:
        held = await owners(probe)
        return len(held) == 4 and len(set(held)) == 1

    await until(taken_over, "the other holds all four")
    await post_licences(second.url, NAMES)

    async def all_done() -> bool:
        return await probe.entries() == {name: [1] for name in NAMES}

    await until(all_done, "every licence has its entry")
    assert time.monotonic() - killed_at < 15 - 1.25 * (FoldSettings().lease_s - LEASE_S)  # it is looked at each quarter
    await second.terminate()


async def _takes(url: str, name: str) -> bool:
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        return (await client.post(f"/licences/{name}/1")).status_code == 202


async def test_a_worker_that_slept_over_its_lease_is_fenced(probe: Probe) -> None:
    quick = {"TOLBRUG_FOLD__LEASE_S": "2"}
    zombie = await probe.start(**quick)
    await post_licences(zombie.url, NAMES[:20])
    zombie.process.send_signal(signal.SIGSTOP)
    other = await probe.start(**quick)

    async def taken_over() -> bool:
        rows = await probe.rows("SELECT epoch FROM probe.fold")
        return all(r["epoch"] >= 2 for r in rows)

    await until(taken_over, "the other took every partition")
    await post_licences(other.url, NAMES[20:])
    zombie.process.send_signal(signal.SIGCONT)
    await until(lambda: _takes(zombie.url, "late"), "it takes a licence: its connections were ended meanwhile")

    async def all_done() -> bool:
        return await probe.entries() == {name: [1] for name in [*NAMES, "late"]}

    await until(all_done, "every licence has one entry")
    await asyncio.gather(zombie.terminate(), other.terminate())


async def test_a_worker_that_joins_gets_its_share_and_a_clean_stop_gives_it_back(probe: Probe) -> None:
    first = await probe.start()
    second = await probe.start()

    async def shared() -> bool:
        return len(set(await owners(probe))) == 2

    await until(shared, "both hold partitions")
    assert await second.terminate() == 0

    async def alone() -> bool:
        held = await owners(probe)
        return len(held) == 4 and len(set(held)) == 1

    await until(alone, "the first holds all", timeout_s=6)
    assert await first.terminate() == 0
    assert await probe.rows("SELECT partition FROM probe.fold WHERE owner IS NOT NULL") == []
    assert await probe.rows("SELECT worker FROM probe.worker") == []


async def test_a_commit_that_landed_unseen_makes_the_session_start_over(probe: Probe) -> None:
    process = await probe.start()
    await probe.rows("UPDATE probe.fold SET batch = batch + 1 RETURNING 1")
    await post_licences(process.url, NAMES)
    await until(lambda: _all_done(probe), "every licence has its entry")
    await process.terminate()


async def test_a_partition_that_is_owned_and_that_nobody_works_on_is_taken_again(probe: Probe) -> None:
    process = await probe.start()
    # As when a session has ended and the database could not be told so.
    await probe.rows("UPDATE probe.fold SET epoch = epoch + 1 RETURNING 1")
    await post_licences(process.url, NAMES)
    await until(lambda: _all_done(probe), "every licence has its entry")
    await process.terminate()


async def _all_done(probe: Probe) -> bool:
    return await probe.entries() == {name: [1] for name in NAMES}


async def test_a_partition_halted_from_outside_commits_nothing_more_until_it_is_let_go(probe: Probe) -> None:
    process = await probe.start()
    table = FoldTable("probe", "count")
    database = Database(probe.installation.database_url, size=2)
    await database.open()
    async with database.connection() as connection:
        assert await table.halt(connection, 0, "found wrong")
        assert not await table.halt(connection, 0, "found wrong again"), "the first reason stays"
    await post_licences(process.url, NAMES)
    log = probe.log(Licence.TOPIC)
    others = {name for name in NAMES if await log.partition_of(name.encode()) != 0}
    assert others < set(NAMES)

    async def others_done() -> bool:
        return set(await probe.entries()) >= others

    await until(others_done, "the other partitions go on")
    await asyncio.sleep(1)
    assert set(await probe.entries()) == others
    assert await probe.rows("SELECT halted FROM probe.fold WHERE partition = 0") == [{"halted": "found wrong"}]
    await probe.rows("UPDATE probe.fold SET halted = NULL RETURNING 1")
    await until(lambda: _all_done(probe), "let go, it goes on")
    await process.terminate()
    await database.close()
