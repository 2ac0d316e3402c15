"""What the runtime publishes, without an engine: in parts, and to which topics."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from services.core.errors import Transient
from services.runtime.kafka.batches import Outgoing
from services.runtime.kafka.producer import Producer
from services.runtime.kafka.topics import with_dead_letters
from services.runtime.output_table import Output
from services.runtime.publication import PART, Publication

AT = datetime(2026, 3, 1, tzinfo=UTC)


def an_output(seq: int) -> Output:
    return Output(seq, "t", b"k", "T", str(seq), AT, None, None, None, None, b"v")


class Failing(Producer):
    """Acknowledges so many calls, then no more."""

    def __init__(self, calls: int) -> None:
        super().__init__("nowhere:1")
        self.left = calls
        self.seen: list[int] = []

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await asyncio.sleep(0.01)
        if not self.left:
            raise Transient("away")
        self.left -= 1
        self.seen.append(len(records))


async def test_of_a_large_batch_what_was_acknowledged_is_known_when_the_rest_fails() -> None:
    producer = Failing(2)
    publication = Publication(producer, "probe", 0, "probe.count")
    await publication.put([an_output(n) for n in range(1, 2 * PART + 2)])
    with pytest.raises(Transient):
        await publication.flush()
    assert publication.published == 2 * PART
    assert producer.seen == [PART, PART]


class Silent(Failing):
    """Never acknowledges."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self.seen.append(len(records))
        await asyncio.Event().wait()


async def test_a_session_that_is_ended_while_it_waits_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    publication = Publication(Silent(0), "probe", 0, "probe.count")
    await publication.put([an_output(1)])
    waiting = asyncio.create_task(publication.flush())
    await asyncio.wait({waiting}, timeout=0.01)
    waiting.cancel()
    publication.stop()
    await asyncio.wait(asyncio.all_tasks() - before, timeout=1)
    assert asyncio.all_tasks() == before


def test_a_dead_letter_topic_has_none_of_its_own() -> None:
    assert with_dead_letters(["a", "b.dlq"]) == ("a", "a.dlq", "b.dlq")
    assert with_dead_letters(with_dead_letters(["a"])) == ("a", "a.dlq")
