"""A mapping that never changes in the eyes of its holder, at the price of a plain dict."""

from collections.abc import Iterator, Mapping
from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class _Absent:
    """The key was not there."""


_ABSENT: Final = _Absent()


class _Version(Generic[K, V]):
    """Either the dict itself, or the newer version and what the step to it changed."""

    __slots__ = ("items", "key", "newer", "old")

    def __init__(self, items: dict[K, V]) -> None:
        self.items: dict[K, V] | None = items
        self.newer: _Version[K, V] | None = None
        self.key: K | _Absent = _ABSENT
        self.old: V | _Absent = _ABSENT

    def hand_over(self, items: dict[K, V], key: K, old: V | _Absent) -> "_Version[K, V]":
        newer = _Version(items)
        self.items, self.newer, self.key, self.old = None, newer, key, old
        return newer

    def owned(self) -> dict[K, V]:
        """The dict of this version; of an older one, the newest undone step by step and then its own."""
        if self.items is not None:
            return self.items
        steps: list[tuple[K | _Absent, V | _Absent]] = []
        version = self
        while version.items is None and version.newer is not None:
            steps.append((version.key, version.old))
            version = version.newer
        items = dict(version.items or {})
        for key, old in reversed(steps):
            if isinstance(key, _Absent):
                continue
            if isinstance(old, _Absent):
                items.pop(key, None)
            else:
                items[key] = old
        self.items, self.newer, self.key, self.old = items, None, _ABSENT, _ABSENT
        return items


class Versioned(Mapping[K, V]):
    """An immutable mapping: `with_item` and `without` give the next version and leave this one as it was.

    The newest version owns the dict; each older one remembers only what the next step changed, so a step costs the same
    whatever the size. A fold reads and extends only the newest version. Reading an older one copies the dict once
    and undoes the steps since: correct, but as slow as its size. Iteration follows first insertion as long as nothing
    was removed. Not for use by two threads.
    """

    __slots__ = ("_version",)

    def __init__(self, version: _Version[K, V] | None = None) -> None:
        self._version: _Version[K, V] = _Version({}) if version is None else version

    @classmethod
    def of(cls, items: Mapping[K, V]) -> "Versioned[K, V]":
        """A mapping of these items."""
        return cls(_Version(dict(items)))

    def with_item(self, key: K, value: V) -> "Versioned[K, V]":
        """This mapping with `key` set to `value`."""
        items = self._version.owned()
        old: V | _Absent = items.get(key, _ABSENT)
        items[key] = value
        return Versioned(self._version.hand_over(items, key, old))

    def without(self, key: K) -> "Versioned[K, V]":
        """This mapping without `key`; itself when it does not hold it."""
        items = self._version.owned()
        if key not in items:
            return self
        return Versioned(self._version.hand_over(items, key, items.pop(key)))

    def __getitem__(self, key: K) -> V:
        return self._version.owned()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._version.owned()

    def __iter__(self) -> Iterator[K]:
        return iter(self._version.owned())

    def __len__(self) -> int:
        return len(self._version.owned())
