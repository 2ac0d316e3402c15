"""How an API or a console reads the aggregates of a fold: stored state + entries after it, never behind a commit."""

from typing import Generic, TypeVar

from services.core.message import Message
from services.runtime.aggregates import load
from services.runtime.codec import Codec
from services.runtime.database import Database
from services.runtime.fold import FoldSpec
from services.runtime.output_table import OutputTable

S = TypeVar("S")


class FoldReader(Generic[S]):
    """Reads what a fold of this service has committed."""

    def __init__(self, database: Database, spec: FoldSpec[S], codec: Codec) -> None:
        self._database = database
        self._spec = spec
        self._codec = codec
        self._table = OutputTable(spec.service, spec.name)

    async def read(self, aggregate: str) -> S | None:
        """The state of an aggregate as of the last commit; None when nothing is known of it."""
        async with self._database.connection() as connection:
            return (await load(connection, self._spec, self._codec, [aggregate])).get(aggregate)

    async def entries(self, aggregate: str, after: int, limit: int) -> list[Message]:
        """Entries of an aggregate above a revision, in order."""
        return [entry for entry, _ in await self.recorded(aggregate, after, limit)]

    async def recorded(self, aggregate: str, after: int, limit: int) -> list[tuple[Message, bytes]]:
        """The same, each with the value it was read from."""
        async with self._database.connection() as connection:
            rows = await self._table.entries_of(connection, aggregate, after, limit)
        values = [row.value or b"" for row in rows]
        await self._codec.resolve(values)
        return [(self._codec.decode(value), value) for value in values]
