"""The outputs of one partition as they stand in the table of an installation: a second record beside the topic."""

from collections.abc import Sequence
from typing import Final

from services.core.messages import LicenceReminder
from services.reconciliation.adapters.replay_rows import Differs, difference, name_of
from services.runtime.codec import Codec
from services.runtime.database import Connection
from services.runtime.kafka.topics import DEAD_LETTER_SUFFIX
from services.runtime.output_table import Output, OutputTable

PAGE: Final = 2_000


class RecordedRows:
    """Reads them at one moment: that of the transaction on `connection`. `published`: the last that is on its topic."""

    def __init__(
        self, codec: Codec, table: OutputTable, connection: Connection, partition: int, published: int
    ) -> None:
        self.published = published
        self._codec = codec
        self._table = table
        self._connection = connection
        self._partition = partition
        self._page: Sequence[Output] = ()
        self._at = 0
        self._seq = 0

    async def peek(self) -> Output | None:
        """The next row, which stays the next; None at the end."""
        if self._at == len(self._page):
            page = await self._table.after(self._connection, self._partition, self._seq, PAGE)
            if not page:
                return None
            await self._codec.resolve([row.value for row in page if row.value is not None])
            self._page, self._at, self._seq = page, 0, page[-1].seq
        return self._page[self._at]

    async def rejected(self) -> Output | None:
        """The next row when it is a dead letter."""
        row = await self.peek()
        return row if row is not None and row.topic.endswith(DEAD_LETTER_SUFFIX) else None

    async def said(self) -> Output | None:
        """Take the next row when it is a reminder."""
        row = await self.peek()
        if row is None or row.topic != LicenceReminder.TOPIC:
            return None
        self._at += 1
        return row

    async def match(self, rebuilt: Output) -> None:
        """Take the next row. Differs when it is not what was rebuilt."""
        row = await self.peek()
        if row is None:
            raise Differs(
                f"output {rebuilt.seq} of the table: the topics give {name_of(rebuilt)}, and no such thing is recorded"
            )
        if row != rebuilt:
            found = difference(self._codec, row, rebuilt)
            if found is not None:
                raise Differs(f"output {row.seq} of the table: {found}")
        self._at += 1
