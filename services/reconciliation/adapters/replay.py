"""`tolbrug replay`: the ledger and everything it put out, again from the topics.

The entry topic is the order: each recorded entry asks for the message it came from, the next of its topic that is not
silent. What the fold gives again must be what is recorded, byte for byte, so that an entry altered, removed, added or
moved is named by the first place that differs. With `rows`, a table is a second record: its dead letters take their
places, and what it has and the topic not yet is followed too. One partition is one `Rebuild`; memory is bounded by
the ledgers in hand (`Aggregates`).
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from services.core.errors import Corrupt, Rejected
from services.core.messages import (
    Authorisation,
    CarryOver,
    Demand,
    Entry,
    EntryCause,
    EntryOrigin,
    Licence,
    LicenceReminder,
    UsageReport,
)
from services.reconciliation.adapters.replay_aggregates import Aggregates
from services.reconciliation.adapters.replay_entries import RecordedEntries, head_of, place_of
from services.reconciliation.adapters.replay_feed import Feed
from services.reconciliation.adapters.replay_pace import Pace
from services.reconciliation.adapters.replay_rejections import Rejection, Rejections
from services.reconciliation.adapters.replay_rows import Differs, name_of
from services.reconciliation.adapters.replay_table import RecordedRows
from services.reconciliation.adapters.replay_target import Repeat, Target
from services.reconciliation.adapters.replay_what_if import WhatIf
from services.reconciliation.domain.chain import DIGITS
from services.reconciliation.domain.ledger import LicenceLedger
from services.runtime.codec import PREFIX, Codec
from services.runtime.dead_letter import dead_letter
from services.runtime.decoding import Decoded
from services.runtime.fold import FoldSpec
from services.runtime.kafka.reader import Incoming
from services.runtime.kafka.topics import DEAD_LETTER_SUFFIX
from services.runtime.output import decide
from services.runtime.output_table import Output
from services.runtime.publication import PART

_TOPICS: Final[Mapping[tuple[EntryCause, EntryOrigin], str]] = {
    (EntryCause.LICENCE, EntryOrigin.CAUSE): Licence.TOPIC,
    (EntryCause.LICENCE, EntryOrigin.AUTHORISATION): Authorisation.TOPIC,
    (EntryCause.LICENCE, EntryOrigin.USAGE): UsageReport.TOPIC,
    (EntryCause.LICENCE, EntryOrigin.REMINDER): LicenceReminder.TOPIC,
    (EntryCause.LICENCE, EntryOrigin.CARRY_OVER): CarryOver.TOPIC,
    (EntryCause.DEMAND, EntryOrigin.CAUSE): Demand.TOPIC,
}


@dataclass(slots=True)
class Rebuilt:
    """What one partition gave. `digest` is over the hashes of all entries in recorded order; `difference` the first."""

    partition: int
    messages: int = 0
    silent: int = 0
    """Messages that give nothing: repeats, and types the ledger does not handle."""
    dead_letters: int = 0
    entries: int = 0
    repeats: int = 0
    """Records of the entry topic that are there for another time."""
    unpublished: int = 0
    """Entries that are not on their topic yet."""
    outputs: int = 0
    digest: str = ""
    difference: str | None = None
    peak_rss_bytes: int = 0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is there of one partition, open; `feeds` by topic, `rows` when a table is compared."""

    entries: RecordedEntries
    feeds: Mapping[str, Feed]
    rejections: Rejections
    rows: RecordedRows | None = None


