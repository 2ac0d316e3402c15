"""Step 6 of a fold: publish what is committed, in order, while the next batch is under way."""

import asyncio
from collections.abc import Sequence

from services.runtime.crash import crash_point
from services.runtime.kafka.batches import Headers, Outgoing
from services.runtime.kafka.cloud_events import CloudEvents
from services.runtime.kafka.producer import Producer
from services.runtime.output_table import Output

PART = 2_000
"""Records published at once: what is acknowledged of a large batch need not be published again."""


def outgoing(output: Output, events: CloudEvents) -> Outgoing:
    """The record to publish. A dead letter has the headers it was read with, and no others."""
    headers: Headers
    if output.headers is None:
        headers = events.headers(output.type, output.identity, output.key, output.at, output.traceparent)
    else:
        headers = tuple((str(name), None if value is None else bytes.fromhex(value)) for name, value in output.headers)
    return Outgoing(output.topic, output.key, output.value, output.at, headers)


class Publication:
    """Publishes the outputs of one partition. A failure surfaces at the next `put` or `flush`: the owner starts over
    from what the table says is published, so nothing is skipped and a repeat is known by its identity.
    """

    def __init__(self, producer: Producer, source: str, published: int, fold: str) -> None:
        self.published = published
        self._producer = producer
        self._events = CloudEvents(source)
        self._fold = fold
        self._queue: asyncio.Queue[Sequence[Output]] = asyncio.Queue(2)
        self._task = asyncio.create_task(self._run())

    async def put(self, outputs: Sequence[Output]) -> None:
        """Hand over a committed batch; waits while two batches are still to be published."""
        if not outputs:
            return
        self.check()
        if not self._queue.full():
            self._queue.put_nowait(outputs)
            return
        putting = asyncio.ensure_future(self._queue.put(outputs))
        try:
            await asyncio.wait({putting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()  # once put, nothing
        self.check()

    def check(self) -> None:
        """Raise what made publishing fail."""
        if self._task.done():
            self._task.result()

    async def flush(self) -> None:
        """Wait until everything handed over is acknowledged."""
        joining = asyncio.ensure_future(self._queue.join())
        try:
            await asyncio.wait({joining, self._task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            joining.cancel()
        self.check()

    def stop(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            outputs = await self._queue.get()
            for begin in range(0, len(outputs), PART):
                part = outputs[begin : begin + PART]
                await self._producer.publish([outgoing(output, self._events) for output in part])
                crash_point("fold-between-publish-and-mark", self._fold)
                self.published = part[-1].seq
            self._queue.task_done()
