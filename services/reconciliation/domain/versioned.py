"""A mapping that never changes in the eyes of its holder, at the price of a plain dict."""

from collections.abc import Iterator, Mapping
from typing import Final, Generic, TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class _Absent:
    """The key was not there."""


_ABSENT: Final = _Absent()


class Versioned(Mapping[K, V], Generic[K, V]):
    """An immutable mapping: `with_item` and `without` give the next version and leave this one as it was.

    The newest version owns the dict; each older one remembers only what the next step changed, so a step costs the same
    whatever the size. A fold reads and extends only the newest version. Reading an older one copies the dict once
    and undoes the steps since: correct, but as slow as its size. Iteration follows first insertion as long as nothing
    was removed. Not for use by two threads.
    """

    __slots__ = ("_items", "_key", "_newer", "_old")

    def __init__(self, items: Mapping[K, V] | None = None) -> None:
        self._items: dict[K, V] | None = {} if items is None else dict(items)
        self._newer: Versioned[K, V] | None = None
        self._key: K | _Absent = _ABSENT
        self._old: V | _Absent = _ABSENT

    def with_item(self, key: K, value: V) -> "Versioned[K, V]":
        """This mapping with `key` set to `value`."""
        items = self._owned() if self._items is None else self._items
        old: V | _Absent = items.get(key, _ABSENT)
        items[key] = value
        return self._handed_over(items, key, old)

    def without(self, key: K) -> "Versioned[K, V]":
        """This mapping without `key`; itself when it does not hold it."""
        items = self._owned() if self._items is None else self._items
        if key not in items:
            return self
        return self._handed_over(items, key, items.pop(key))

    def _handed_over(self, items: dict[K, V], key: K, old: V | _Absent) -> "Versioned[K, V]":
        """The newer version, which owns the dict from now on."""
        newer: Versioned[K, V] = Versioned.__new__(Versioned)
        newer._items, newer._newer, newer._key, newer._old = items, None, _ABSENT, _ABSENT
        self._items, self._newer, self._key, self._old = None, newer, key, old
        return newer

    def _owned(self) -> dict[K, V]:
        """The dict of this version; of an older one, the newest undone step by step and then its own."""
        if self._items is not None:
            return self._items
        steps: list[tuple[K | _Absent, V | _Absent]] = []
        version = self
        while version._items is None and version._newer is not None:
            steps.append((version._key, version._old))
            version = version._newer
        items = dict(version._items or {})  # noqa: SLF001 - another version of this mapping
        for key, old in reversed(steps):
            if isinstance(key, _Absent):
                continue
            if isinstance(old, _Absent):
                items.pop(key, None)
            else:
                items[key] = old
        self._items, self._newer, self._key, self._old = items, None, _ABSENT, _ABSENT
        return items

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | D) -> V | D: ...
    def get(self, key: K, /, default: V | D | None = None) -> V | D | None:
        return self._owned().get(key, default)

    def __getitem__(self, key: K) -> V:
        return self._owned()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._owned()

    def __iter__(self) -> Iterator[K]:
        return iter(self._owned())

    def __len__(self) -> int:
        return len(self._owned())
