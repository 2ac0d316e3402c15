"""A fold on real engines: every record once, whatever dies."""

import asyncio
import signal
from contextlib import suppress

import httpx
import pytest

from services.core.messages import Entry, Ledger, Licence
from services.runtime.codec import Codec
from tests.integration.runtime.probe import BROKEN, POISON, a_licence
from tests.integration.runtime.probe_process import Probe, post_licences, until

NAMES = [f"L{n}" for n in range(40)]


async def identities(probe: Probe) -> list[str]:
    """Identities on the entry topic, repeats left out (a repeat is allowed, a reader knows it)."""
    records = await probe.log(Entry.TOPIC).read()
    return sorted({dict(r.headers)["ce_id"].decode() for r in records})


async def test_each_licence_gets_one_entry_on_the_topic(probe: Probe) -> None:
    process = await probe.start()
    await post_licences(process.url, NAMES)
    await until(lambda: _count(probe, len(NAMES)), "all entries are committed")
    await process.terminate()
    records = await probe.log(Entry.TOPIC).read()
    codec = Codec()
    decoded = [codec.decode(r.value or b"") for r in records]
    assert sorted(e.key for e in decoded) == sorted(NAMES)
    assert all(dict(r.headers)["ce_id"].decode() == e.identity for r, e in zip(records, decoded, strict=True))


async def _count(probe: Probe, n: int) -> bool:
    return sum(len(revisions) for revisions in (await probe.entries()).values()) == n


async def test_a_repeat_and_a_restart_change_nothing(probe: Probe) -> None:
    first = await probe.start()
    await post_licences(first.url, NAMES)
    await until(lambda: _count(probe, len(NAMES)), "all entries are committed")
    await first.kill()
    second = await probe.start()
    await post_licences(second.url, NAMES)
    await post_licences(second.url, ["last"])
    await until(lambda: _count(probe, len(NAMES) + 1), "the last one is committed")
    await second.terminate()
    assert set(map(tuple, (await probe.entries()).values())) == {(1,)}
    assert len(await identities(probe)) == len(NAMES) + 1


@pytest.mark.parametrize(
    "point",
    [
        "fold-before-commit",
        "fold-after-commit",
        "fold-between-publish-and-mark",
        "relay-after-publish",
        "intake-after-commit",
    ],
)
async def test_nothing_is_lost_or_doubled_when_the_process_dies_at(point: str, probe: Probe) -> None:
    dying = await probe.start(TOLBRUG_CRASH_AT=point)
    with suppress(httpx.HTTPError):  # it dies under one of these requests, or after them
        for name in NAMES:
            await post_licences(dying.url, [name])
    assert await asyncio.wait_for(dying.process.wait(), 10) == -signal.SIGKILL
    after = await probe.start()
    await post_licences(after.url, NAMES)
    await until(lambda: _count(probe, len(NAMES)), "every licence has its entry")
    await after.terminate()
    assert await probe.entries() == {name: [1] for name in NAMES}
    assert len(await identities(probe)) == len(NAMES)


async def test_a_batch_that_touches_more_than_memory_is_for_is_committed_in_parts(probe: Probe) -> None:
    first = await probe.start()
    names = [f"L{n}" for n in range(600)]
    await post_licences(first.url, names)
    await until(lambda: _count(probe, len(names)), "all licences are known")
    await first.terminate()
    await probe.rows("UPDATE probe.fold SET batch = 0 RETURNING 1")
    codec = Codec()
    await probe.log(Licence.TOPIC).write_all([(name.encode(), codec.encode(a_licence(name, 2))) for name in names])
    second = await probe.start(TOLBRUG_FOLD__CACHE="8")
    await until(lambda: _count(probe, 2 * len(names)), "both revisions of each have their entry")
    await second.terminate()
    assert set(map(tuple, (await probe.entries()).values())) == {(1, 2)}
    committed = await probe.rows("SELECT sum(batch)::int AS batches FROM probe.fold")
    assert committed[0]["batches"] >= len(names) // 64


async def test_an_aggregate_that_was_never_stored_comes_back_from_its_entries(probe: Probe) -> None:
    first = await probe.start(TOLBRUG_FOLD__BATCH="1")
    for revision in range(1, 6):
        await post_licences(first.url, ["L"], revision)
    await until(lambda: _count(probe, 5), "five revisions are committed")
    await first.kill()
    second = await probe.start(TOLBRUG_FOLD__BATCH="1")
    await post_licences(second.url, ["L"], 6)
    await until(lambda: _count(probe, 6), "the sixth revision is committed")
    await second.terminate()
    assert (await probe.entries())["L"] == [1, 2, 3, 4, 5, 6]
    assert await probe.rows("SELECT 1 FROM probe.snapshot") == [], "six entries are sooner folded than a state stored"


