"""Records as only a stranger writes them hold up no partition; a log that lost its past does."""

from typing import Any

import httpx
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from services.core.messages import Licence
from services.runtime.codec import Codec
from tests.integration.runtime.probe import a_licence
from tests.integration.runtime.probe_process import Probe, post_licences, until

CODEC = Codec()
DLQ = Licence.TOPIC + ".dlq"


async def _entries_are(probe: Probe, expected: dict[str, list[int]]) -> bool:
    return await probe.entries() == expected


async def test_headers_and_keys_that_no_table_can_keep(probe: Probe) -> None:
    process = await probe.start()
    topic = probe.log(Licence.TOPIC)
    absent: Any = None
    await topic.write(b"L", b"garbage", [("absent", absent), ("na\x00me", b"kept")])
    await topic.write(b"L", CODEC.encode(a_licence("L\x00")))
    await topic.write(b"L", CODEC.encode(a_licence("L", 1)), [("traceparent", absent)])
    await topic.write(b"L", CODEC.encode(a_licence("L", 2)), [("traceparent", b"\x00" * 100_000)])
    await until(lambda: _entries_are(probe, {"L": [1, 2]}), "both revisions are entered")
    await process.terminate()
    dead = await probe.log(DLQ).read()
    assert [dict(r.headers)["dlq.stage"] for r in dead] == [b"decode", b"decode"]
    assert dict(dead[0].headers)["absent"] is None
    assert dict(dead[0].headers)["na\ufffdme"] == b"kept"


async def test_a_record_too_large_to_be_published_again_is_named_in_its_dead_letter(probe: Probe) -> None:
    process = await probe.start()
    topic = probe.log(Licence.TOPIC)
    producer = AIOKafkaProducer(
        bootstrap_servers=probe.installation.bootstrap_servers, compression_type="gzip", max_request_size=2**25
    )
    await producer.start()
    sent = await producer.send_and_wait(topic.topic, b"\x00" * 10_000_000, b"L")
    await producer.stop()
    await topic.write(b"L", CODEC.encode(a_licence("L")))
    await until(lambda: _entries_are(probe, {"L": [1]}), "the next record is entered")

    async def published() -> bool:
        rows = await probe.rows("SELECT 1 FROM probe.fold WHERE published < last_output")
        return not rows

    await until(published, "everything is published")
    await process.terminate()
    (dead,) = await probe.log(DLQ).read()
    headers = dict(dead.headers)
    assert (dead.key, dead.value) == (None, None)
    assert int(headers["dlq.offset"]) == sent.offset
    assert b"10000000 bytes, SHA-256" in headers["dlq.left-out"]


async def test_a_topic_that_lost_the_record_read_last_halts_the_partition(probe: Probe) -> None:
    process = await probe.start()
    await post_licences(process.url, ["L"])
    await until(lambda: _entries_are(probe, {"L": [1]}), "the licence has its entry")
    await process.terminate()
    topic = probe.log(Licence.TOPIC)
    partition = await topic.partition_of(b"L")
    admin = AIOKafkaAdminClient(bootstrap_servers=probe.installation.bootstrap_servers)
    await admin.start()
    await admin.delete_records({TopicPartition(topic.topic, partition): RecordsToDelete(before_offset=-1)})
    await admin.close()
    again = await probe.start()

    async def halted() -> bool:
        rows = await probe.rows("SELECT partition FROM probe.fold WHERE halted LIKE '%truncated or recreated%'")
        return rows == [{"partition": partition}]

    await until(halted, "the partition is halted")
    await again.terminate()


async def test_lag_shows_while_a_backlog_is_worked_off(probe: Probe) -> None:
    await (await probe.start()).terminate()
    topic = probe.log(Licence.TOPIC)
    value = CODEC.encode(a_licence("L"))
    producer = AIOKafkaProducer(bootstrap_servers=probe.installation.bootstrap_servers)
    await producer.start()
    for _ in range(3_000):
        await producer.send(topic.topic, value, b"L")
    await producer.stop()
    process = await probe.start(TOLBRUG_FOLD__BATCH="1")

    async def lagging() -> bool:
        async with httpx.AsyncClient(base_url=process.url) as client:
            text = (await client.get("/metrics")).text
        found = [line for line in text.splitlines() if line.startswith("tolbrug_consumer_lag_records{")]
        return any(float(line.rsplit(" ", 1)[1]) > 0 for line in found)

    await until(lagging, "the gauge shows the backlog", timeout_s=5)
    await process.terminate()
