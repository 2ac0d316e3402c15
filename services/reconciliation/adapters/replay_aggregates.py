"""The ledgers a replay has in hand: a bounded number of their parts in memory, the others in the rebuilt database."""

from collections.abc import Collection, Iterable
from typing import Final, Generic, TypeVar

from services.runtime.database import Connection
from services.runtime.fold import FoldSpec

S = TypeVar("S")

STORED_AT_ONCE: Final = 500


class Aggregates(Generic[S]):
    """`most` bounds how many parts (an aggregate and what it holds) stay in memory after `spill`; those not used for
    longest go first."""

    def __init__(self, spec: FoldSpec[S], connection: Connection, partition: int, most: int) -> None:
        self._spec = spec
        self._connection = connection
        self._partition = partition
        self._most = most
        self._held: dict[str, S] = {}
        self._stored: dict[str, int] = {}
        """Revision of those in hand that are in the database."""
        self._any_stored = False

    def in_hand(self, name: str) -> S | None:
        return self._held.get(name)

    async def get(self, name: str) -> S:
        """The state of an aggregate; a new one when nothing is known of it."""
        if name not in self._held:
            await self.load({name})
        return self._held[name]

    async def load(self, names: Collection[str]) -> None:
        """Take these in hand, with one question to the database when it has any of them."""
        held = self._held
        for name in names & held.keys():
            held[name] = held.pop(name)
        missing = sorted(names - held.keys())
        if not missing:
            return
        stored = await self._spec.store.load(self._connection, missing) if self._any_stored else {}
        for name in missing:
            held[name] = stored[name] if name in stored else self._spec.new(name)
        self._stored.update({name: self._revision(state) for name, state in stored.items()})

    def put(self, name: str, state: S) -> None:
        """The state after a message; the aggregate is in hand."""
        self._held[name] = state

    async def spill(self) -> None:
        """Put the surplus into the database, and some more, so that this is not done all the time."""
        sizes = {name: self._size(state) for name, state in self._held.items()}
        left = sum(sizes.values())
        if left <= self._most:
            return
        going = []
        for name, size in sizes.items():
            if left <= self._most // 2:
                break
            going.append(name)
            left -= size
        await self._store(name for name in going if self._revision(self._held[name]) > self._stored.get(name, 0))
        for name in going:
            del self._held[name]
            self._stored.pop(name, None)

    async def finish(self, few: int) -> None:
        """Store what a live fold would have stored by now: those with more than `few` entries since they were, and more
        than half of what they hold."""
        await self._store(
            name
            for name, state in sorted(self._held.items())
            if self._revision(state) - self._stored.get(name, 0) > max(few, self._size(state) // 2)
        )

    async def _store(self, names: Iterable[str]) -> None:
        chosen = list(names)
        for begin in range(0, len(chosen), STORED_AT_ONCE):
            states = {name: self._held[name] for name in sorted(chosen[begin : begin + STORED_AT_ONCE])}
            await self._spec.store.save(self._connection, self._partition, states)
            self._any_stored = True
            self._stored.update({name: self._revision(state) for name, state in states.items()})

    def _revision(self, state: S) -> int:
        return 0 if self._spec.entries is None else self._spec.entries.revision(state)

    def _size(self, state: S) -> int:
        return 1 if self._spec.entries is None else 1 + self._spec.entries.size(state)
