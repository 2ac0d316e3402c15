"""The ledgers a replay has in hand: a bounded number in memory, the others in the database that is rebuilt."""

from collections.abc import Collection
from typing import Generic, TypeVar

from services.runtime.database import Connection
from services.runtime.fold import FoldSpec

S = TypeVar("S")


class Aggregates(Generic[S]):
    """`most` bounds how many stay in memory after `spill`; those in hand longest go first."""

    def __init__(self, spec: FoldSpec[S], connection: Connection, partition: int, most: int) -> None:
        self._spec = spec
        self._connection = connection
        self._partition = partition
        self._most = most
        self._held: dict[str, S] = {}
        self._dirty: set[str] = set()
        self._spilled = False

    async def get(self, name: str) -> S:
        """The state of an aggregate; a new one when nothing is known of it."""
        if name not in self._held:
            await self.load({name})
        return self._held[name]

    async def load(self, names: Collection[str]) -> None:
        """Take these in hand, with one question to the database when any was put there at all."""
        missing = sorted(set(names) - self._held.keys())
        if not missing:
            return
        stored = await self._spec.store.load(self._connection, missing) if self._spilled else {}
        for name in missing:
            self._held[name] = stored[name] if name in stored else self._spec.new(name)

    def put(self, name: str, state: S) -> None:
        self._held[name] = state
        self._dirty.add(name)

    async def spill(self) -> None:
        """Put the surplus into the database; all that changed, so that none is written twice in a row."""
        if len(self._held) > self._most:
            await self.save()
            for name in list(self._held)[: len(self._held) - self._most // 2]:
                del self._held[name]

    async def save(self) -> None:
        """Write all that changed."""
        if self._dirty:
            states = {name: self._held[name] for name in sorted(self._dirty)}
            await self._spec.store.save(self._connection, self._partition, states)
            self._spilled = True
            self._dirty.clear()
