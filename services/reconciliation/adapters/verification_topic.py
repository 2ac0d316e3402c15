"""`tolbrug verify`, second half: the entries of the table beside those on their topic.

Both hold the entries of a partition in one order. The topic may repeat what was published and not yet marked when a
process died; anything else that differs was altered, removed, added or moved in one of the two. What was published is
read before the topic's end, and the table after it, so that running services make no difference.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import DictRow, dict_row

from services.core.errors import Rejected
from services.core.messages import Entry
from services.reconciliation.adapters.replay_rows import differing, name_of
from services.reconciliation.domain.chain import hash_of
from services.runtime.codec import PREFIX, Codec
from services.runtime.database import Connection, Database
from services.runtime.kafka.reader import Incoming
from services.runtime.kafka.scan import Scan
from services.runtime.output_table import Output, OutputTable
from services.runtime.settings import KafkaSettings

FOLD: Final = "ledger"
PAGE: Final = 2_000
_PUBLISHED = "SELECT partition, published FROM reconciliation.fold WHERE fold = %s ORDER BY partition"


@dataclass(slots=True)
class Comparison:
    """What was compared, and of each partition the first difference."""

    records: int = 0
    repeats: int = 0
    differences: list[str] = field(default_factory=list)


async def compare(database: Database, kafka: KafkaSettings, codec: Codec) -> Comparison:
    """Compare every partition. Corrupt when a topic no longer begins at its first record."""
    result = Comparison()
    published = {row["partition"]: int(row["published"]) for row in await database.rows(_PUBLISHED, (FOLD,))}
    async with AsyncExitStack() as stack:
        scans = []
        for partition in published:
            scan = Scan(kafka, (Entry.TOPIC,), partition)
            stack.push_async_callback(scan.close)
            await scan.open()
            scans.append(scan)
        connection = await stack.enter_async_context(
            await AsyncConnection[DictRow].connect(database.url, row_factory=dict_row)
        )
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        for scan in scans:
            found = await _Pair(scan, connection, codec, result).difference(published[scan.partition])
            if found is not None:
                result.differences.append(f"{Entry.TOPIC}[{scan.partition}] {found}")
    return result


class _Pair:
    """One partition of the topic and of the table."""

    def __init__(self, scan: Scan, connection: Connection, codec: Codec, result: Comparison) -> None:
        self._scan = scan
        self._connection = connection
        self._codec = codec
        self._result = result
        self._table = OutputTable("reconciliation", FOLD)

    async def difference(self, published: int) -> str | None:
        """The first one; None when there is none."""
        rows = self._rows()
        row = await anext(rows, None)
        async for records in self._scan.records():
            await self._codec.resolve([record.value for record in records if record.value is not None])
            for record in records:
                self._result.records += 1
                if row is not None and _same(record, row):
                    row = await anext(rows, None)
                    continue
                found = await self._otherwise(record, row)
                if found is not None:
                    return f"offset {record.offset}: {found}"
                self._result.repeats += 1
        if row is not None and row.seq <= published:
            return f"ends before {name_of(row)}, which was published"
        return None

    async def _rows(self) -> AsyncIterator[Output]:
        seq = 0
        while page := await self._table.after(self._connection, self._scan.partition, seq, PAGE):
            for row in page:
                if row.topic == Entry.TOPIC:
                    yield row
            seq = page[-1].seq

    async def _otherwise(self, record: Incoming, row: Output | None) -> str | None:
        """What is wrong with a record that is not the one due; None when it repeats an earlier one."""
        due = "the table has no more entries" if row is None else f"{name_of(row)} is due"
        try:
            head = self._codec.head(record.value or b"", "revision")
            licence, revision = str(head["licence"]), int(head["revision"])
        except Rejected as error:
            return f"{due}, and the record cannot be read, it was altered: {error}"
        name = f"entry {revision} of {licence}"
        stored = await self._stored(licence, revision)
        if stored is None:
            return f"{due}, the topic has {name}, which the table does not have"
        if not _same(record, stored):
            return self._altered(record, stored, name)
        if row is None or stored.seq < row.seq:
            return None
        return f"{due}, the topic has {name}, which comes later: one was removed or moved"

    async def _stored(self, licence: str, revision: int) -> Output | None:
        if "\x00" in licence:
            return None
        found = await self._table.entries_of(self._connection, licence, revision - 1, 1)
        return found[0] if found and found[0].entry_revision == revision else None

    def _altered(self, record: Incoming, stored: Output, name: str) -> str:
        values = {"topic": record.value or b"", "table": stored.value or b""}
        what = differing(self._codec, values["topic"], values["table"], name)
        if what is None:
            return f"{name} has another key, id or schema in the topic than in the table"
        whole = [place for place, value in values.items() if self._holds(value)]
        return f"{what} (topic beside table; its hash holds in {' and '.join(whole) or 'neither'})"

    def _holds(self, value: bytes) -> bool:
        try:
            entry = self._codec.decode(value)
        except Rejected:
            return False
        return isinstance(entry, Entry) and entry.hash == hash_of(value[PREFIX:])


def _same(record: Incoming, row: Output) -> bool:
    identity = next((value for name, value in record.headers if name == "ce_id"), None)
    return (record.key, record.value, identity) == (row.key, row.value, row.identity.encode())
