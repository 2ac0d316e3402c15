"""The entries of one partition as they stand on their topic: the record of what was decided, and in which order.

The topic may repeat what was published and not yet marked when a process died; the first time an entry stands there
counts.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

from services.core.avro import length_at, long_at
from services.core.errors import Rejected
from services.core.messages import ENTRYCAUSE_AT, Entry, EntryCause, EntryOrigin
from services.reconciliation.adapters.replay_rows import Differs, differing, name_of
from services.runtime.codec import PREFIX, Codec
from services.runtime.kafka.reader import Incoming
from services.runtime.kafka.scan import Scan
from services.runtime.output_table import Output
from services.runtime.settings import KafkaSettings

_FAILURES: Final = (IndexError, KeyError, ValueError)


class Head(NamedTuple):
    """What an entry begins with."""

    licence: str
    revision: int
    cause: EntryCause
    origin: EntryOrigin = EntryOrigin.CAUSE


class RecordedEntries:
    """Reads them up to where the topic ends when it is opened."""

    def __init__(self, kafka: KafkaSettings, codec: Codec, partition: int) -> None:
        self._codec = codec
        self._scan = Scan(kafka, (Entry.TOPIC,), partition)
        self._batches: AsyncIterator[list[Incoming]]
        self._batch: Sequence[Incoming] = ()
        self._at = 0
        self._own: bytes = b""
        self._known: set[bytes] = set()

    async def open(self) -> None:
        """Corrupt when the topic no longer begins at its first record."""
        await self._scan.open()
        self._batches = self._scan.records()

    async def close(self) -> None:
        await self._scan.close()

    def in_hand(self) -> Incoming | None:
        """The next record, which stays the next, when it need not be waited for."""
        return self._batch[self._at] if self._at < len(self._batch) else None

    async def peek(self) -> Incoming | None:
        """The next record, which stays the next; None at the end."""
        while self._at == len(self._batch):
            batch = await anext(self._batches, None)
            if batch is None:
                return None
            await self._codec.resolve([record.value for record in batch if record.value is not None])
            self._batch, self._at = batch, 0
        return self._batch[self._at]

    def skip(self) -> None:
        """Go on to the record after the next."""
        self._at += 1

    def take(self, rebuilt: Output) -> bool:
        """Whether the next record is in hand and is this entry, byte for byte; then it is taken."""
        if self._at == len(self._batch) or rebuilt.value is None:
            return False
        record = self._batch[self._at]
        if record.value != rebuilt.value and not self._under_another_id(record.value or b"", rebuilt.value):
            return False
        if record.key != rebuilt.key or record.at != rebuilt.at:
            return False
        if ("ce_id", rebuilt.identity.encode()) not in record.headers:
            return False
        self._own = rebuilt.value[:PREFIX]
        self._at += 1
        return True

    def _under_another_id(self, value: bytes, rebuilt: bytes) -> bool:
        """The same, with the schema id that a registry had given it then."""
        if value[PREFIX:] != rebuilt[PREFIX:]:
            return False
        prefix = value[:PREFIX]
        if prefix not in self._known and differing(self._codec, value, rebuilt, "") is None:
            self._known.add(prefix)
        return prefix in self._known

    def otherwise(self, record: Incoming, rebuilt: Output) -> str:
        """In what a record that is to be this entry is not it."""
        found = differing(self._codec, record.value or b"", rebuilt.value or b"", name_of(rebuilt))
        return found or f"{name_of(rebuilt)} has another key, time or id than the inputs give"

    def head(self, record: Incoming) -> Head:
        """Differs when it cannot be read."""
        value = record.value or b""
        if value[:PREFIX] == self._own:
            try:
                head = _head(value)
                if head.cause is not EntryCause.LICENCE:
                    return head
            except _FAILURES:
                pass  # it is read once more, for the reason
        try:
            return head_of(self._codec, value)
        except (Rejected, ValueError) as error:
            raise Differs(f"{place_of(record)}: the record was altered, it cannot be read: {error}") from error


def head_of(codec: Codec, value: bytes) -> Head:
    """Of an entry in any form. Rejected or ValueError when it cannot be read.

    Where the cause says licence, the origin says whether the licence itself or what stands beside it; it comes late in
    the record, and those entries are few.
    """
    fields = codec.head(value, "cause")
    cause, origin = EntryCause(fields["cause"]), EntryOrigin.CAUSE
    if cause is EntryCause.LICENCE:
        entry = codec.decode(value)
        origin = entry.origin if isinstance(entry, Entry) else origin
    return Head(str(fields["licence"]), int(fields["revision"]), cause, origin)


def _head(value: bytes) -> Head:
    """Of an entry in the form that this release writes."""
    size, at = length_at(value, PREFIX)
    licence = value[at : at + size].decode()
    revision, at = long_at(value, at + size)
    return Head(licence, revision, ENTRYCAUSE_AT[value[at]])


def place_of(record: Incoming) -> str:
    """Where a record stands, in words."""
    return f"{record.topic}[{record.partition}] offset {record.offset}"