async def test_a_stored_aggregate_is_completed_from_the_entries_after_it(probe: Probe) -> None:
    often = {"TOLBRUG_FOLD__BATCH": "1", "TOLBRUG_FOLD__STORE_AFTER": "3"}
    first = await probe.start(**often)
    for revision in range(1, 7):
        await post_licences(first.url, ["L"], revision)
    await until(lambda: _count(probe, 6), "six revisions are committed")
    await first.kill()
    (stored,) = await probe.rows("SELECT state FROM probe.snapshot")
    assert Codec().decode_record(Ledger, bytes(stored["state"])).revision == 4
    await probe.rows("DELETE FROM probe.output WHERE entry_revision < 5 RETURNING 1")
    second = await probe.start(**often)
    await post_licences(second.url, ["L"], 7)
    await until(lambda: _count(probe, 3), "the seventh revision is committed")
    await second.terminate()
    assert (await probe.entries())["L"] == [5, 6, 7]


async def test_outputs_go_on_in_a_new_table_when_one_is_full(probe: Probe) -> None:
    first = await probe.start(TOLBRUG_FOLD__BATCH="1")
    await post_licences(first.url, ["L"], 1)
    await until(lambda: _count(probe, 1), "the first revision is committed")
    await first.kill()
    await probe.rows("UPDATE probe.fold SET last_output = 999999 RETURNING 1")
    second = await probe.start(TOLBRUG_FOLD__BATCH="1")
    for revision in (2, 3):
        await post_licences(second.url, ["L"], revision)
    await until(lambda: _count(probe, 3), "the third revision is committed")
    await second.terminate()
    rows = await probe.rows("SELECT tableoid::regclass::text AS name, seq FROM probe.output ORDER BY seq")
    assert [(row["name"], row["seq"]) for row in rows] == [
        ("probe.output_0", 1), ("probe.output_1000000", 1_000_000), ("probe.output_1000000", 1_000_001),
    ]  # fmt: skip
    assert len(await identities(probe)) == 3


async def test_what_cannot_be_decoded_or_handled_is_a_dead_letter_and_its_neighbours_go_on(probe: Probe) -> None:
    process = await probe.start()
    codec = Codec()
    topic = probe.log(Licence.TOPIC)
    good = codec.encode(a_licence("good"))
    bad = [
        b"",
        b"\x01garbage",
        b"\x00\x00\xff\xff\xff",
        good[:-3],
        good + b"!",
        None,
        codec.encode(a_licence("good", 2, POISON)),
    ]
    for value in bad:
        await topic.write(b"good", value, [("mine", b"kept")])
    await topic.write(b"good", good)
    await until(lambda: _count(probe, 1), "the good one is handled")
    await process.terminate()
    dead = await probe.log(Licence.TOPIC + ".dlq").read()
    assert [r.value or b"" for r in dead] == [value or b"" for value in bad]
    headers = [dict(r.headers) for r in dead]
    assert {h["mine"] for h in headers} == {b"kept"}
    assert [int(h["dlq.offset"]) for h in headers] == list(range(len(bad)))
    assert all(h["dlq.exception.message"] for h in headers)


async def test_a_broken_invariant_halts_its_partition_only(probe: Probe) -> None:
    process = await probe.start()
    halted = await probe.log(Licence.TOPIC).write(b"L0", Codec().encode(a_licence("L0", 1, BROKEN)))
    await until(lambda: _halted(probe, halted), "the partition is halted")
    await post_licences(process.url, NAMES)
    others = {name for name in NAMES if await probe.log(Licence.TOPIC).partition_of(name.encode()) != halted}
    await until(lambda: _count(probe, len(others)), "the other partitions go on")
    await process.terminate()
    assert set(await probe.entries()) == others


async def _halted(probe: Probe, partition: int) -> bool:
    rows = await probe.rows("SELECT partition, halted FROM probe.fold WHERE halted IS NOT NULL")
    return [(r["partition"], r["halted"]) for r in rows] == [(partition, "broken")]


async def test_a_topic_that_was_recreated_halts_the_partition(probe: Probe) -> None:
    process = await probe.start()
    await post_licences(process.url, NAMES)
    await until(lambda: _count(probe, len(NAMES)), "all entries are committed")
    await process.terminate()
    await probe.log(Licence.TOPIC).recreate()
    again = await probe.start()

    async def all_halted() -> bool:
        rows = await probe.rows("SELECT halted FROM probe.fold WHERE halted LIKE '%truncated or recreated%'")
        return len(rows) == 4

    await until(all_halted, "every partition that had read something is halted")
    await again.terminate()


async def test_a_start_that_finds_another_partition_count_is_refused(probe: Probe) -> None:
    process = await probe.start()
    await process.terminate()
    await probe.rows("DELETE FROM probe.fold WHERE partition = 3 RETURNING 1")
    refused = await probe.spawn()
    assert await asyncio.wait_for(refused.wait(), 20) != 0
