"""The aggregates a fold has in hand, and how they come back: stored state + the entries after it.

Without entries, a changed aggregate is stored with each commit. With entries these are the truth, and storing a state
only shortens the way back to it: it is stored when the entries since are as many as half of what it holds, so that each
entry costs the same however large an aggregate is, and so does loading what it holds. Taking over loads nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from services.core.errors import Corrupt
from services.runtime.codec import Codec
from services.runtime.database import Connection
from services.runtime.fold import Entries, FoldSpec
from services.runtime.output_table import OutputTable
from services.runtime.settings import FoldSettings

S = TypeVar("S")

AT_ONCE = 500
"""Aggregates that are read by one query."""
FEW = 64
"""So many are read before it is known how large they are."""


async def load(connection: Connection, spec: FoldSpec[S], codec: Codec, names: Collection[str]) -> dict[str, S]:
    """The aggregates of these that anything is known of, as of the last commit.

    Corrupt when entries do not follow the stored state; Transient when a schema is not known and cannot be asked for.
    """
    return {name: state for name, (state, _) in (await _load(connection, spec, codec, names)).items()}


async def _load(
    connection: Connection, spec: FoldSpec[S], codec: Codec, names: Collection[str]
) -> dict[str, tuple[S, int]]:
    """States, each with the revision that is stored; 0 for none."""
    stored = await spec.store.load(connection, list(names))
    entries = spec.entries
    if entries is None:
        return {name: (state, 0) for name, state in stored.items()}
    found = {name: (state, entries.revision(state)) for name, state in stored.items()}
    revisions = {name: found[name][1] if name in found else 0 for name in sorted(names)}
    rows = await OutputTable(spec.service, spec.name).entries_after(connection, revisions)
    await codec.resolve([value for _, _, value in rows])
    for name, revision, value in rows:
        before, saved = found.get(name) or (spec.new(name), 0)
        found[name] = (_following(before, entries, codec, name, revision, value), saved)
    return found


def _following(before: S, entries: Entries[S], codec: Codec, name: str, revision: int, value: bytes) -> S:
    if revision != entries.revision(before) + 1:
        raise Corrupt(f"entry {revision} of {name} follows revision {entries.revision(before)}: those between are gone")
    return entries.apply(before, codec.decode(value))


def weight(spec: FoldSpec[S], state: S) -> int:
    """Parts an aggregate takes in memory: itself, and with entries what it holds."""
    return 1 if spec.entries is None else 1 + spec.entries.size(state)


def pays(entries: Entries[S], state: S, stored: int, few: int) -> bool:
    """Whether to store a state, whose revision `stored` was the last that was: after more than `few` entries, and more
    than half of what it holds.
    """
    since = entries.revision(state) - stored
    return since > few and since > entries.size(state) // 2


class Aggregates(Generic[S]):
    """Those of one partition: about `cache` parts, and while a batch is worked on at most as many that it loaded."""

    def __init__(self, spec: FoldSpec[S], codec: Codec, settings: FoldSettings) -> None:
        self._spec = spec
        self._codec = codec
        self._most = settings.cache
        self._few = settings.store_after
        self._states: dict[str, S] = {}
        self._stored: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._changed: set[str] = set()
        self._size = 0

    def __getitem__(self, name: str) -> S:
        return self._states[name]

    async def load(self, connection: Connection, names: Sequence[str]) -> int:
        """Take these, which are not in hand, in order, as far as memory is for; how many: at least one.

        Those of which nothing is known are new.
        """
        before, taken, group = self._size, 0, FEW
        while taken < len(names) and self._size - before < self._most:
            part = names[taken : taken + group]
            found = await _load(connection, self._spec, self._codec, part)
            for name in part:
                self._states[name], self._stored[name] = found.get(name) or (self._spec.new(name), 0)
                self._weigh(name)
            taken += len(part)
            loaded = self._size - before
            group = max(1, min(AT_ONCE, (self._most - loaded) * taken // loaded))
        return taken

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those that are not in hand, in order; the others are in use again."""
        absent = []
        for name in names:
            if name in self._states:
                self._states[name] = self._states.pop(name)
            else:
                absent.append(name)
        return absent

    def put(self, name: str, state: S) -> None:
        """The state after a message."""
        self._states[name] = state
        self._changed.add(name)

    def _weigh(self, name: str) -> None:
        size = weight(self._spec, self._states[name])
        self._size += size - self._sizes.get(name, 0)
        self._sizes[name] = size

    def due(self) -> Mapping[str, S]:
        """What changed since the last commit and is to be stored with this one, in order of name."""
        for name in self._changed:
            self._weigh(name)
        entries, due = self._spec.entries, self._changed
        if entries is not None:
            due = {name for name in due if pays(entries, self._states[name], self._stored[name], self._few)}
        return {name: self._states[name] for name in sorted(due)}

    def committed(self, stored: Mapping[str, S]) -> None:
        """The changes are in the database, `stored` among them as states."""
        if self._spec.entries is not None:
            self._stored.update({name: self._spec.entries.revision(state) for name, state in stored.items()})
        if self._spec.settled is not None:
            self._states.update({name: self._spec.settled(self._states[name]) for name in self._changed})
        self._changed.clear()
        self._forget()

    def _forget(self) -> None:
        """Let go of those used longest ago; all can be loaded again."""
        if self._size <= self._most:
            return  # before a list of all is made, after each commit
        for name in list(self._states):
            if self._size <= self._most:
                return
            del self._states[name]
            del self._stored[name]
            self._size -= self._sizes.pop(name)
