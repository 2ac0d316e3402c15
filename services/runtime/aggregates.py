"""The aggregates a fold has in hand, and how they come back: stored state + the entries after it.

Without entries, a changed aggregate is stored with each commit. With entries these are the truth, and storing a state
only shortens the way back to it: it is stored when the entries since are as many as half of what it holds, so that each
entry costs the same however large an aggregate is, and so does loading what it holds. Taking over loads nothing.
"""

from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from services.core.errors import Corrupt
from services.runtime.codec import Codec
from services.runtime.database import Connection
from services.runtime.fold import Entries, FoldSpec
from services.runtime.output_table import OutputTable
from services.runtime.settings import FoldSettings

S = TypeVar("S")

AT_ONCE = 500
"""Aggregates whose entries are read by one query."""


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
    table, ordered = OutputTable(spec.service, spec.name), sorted(names)
    for begin in range(0, len(ordered), AT_ONCE):
        revisions = {name: found[name][1] if name in found else 0 for name in ordered[begin : begin + AT_ONCE]}
        rows = await table.entries_after(connection, revisions)
        await codec.resolve([value for _, _, value in rows])
        for name, revision, value in rows:
            before, saved = found.get(name) or (spec.new(name), 0)
            found[name] = (_following(before, entries, codec, name, revision, value), saved)
    return found


def _following(before: S, entries: Entries[S], codec: Codec, name: str, revision: int, value: bytes) -> S:
    if revision != entries.revision(before) + 1:
        raise Corrupt(f"entry {revision} of {name} follows revision {entries.revision(before)}: those between are gone")
    return entries.apply(before, codec.decode(value))


class Aggregates(Generic[S]):
    """Those of one partition."""

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

    async def load(self, connection: Connection, names: Collection[str]) -> None:
        """Take those of `names` in hand that are not; new ones when nothing is known of them."""
        found = await _load(connection, self._spec, self._codec, names)
        for name in names:
            state, stored = found.get(name) or (self._spec.new(name), 0)
            self._stored[name] = stored
            self._states[name] = state
            self._weigh(name)

    def missing(self, names: Collection[str]) -> list[str]:
        """Those that are not in hand, sorted; the others are in use again."""
        for name in names & self._states.keys():
            self._states[name] = self._states.pop(name)
        return sorted(names - self._states.keys())

    def put(self, name: str, state: S) -> None:
        """The state after a message."""
        self._states[name] = state
        self._changed.add(name)

    def _weigh(self, name: str) -> None:
        size = 1 if self._spec.entries is None else 1 + self._spec.entries.size(self._states[name])
        self._size += size - self._sizes.get(name, 0)
        self._sizes[name] = size

    def due(self) -> Mapping[str, S]:
        """What changed since the last commit and is to be stored with this one, in order of name."""
        for name in self._changed:
            self._weigh(name)
        entries = self._spec.entries
        due = self._changed if entries is None else [name for name in self._changed if self._pays(name, entries)]
        return {name: self._states[name] for name in sorted(due)}

    def _pays(self, name: str, entries: Entries[S]) -> bool:
        since = entries.revision(self._states[name]) - self._stored[name]
        return since > self._few and since > (self._sizes[name] - 1) // 2

    def committed(self, stored: Mapping[str, S]) -> None:
        """The changes are in the database, `stored` among them as states."""
        if self._spec.entries is not None:
            self._stored.update({name: self._spec.entries.revision(state) for name, state in stored.items()})
        self._changed.clear()
        self._forget()

    def _forget(self) -> None:
        """Let go of those used longest ago; all can be loaded again."""
        for name in list(self._states):
            if self._size <= self._most:
                return
            del self._states[name]
            del self._stored[name]
            self._size -= self._sizes.pop(name)
