"""How an API or a console reads the aggregates of a fold: snapshot + the entries after it, never behind a commit."""

from typing import Generic, TypeVar

from services.core.message import Message
from services.runtime.codec import Codec
from services.runtime.database import Database
from services.runtime.fold import FoldSpec
from services.runtime.fold_table import FoldTable

S = TypeVar("S")

PAGE = 5_000


class FoldReader(Generic[S]):
    """Reads what a fold of this service has committed."""

    def __init__(self, database: Database, spec: FoldSpec[S], codec: Codec) -> None:
        self._database = database
        self._spec = spec
        self._codec = codec
        self._table = FoldTable(spec.service, spec.name)

    async def read(self, aggregate: str) -> S | None:
        """The state of an aggregate as of the last commit; None when nothing is known of it."""
        async with self._database.connection() as connection:
            state = (await self._spec.store.load(connection, [aggregate])).get(aggregate)
        entries = self._spec.entries
        if entries is None:
            return state
        after = 0 if state is None else entries.revision(state)
        while page := await self.entries(aggregate, after, PAGE):
            if state is None:
                state = self._spec.new(aggregate)
            for entry in page:
                state = entries.apply(state, entry)
            after = entries.revision(state)
        return state

    async def entries(self, aggregate: str, after: int, limit: int) -> list[Message]:
        """Entries of an aggregate above a revision, in order."""
        async with self._database.connection() as connection:
            rows = await self._table.entries_of(connection, aggregate, after, limit)
        await self._codec.resolve([row.value for row in rows if row.value is not None])
        return [self._codec.decode(row.value or b"") for row in rows]
