"""One partition of a fold: its transaction in six steps.

    1 read      its inputs, side by side
    2 decode    what cannot be decoded becomes a dead letter
    3 load      the aggregates the batch touches (`aggregates`)
    4 fold      handle(state, message, now) -> Decision, pure, in order
    5 commit    one transaction: compare-and-set of the partition's row, outputs, aggregates when due
    6 publish   in order, while the next batch runs

A crash anywhere leaves the row as it was or as it became, never between; what was committed and not marked as published
is published again at the next start. A session ends on any doubt (lost connection, unknown commit outcome, rejected
record) and the next one begins from the row: there is one way to recover.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from services.core.errors import Corrupt, Fenced, Rejected, Transient
from services.runtime.aggregates import Aggregates
from services.runtime.clock import Clock
from services.runtime.codec import Codec
from services.runtime.crash import crash_point
from services.runtime.database import Connection, Database
from services.runtime.dead_letter import dead_letters
from services.runtime.decoding import Decoded, decode
from services.runtime.fold import FoldSpec
from services.runtime.fold_table import FoldRow, FoldTable
from services.runtime.kafka.producer import Producer
from services.runtime.kafka.reader import Incoming, PartitionReader, Position
from services.runtime.output import decide
from services.runtime.output_table import Output, OutputTable
from services.runtime.publication import Publication
from services.runtime.reminding import Changes, Reminding
from services.runtime.settings import RuntimeSettings
from services.runtime.statements import Part, Write
from services.runtime.store import PartStore
from services.runtime.telemetry import BATCH_SECONDS, COMMITS, DEAD_LETTERS, LAG, RECORDS_IN, log
from services.runtime.turns import Turns

S = TypeVar("S")

IDLE_MS = 200
RESTORE_PAGE = 5_000


@dataclass(frozen=True)
class Engines:
    """What a session works with."""

    settings: RuntimeSettings
    database: Database
    codec: Codec
    producer: Producer
    clock: Clock = field(default_factory=Clock)
    turns: Turns = field(default_factory=Turns)


class Session(Generic[S]):
    """Works on one partition under one epoch until told to stop, fenced, or in doubt."""

    def __init__(self, spec: FoldSpec[S], engines: Engines, partition: int, epoch: int) -> None:
        self._spec = spec
        self._engines = engines
        self._partition = partition
        self._epoch = epoch
        self._table = FoldTable(spec.service, spec.name)
        self._outputs = OutputTable(spec.service, spec.name)
        self._aggregates = Aggregates(spec, engines.codec, engines.settings.fold)
        self._reminding = Reminding(spec, engines.clock, partition)
        self.stopping = False
        self.ready = False
        self._row: FoldRow
        self._publication: Publication
        self._reader: PartitionReader

    def stop(self) -> None:
        """Finish the batch under way, then return from `run`."""
        self.stopping = True

    async def run(self) -> None:
        """Take over, then work. Fenced, Corrupt, Transient and database errors end the session."""
        kafka = self._engines.settings.kafka
        group = f"{kafka.topic_prefix}tolbrug.{self._spec.title}"
        self._reader = PartitionReader(
            kafka.bootstrap_servers, kafka.topic_prefix, self._spec.inputs, self._partition, group
        )
        try:
            await self._take_over()
            while not self.stopping:
                await self._step()
            await self._finish()
        finally:
            if hasattr(self, "_publication"):
                self._publication.stop()
            self._reminding.stop()
            await self._reader.stop()

    async def _take_over(self) -> None:
        """Publish what the table still holds, find the inputs as they were left."""
        async with self._engines.database.connection() as connection:
            self._row = await self._table.read(connection, self._partition)
            self._own(self._row)
        await self._reminding.begin(self._engines.database, self._engines.codec, self._epoch)
        producer, title = self._engines.producer, self._spec.title
        self._publication = Publication(producer, self._spec.service, self._row.published, title)
        await self._publish_rest()
        await self._reader.start(self._row.positions)
        self.ready = True
        log.info("partition.ready", fold=self._spec.title, partition=self._partition, epoch=self._epoch)

    def _own(self, row: FoldRow) -> None:
        if row.epoch != self._epoch:
            raise Fenced(f"{self._spec.title}[{self._partition}] is at epoch {row.epoch}, ours is {self._epoch}")
        if row.halted is not None:
            raise Fenced(f"{self._spec.title}[{self._partition}] is halted: {row.halted}")

    async def _outputs_after(self, seq: int) -> AsyncIterator[Sequence[Output]]:
        """Pages of what is committed. No connection is held while a page is worked on: Kafka may be away for long."""
        while True:
            async with self._engines.database.connection() as connection:
                page = await self._outputs.after(connection, self._partition, seq, RESTORE_PAGE)
            if not page:
                return
            yield page
            seq = page[-1].seq

    async def _publish_rest(self) -> None:
        async for outputs in self._outputs_after(self._row.published):
            await self._publication.put(outputs)
        await self._publication.flush()
        await self._mark()

    async def _step(self) -> None:
        self._publication.check()
        records = await self._reader.read(self._engines.settings.fold.batch, IDLE_MS)  # 1
        for topic, lag in self._reader.lag(self._row.positions).items():
            LAG.labels(self._spec.title, topic, self._partition).set(lag)
        if not records:
            await self._idle()
        else:
            async with self._engines.turns.turn():
                await self._work(await self._reader.more(records, self._engines.settings.fold.batch))
        await self._remind()

    async def _work(self, records: Sequence[Incoming]) -> None:
        started = time.perf_counter()
        left = await decode(self._engines.codec, records)  # 2
        while left:
            batch = await self._load(left)  # 3
            outputs = self._fold(batch)  # 4
            await self._commit([d.record for d in batch], outputs)  # 5
            await self._publication.put(outputs)  # 6
            left = left[len(batch) :]
        BATCH_SECONDS.labels(self._spec.title).observe(time.perf_counter() - started)
        RECORDS_IN.labels(self._spec.title).inc(len(records))

    async def _load(self, decoded: Sequence[Decoded]) -> Sequence[Decoded]:
        """Take in hand what the first of these touch, as far as memory is for; which they are."""
        names = [self._spec.aggregate(d.message) if type(d.message) in self._spec.handlers else None for d in decoded]
        missing = self._aggregates.missing(dict.fromkeys(name for name in names if name is not None))
        if not missing:
            return decoded
        async with self._engines.database.connection() as connection:
            taken = await self._aggregates.load(connection, missing)
        return decoded if taken == len(missing) else decoded[: names.index(missing[taken])]

    def _fold(self, decoded: Sequence[Decoded]) -> list[Output]:
        outputs: list[Output] = []
        seq = self._row.last_output
        for d in decoded:
            try:
                made = self._handle(d, seq + len(outputs) + 1)
            except Rejected as error:
                stage = "decode" if d.message is None else "handle"
                made = self._dead(d.record, stage, str(error), seq + len(outputs) + 1)
            outputs += made
        return outputs

    def _dead(self, record: Incoming, stage: str, reason: str, seq: int, problem: str | None = None) -> list[Output]:
        title = self._spec.title
        DEAD_LETTERS.labels(title, record.topic).inc()
        log.warning("record.dead", fold=title, topic=record.topic, offset=record.offset, reason=reason)
        return dead_letters(record, stage, reason, title, seq, problem)

    def _handle(self, decoded: Decoded, seq: int) -> list[Output]:
        """Outputs of one record. The state changes only when all of them can be published."""
        message, record = decoded.message, decoded.record
        if message is None:
            raise Rejected(decoded.reason)
        handler = self._spec.handlers.get(type(message))
        if handler is None:
            return []
        name = self._spec.aggregate(message)
        before = self._aggregates[name]
        self._reminding.handling(name, before, message)
        try:
            decision, outputs = decide(self._spec, self._engines.codec, handler, before, message, record, seq)
        except (Rejected, Corrupt):
            raise
        except Exception as error:
            log.exception("handler.failed", fold=self._spec.title, identity=message.identity)
            raise Corrupt(f"handler failed on {type(message).__name__} {message.identity}: {error!r}") from error
        if decision.state is not before:
            self._aggregates.put(name, decision.state)
        return outputs

    async def _commit(self, records: Sequence[Incoming], outputs: Sequence[Output]) -> None:
        after = self._after(self._behind(records), outputs)
        due, reminders = self._aggregates.due(), self._reminding.changes(self._aggregates.__getitem__)
        parts, rest = self._writes(outputs, due, reminders)
        await self._commit_all(after, parts, rest)
        crash_point("fold-after-commit", self._spec.title)
        COMMITS.labels(self._spec.title, "committed").inc()
        self._row = after
        self._reminding.committed(reminders)
        self._aggregates.committed(due)

    def _behind(self, records: Sequence[Incoming]) -> Mapping[str, Position]:
        """The positions once these records are read."""
        last = {r.topic: r for r in records}
        return {**self._row.positions, **{t: Position(r.offset + 1, r.hash) for t, r in last.items()}}

    def _after(self, positions: Mapping[str, Position], outputs: Sequence[Output]) -> FoldRow:
        """The row as it becomes by one transaction more."""
        row, published = self._row, self._publication.published
        last = row.last_output + len(outputs)
        return replace(row, batch=row.batch + 1, positions=positions, last_output=last, published=published)

    def _writes(
        self, outputs: Sequence[Output], due: Mapping[str, S], reminders: Changes
    ) -> tuple[Sequence[Part], Sequence[Write]]:
        """What a commit writes: what goes with the statement that advances the row, and what takes more."""
        parts, rest = self._reminding.parts(reminders), list[Write]()
        if outputs and self._outputs.takes(outputs):
            parts.append(self._outputs.part(self._partition, outputs))
        elif outputs:
            rest.append(lambda connection: self._outputs.append(connection, self._partition, outputs))
        store = self._spec.store
        if due and isinstance(store, PartStore):
            parts += store.parts(self._partition, due)
        elif due:
            rest.append(lambda connection: store.save(connection, self._partition, due))
        return parts, rest

    async def _commit_all(self, after: FoldRow, parts: Sequence[Part], rest: Sequence[Write]) -> None:
        """One statement where that does: it is a transaction of its own."""
        database = self._engines.database
        async with database.transaction() if rest else database.connection() as connection:
            if not rest:
                crash_point("fold-before-commit", self._spec.title)
            if not await self._table.advance(connection, self._row, after, parts):
                await self._lost(connection)
            for write in rest:
                await write(connection)
            if rest:
                crash_point("fold-before-commit", self._spec.title)

    async def _lost(self, connection: Connection) -> None:
        """The row is not as this session left it: another owns it, or a commit of ours landed unseen."""
        COMMITS.labels(self._spec.title, "lost").inc()
        self._own(await self._table.read(connection, self._partition))
        raise Transient(f"{self._spec.title}[{self._partition}] moved under this session")

    async def _remind(self) -> None:
        """Put out what is due, once the inputs are read up to then: steps 5 and 6 of a batch that no record caused."""
        until = await self._reminding.until(self._reader, self._row.positions)
        if until is None:
            return
        async with self._engines.database.transaction() as connection:
            found = await self._reminding.due(connection, until)
            if not found:
                return
            outputs = self._reminding.outputs(self._engines.codec, found, self._row.last_output + 1)
            after = self._after(self._row.positions, outputs)
            if not await self._table.advance(connection, self._row, after):
                await self._lost(connection)
            await self._outputs.append(connection, self._partition, outputs)
            await self._reminding.said(connection, found)
            crash_point("reminder-before-commit", self._spec.title)
        crash_point("reminder-after-commit", self._spec.title)
        self._row = after
        await self._publication.put(outputs)

    async def _idle(self) -> None:
        if self._publication.published > self._row.published:
            await self._mark()
            await self._reader.show_positions(self._row.positions)

    async def _mark(self) -> None:
        self._row = replace(self._row, published=self._publication.published)
        async with self._engines.database.connection() as connection:
            await self._table.mark_published(connection, self._row, self._row.published)

    async def _finish(self) -> None:
        """A clean stop leaves nothing to publish."""
        await self._publication.flush()
        await self._mark()
