"""Bodies of many things to take, each with a line in the answer: what the doors share of it.

A body is put aside whole before the first of them is looked at: a sender that goes away before has sent nothing, and
one that goes away after can send it all again, for a repeat is known.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Generic, TypeVar

from services.core.errors import Refused, Transient
from services.runtime.database import AWAY
from services.runtime.http import problem_document
from services.runtime.telemetry import log

RETRY_AFTER_S: Final = 1

T = TypeVar("T")


class Groups(Generic[T]):
    """Members in groups of so many, or fewer when they are large; read beside the event loop.

    `failure`: why there are no more than these.
    """

    def __init__(self, members: Iterator[T], most: int, most_bytes: int, size_of: Callable[[T], int]) -> None:
        self._members = members
        self._most = most
        self._most_bytes = most_bytes
        self._size_of = size_of
        self.failure: Refused | None = None

    async def first(self) -> list[T]:
        """The first ones. Refused when there is not one because of a failure."""
        group = await self.next()
        if not group and self.failure is not None:
            raise self.failure
        return group

    async def next(self) -> list[T]:
        """The next ones; none at the end, and after a failure."""
        return [] if self.failure else await asyncio.to_thread(self._group)

    def _group(self) -> list[T]:
        group: list[T] = []
        size = 0
        try:
            while len(group) < self._most and size < self._most_bytes:
                member = next(self._members, None)
                if member is None:
                    break
                group.append(member)
                size += self._size_of(member)
        except Refused as error:
            self.failure = error
        return group


def refusal_line(place: Mapping[str, Any], error: Exception) -> dict[str, Any]:
    """The line of one that was not taken, after what says which it is."""
    if isinstance(error, Refused):
        status, title, faults = error.status, error.title, error.faults
    elif isinstance(error, (Transient, *AWAY)):
        status, title, faults = 503, "Not available now, nothing was stored for certain: send it again", ()
    else:
        log.error("bulk.error", exc_info=error)
        status, title, faults = 500, "An error of ours; it is logged", ()
    line = {**place, "status": status, "problem": problem_document(status, title, faults)}
    return line | {"retry_after": RETRY_AFTER_S} if status == 503 else line