class Rebuild:
    """Replays one partition."""

    def __init__(
        self,
        spec: FoldSpec[LicenceLedger],
        codec: Codec,
        recorded: Recorded,
        target: Target,
        ledgers: Aggregates[LicenceLedger],
        result: Rebuilt,
        what_if: WhatIf | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._spec = spec
        self._codec = codec
        self._recorded = recorded
        self._entries = recorded.entries
        self._rows = recorded.rows
        self._rejections = recorded.rejections
        self._target = target
        self._ledgers = ledgers
        self._what_if = what_if
        self._pace = pace
        self._result = result
        self._digest = sha256()
        self._asked: Incoming | Output | None = None
        # A part is published once all before it are: what stands before so many entries is on its topic.
        self._on_topic: deque[int] = deque(maxlen=PART + 1)

    async def run(self, few: int) -> None:
        """Follow what is recorded to its end; the result says what came of it. `few` as in `Aggregates.finish`."""
        try:
            while (topic := await self._due()) is not None:
                await self._rebuild(await self._message(topic))
                if self._pace is not None:
                    await self._pace.keep(self._result.entries)
            if self._rows is not None:
                await self._nothing_more()
        except (Differs, Corrupt) as found:
            self._result.difference = f"partition {self._result.partition}: {found}"
        await self._target.write()
        if self._result.difference is None:
            await self._ledgers.finish(few)
        if self._what_if is not None:
            await self._what_if.write()
        positions = {topic: feed.position for topic, feed in self._recorded.feeds.items()}
        published = self._on_topic[0] - 1 if len(self._on_topic) > PART else 0
        await self._target.done(positions, self._result.outputs, published, self._result.difference)
        self._result.digest = self._digest.hexdigest()

    async def _due(self) -> str | None:
        """The topic whose next message is due, by what is recorded next; None at the end."""
        rows = self._rows
        if rows is not None:
            await self._pass_said(rows)
        if rows is not None and (letter := await rows.rejected()) is not None:
            self._asked = letter
            return self._fed(letter.topic.removesuffix(DEAD_LETTER_SUFFIX))
        while (record := self._entries.in_hand() or await self._entries.peek()) is not None:
            head = self._entries.head(record)
            ledger = self._ledgers.in_hand(head.licence) or await self._ledgers.get(head.licence)
            if head.revision > ledger.revision:
                self._asked = record
                return self._fed(_TOPICS.get((head.cause, head.origin)))
            await self._repeated(record, head.licence, head.revision)
        return None if rows is None else await self._due_by(rows)

    async def _pass_said(self, rows: RecordedRows) -> None:
        """Reminders: time gave them, not a message. What they led to is given by them as messages."""
        while (row := await rows.said()) is not None:
            if row.seq != self._result.outputs + 1:
                raise Differs(f"output {row.seq} of the table: {name_of(row)} stands where another output was removed")
            self._result.outputs += 1
            if self._target.add([row]):
                await self._target.write()

    async def _due_by(self, rows: RecordedRows) -> str | None:
        """The same, after the end of the entry topic."""
        row = await rows.peek()
        if row is None:
            return None
        self._asked = row
        if row.entry_of is None:
            raise Differs(f"{self._what()} is recorded, and no message gives it where it stands")
        try:
            head = head_of(self._codec, row.value or b"")
        except (Rejected, ValueError) as error:
            raise Differs(f"{self._what()} was altered, it cannot be read: {error}") from error
        return self._fed(_TOPICS.get((head.cause, head.origin)))

    def _fed(self, topic: str | None) -> str:
        if topic is None or topic not in self._recorded.feeds:
            raise Differs(f"{self._what()} is recorded, and the message before it does not give it")
        return topic

    async def _message(self, topic: str) -> Decoded:
        feed = self._recorded.feeds[topic]
        decoded = feed.in_hand() or await feed.next()
        if decoded is None:
            raise Differs(f"{self._what()} is recorded, and nothing in {topic} gives it")
        return decoded

    def _what(self) -> str:
        """What asks for a message, and where it stands, in words."""
        asked = self._asked
        if isinstance(asked, Incoming):
            head = self._entries.head(asked)
            return f"{place_of(asked)}: entry {head.revision} of {head.licence}"
        return "" if asked is None else f"output {asked.seq} of the table: {name_of(asked)}"

    async def _rebuild(self, decoded: Decoded) -> None:
        """Handle a message; what it gives must be what is recorded next."""
        outputs = await self._handle(decoded)
        for rebuilt in outputs:
            if rebuilt.entry_of is not None:
                if self._entries.take(rebuilt) or await self._found(rebuilt):
                    self._on_topic.append(rebuilt.seq)
                self._digest.update((rebuilt.value or b"")[-DIGITS:])
                self._result.entries += 1
            if self._rows is not None:
                await self._rows.match(rebuilt)
        self._result.outputs += len(outputs)
        if self._target.add(outputs):
            await self._target.write()
            await self._ledgers.spill()
            if self._what_if is not None:
                await self._what_if.spill()

    async def _found(self, rebuilt: Output) -> bool:
        """Take an entry from its topic, where repeats may stand before it; False at the end of the topic."""
        while (record := await self._entries.peek()) is not None:
            if self._entries.take(rebuilt):
                return True
            head = self._entries.head(record)
            if (head.licence, head.revision) == (rebuilt.entry_of, rebuilt.entry_revision):
                raise Differs(f"{place_of(record)}: {self._entries.otherwise(record, rebuilt)}")
            # Of the licence in hand what comes after this entry is no repeat, though the ledger has it already.
            here = head.licence == rebuilt.entry_of
            last = (rebuilt.entry_revision or 0) - 1 if here else (await self._ledgers.get(head.licence)).revision
            if head.revision > last:
                name = f"entry {head.revision} of {head.licence}"
                what = f"{name} is recorded where the inputs give {name_of(rebuilt)}: one was removed, added or moved"
                raise Differs(f"{place_of(record)}: {what}")
            await self._repeated(record, head.licence, head.revision)
        if self._rows is not None and rebuilt.seq <= self._rows.published:
            raise Differs(f"{Entry.TOPIC} ends before {name_of(rebuilt)}, which was published")
        self._result.unpublished += 1
        return False

    async def _repeated(self, record: Incoming, licence: str, revision: int) -> None:
        self._entries.skip()
        self._result.repeats += 1
        if self._target.repeat(Repeat(place_of(record), licence, revision, (record.value or b"")[PREFIX:])):
            await self._target.write()

    async def _handle(self, decoded: Decoded) -> list[Output]:
        """What the fold puts out for a message: through the same handler and encoding as `Session`."""
        self._result.messages += 1
        record = decoded.record
        why = self._rejections.get((record.topic, record.offset)) if self._rejections else None
        if why is None:
            try:
                outputs = await self._decided(decoded)
            except Rejected as error:
                why = Rejection("decode" if decoded.message is None else "handle", str(error))
        if why is not None:
            self._result.dead_letters += 1
            outputs = [dead_letter(record, *why, self._spec.title, self._result.outputs + 1)]
        self._result.silent += not outputs
        return outputs

    async def _decided(self, decoded: Decoded) -> list[Output]:
        message, record = decoded.message, decoded.record
        if message is None:
            raise Rejected(decoded.reason)
        handler = self._spec.handlers.get(type(message))
        if handler is None:
            return []
        name = self._spec.aggregate(message)
        before = self._ledgers.in_hand(name) or await self._ledgers.get(name)
        decision, outputs = decide(self._spec, self._codec, handler, before, message, record, self._result.outputs + 1)
        if decision.state is not before:
            self._ledgers.put(name, decision.state)
        if self._what_if is not None:
            await self._what_if.handle(name, message, record.at, decision)
        return outputs

    async def _nothing_more(self) -> None:
        """What the fold had read after the last recorded output must give nothing."""
        for feed in self._recorded.feeds.values():
            while (decoded := await feed.next()) is not None:
                await self._rebuild(decoded)
