"""The ledgers a replay has in hand: a bounded number of their parts in memory, the others in the rebuilt database."""

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, Generic, TypeVar

from services.runtime.aggregates import pays, weight
from services.runtime.database import Connection
from services.runtime.fold import FoldSpec

S = TypeVar("S")

AT_ONCE: Final = 64
"""Aggregates that are taken up, or put aside, by one statement. So many may be in hand beyond the bound."""


class Aggregates(Generic[S]):
    """`most` bounds how many parts (an aggregate and what it holds) are in memory. Those changed longest ago go."""

    def __init__(self, spec: FoldSpec[S], connection: Connection, partition: int, most: int) -> None:
        self._spec = spec
        self._connection = connection
        self._partition = partition
        self._most = most
        self._held: dict[str, S] = {}
        self._stored: dict[str, int] = {}
        """Revision of those in hand that are in the database."""
        self._any_stored = False
        self._coming: deque[str] = deque(maxlen=10_000)

    def in_hand(self, name: str) -> S | None:
        return self._held.get(name)

    def expect(self, names: Iterable[str]) -> None:
        """These are asked for next, in this order: those put aside are taken up together."""
        if self._any_stored:
            self._coming.extend(names)

    async def get(self, name: str) -> S:
        """The state of an aggregate; a new one when nothing is known of it."""
        if name not in self._held:
            await self._take_up(name)
        return self._held[name]

    def put(self, name: str, state: S) -> None:
        """The state after a message; the aggregate is in hand."""
        del self._held[name]
        self._held[name] = state

    async def _take_up(self, name: str) -> None:
        if not self._any_stored:
            self._held[name] = self._spec.new(name)
            return
        await self.spill()
        while self._coming and self._coming.popleft() != name:
            pass
        others = dict.fromkeys(n for n in islice(self._coming, 4 * AT_ONCE) if n not in self._held)
        names = sorted({name, *islice(others, AT_ONCE - 1)})
        stored = await self._spec.store.load(self._connection, names)
        for each in names:
            self._held[each] = stored[each] if each in stored else self._spec.new(each)
        self._stored.update({each: self._revision(state) for each, state in stored.items()})

    async def spill(self) -> None:
        """Put the surplus into the database, and some more, so that this is not done all the time."""
        sizes = {name: weight(self._spec, state) for name, state in self._held.items()}
        left = sum(sizes.values())
        if left <= self._most:
            return
        going = []
        for name, size in sizes.items():
            if left <= self._most - self._most // 4:
                break
            going.append(name)
            left -= size
        await self._store([name for name in going if self._revision(self._held[name]) > self._stored.get(name, 0)])
        for name in going:
            del self._held[name]
            self._stored.pop(name, None)

    async def finish(self, few: int) -> None:
        """Store what a live fold would have stored by now."""
        entries = self._spec.entries
        if entries is not None:
            held = sorted(self._held.items())
            await self._store([name for name, state in held if pays(entries, state, self._stored.get(name, 0), few)])

    async def _store(self, names: Sequence[str]) -> None:
        for begin in range(0, len(names), AT_ONCE):
            states = {name: self._held[name] for name in sorted(names[begin : begin + AT_ONCE])}
            await self._spec.store.save(self._connection, self._partition, states)
            self._any_stored = True
            self._stored.update({name: self._revision(state) for name, state in states.items()})

    def _revision(self, state: S) -> int:
        return 0 if self._spec.entries is None else self._spec.entries.revision(state)
