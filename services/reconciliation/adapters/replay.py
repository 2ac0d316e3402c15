"""`tolbrug replay`: the ledger and everything it put out, again from the topics alone.

The two topics of a partition say what came; the recorded outputs say in which order the two were read: an entry names
its cause, a dead letter its origin. Each recorded row asks for the message it came from; messages passed over on the
way (repeats) are handled too and must give nothing. What the fold gives again must be what is recorded, byte for
byte, so that an entry altered, removed, added or moved is named by the first row that differs. One partition is one
`Rebuild`; memory is bounded by the ledgers in hand (`Aggregates`).
"""

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from services.core.errors import Rejected, TolbrugError
from services.core.message import Message
from services.core.messages import Cover, Demand, Entry, EntryCause, Licence
from services.reconciliation.adapters.replay_aggregates import Aggregates
from services.reconciliation.adapters.replay_feed import Feed
from services.reconciliation.adapters.replay_rows import difference, name_of
from services.reconciliation.adapters.replay_what_if import WhatIf
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.what_if import Change
from services.runtime.codec import Codec
from services.runtime.database import Connection
from services.runtime.dead_letter import dead_letter
from services.runtime.decoding import Decoded
from services.runtime.fold import FoldSpec
from services.runtime.kafka.topics import DEAD_LETTER_SUFFIX
from services.runtime.output import decide
from services.runtime.output_table import Output, OutputTable

_TOPICS: Final[Mapping[str, str]] = {EntryCause.LICENCE.value: Licence.TOPIC, EntryCause.DEMAND.value: Demand.TOPIC}
WRITTEN_AT_ONCE: Final = 2_000


class Differs(TolbrugError):
    """What the topics give is not what is recorded."""


@dataclass(slots=True)
class Rebuilt:
    """What one partition gave. `digest` is over the hashes of all entries in recorded order; `difference` the first."""

    partition: int
    messages: int = 0
    silent: int = 0
    """Messages that give nothing: repeats, and types the ledger does not handle."""
    dead_letters: int = 0
    entries: int = 0
    outputs: int = 0
    digest: str = ""
    difference: str | None = None
    changes: list[Change] = field(default_factory=list)
    peak_rss_bytes: int = 0
    cpu_seconds: float = 0.0


class Rebuild:
    """Replays one partition into `connection`; `feeds` by topic, open."""

    def __init__(
        self,
        spec: FoldSpec[LicenceLedger],
        codec: Codec,
        connection: Connection,
        feeds: Mapping[str, Feed],
        ledgers: Aggregates[LicenceLedger],
        result: Rebuilt,
        what_if: WhatIf | None = None,
    ) -> None:
        self._spec = spec
        self._codec = codec
        self._connection = connection
        self._table = OutputTable(spec.service, spec.name)
        self._feeds = feeds
        self._ledgers = ledgers
        self._what_if = what_if
        self._result = result
        self._made: deque[Output] = deque()
        self._rebuilt: list[Output] = []
        self._seq = 0
        self._digest = sha256()

    async def run(self, pages: AsyncIterator[Sequence[Output]]) -> None:
        """Follow the recorded outputs to their end; the result says what came of it."""
        try:
            async for page in pages:
                await self._codec.resolve([row.value for row in page if row.value is not None])
                for recorded in page:
                    await self._follow(recorded)
            await self._nothing_more()
        except Differs as found:
            self._result.difference = str(found)
        await self._write()
        await self._ledgers.save()
        self._result.digest = self._digest.hexdigest()
        if self._what_if is not None:
            self._result.changes = self._what_if.changes

    async def _follow(self, recorded: Output) -> None:
        while not self._made:
            self._made.extend(await self._handle(await self._cause(recorded)))
        rebuilt = self._made.popleft()
        found = difference(self._codec, recorded, rebuilt)
        if found is not None:
            raise Differs(f"partition {self._result.partition}, output {recorded.seq}: {found}")
        await self._take(rebuilt)

    async def _take(self, rebuilt: Output) -> None:
        self._result.outputs += 1
        if rebuilt.entry_of is not None:
            self._result.entries += 1
        self._rebuilt.append(rebuilt)
        if len(self._rebuilt) >= WRITTEN_AT_ONCE:
            await self._write()
            await self._ledgers.spill()
            if self._what_if is not None:
                await self._what_if.spill()

    async def _write(self) -> None:
        if self._rebuilt:
            await self._table.append(self._connection, self._result.partition, self._rebuilt)
            self._rebuilt.clear()

    async def _cause(self, recorded: Output) -> Decoded:
        """The next message of the topic that this row says it comes from."""
        where = f"partition {self._result.partition}, output {recorded.seq}: {name_of(recorded)}"
        topic = self._origin(recorded, where)
        decoded = await self._feeds[topic].next()
        if decoded is None:
            raise Differs(f"{where} is recorded, and nothing in {topic} gives it")
        return decoded

    def _origin(self, recorded: Output, where: str) -> str:
        topic: str | None = None
        if recorded.entry_of is not None:
            try:
                topic = _TOPICS.get(self._codec.head(recorded.value or b"", "cause_id")["cause"])
            except Rejected as error:
                raise Differs(f"{where} cannot be read: {error}") from error
        elif recorded.topic.endswith(DEAD_LETTER_SUFFIX):
            topic = recorded.topic.removesuffix(DEAD_LETTER_SUFFIX)
        if topic is None or topic not in self._feeds:
            raise Differs(f"{where} is recorded, and {self._due(recorded)}")
        return topic

    def _due(self, recorded: Output) -> str:
        """What should stand before an output that no message begins with."""
        try:
            message = self._codec.decode(recorded.value or b"")
        except Rejected as error:
            return f"cannot be read: {error}"
        if isinstance(message, Cover):
            return f"entry {message.entry_revision} of {message.licence}, which it follows from, is not"
        return "the message before it does not give it"

    async def _handle(self, decoded: Decoded) -> list[Output]:
        """What the fold puts out for a message: through the same handler and encoding as `Session`."""
        self._result.messages += 1
        try:
            outputs = await self._decided(decoded)
        except Rejected as error:
            self._result.dead_letters += 1
            stage = "decode" if decoded.message is None else "handle"
            outputs = [dead_letter(decoded.record, stage, str(error), self._spec.title, self._seq + 1)]
        self._result.silent += not outputs
        self._seq += len(outputs)
        return outputs

    async def _decided(self, decoded: Decoded) -> list[Output]:
        message, record = decoded.message, decoded.record
        if message is None:
            raise Rejected(decoded.reason)
        handler = self._spec.handlers.get(type(message))
        if handler is None:
            return []
        name = self._spec.aggregate(message)
        before = await self._ledgers.get(name)
        decision, outputs = decide(self._spec, self._codec, handler, before, message, record, self._seq + 1)
        if decision.state is not before:
            self._ledgers.put(name, decision.state)
        self._digest_of(decision.outputs)
        if self._what_if is not None:
            await self._what_if.handle(name, message, record.at, decision)
        return outputs

    def _digest_of(self, outputs: Sequence[Message]) -> None:
        for output in outputs:
            if isinstance(output, Entry):
                self._digest.update(output.hash.encode())

    async def _nothing_more(self) -> None:
        """What is read after the last recorded output must give nothing."""
        for feed in self._feeds.values():
            while not self._made and (decoded := await feed.next()) is not None:
                self._made.extend(await self._handle(decoded))
        if self._made:
            missing = self._made[0]
            where = f"partition {self._result.partition}, output {missing.seq}"
            raise Differs(f"{where}: the topics give {name_of(missing)}, and no such thing is recorded")
