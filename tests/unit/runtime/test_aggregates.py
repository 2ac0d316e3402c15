"""What a partition holds in memory while it works on one batch."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from services.core.message import Message
from services.runtime.aggregates import Aggregates
from services.runtime.codec import Codec
from services.runtime.database import Connection
from services.runtime.fold import FoldSpec
from services.runtime.settings import FoldSettings

NAMES = [f"L{n}" for n in range(1_000)]
NOWHERE = cast("Connection", None)


class Shelf:
    """Holds nothing, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []

    async def load(self, _connection: Connection, ids: Sequence[str]) -> Mapping[str, str]:
        self.asked.append(ids)
        return {}

    async def save(self, _connection: Connection, _partition: int, _states: Mapping[str, str]) -> None:
        raise AssertionError("nothing is stored here")


def aggregates(shelf: Shelf, cache: int) -> Aggregates[str]:
    def key(message: Message) -> str:
        return message.key

    spec: FoldSpec[Any] = FoldSpec("probe", "count", (), {}, key, str.lower, shelf)
    return Aggregates(spec, Codec(), FoldSettings(cache=cache))


async def test_a_batch_takes_no_more_into_memory_than_there_is_room_for() -> None:
    shelf = Shelf()
    held = aggregates(shelf, cache=100)
    taken = await held.load(NOWHERE, NAMES)
    assert taken == 100
    assert [name for names in shelf.asked for name in names] == NAMES[:100]
    assert held.missing(NAMES) == NAMES[100:]


async def test_one_aggregate_is_always_taken_however_little_room_there_is() -> None:
    held = aggregates(Shelf(), cache=1)
    await held.load(NOWHERE, NAMES[:3])
    held.committed({})
    assert await held.load(NOWHERE, [NAMES[-1]]) == 1
    assert held[NAMES[-1]] == "l999"


async def test_what_was_used_longest_ago_goes_first() -> None:
    held = aggregates(Shelf(), cache=4)
    await held.load(NOWHERE, ["A", "B", "C"])
    held.committed({})
    assert held.missing(["A"]) == []
    await held.load(NOWHERE, ["D", "E"])
    held.committed({})
    assert held.missing(["A", "B", "C", "D", "E"]) == ["B"]
