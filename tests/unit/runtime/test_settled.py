"""What a state carries for its own commit is let go once that commit is known to be made, and not before."""

from dataclasses import dataclass, replace
from typing import Any, cast

from services.runtime.aggregates import Aggregates
from services.runtime.codec import Codec
from services.runtime.fold import FoldSpec
from services.runtime.settings import FoldSettings
from services.runtime.store import Store


@dataclass(frozen=True)
class Count:
    """How often something came, and how often since the last commit."""

    all: int = 0
    new: int = 0


def aggregates(**more: Any) -> Aggregates[Count]:
    nowhere = cast("Store[Count]", None)  # nothing here loads or saves
    spec = FoldSpec[Count]("probe", "counts", (), {}, str, lambda _: Count(), nowhere, **more)
    return Aggregates(spec, Codec(), FoldSettings())


def test_the_commit_gets_the_whole_state_and_the_next_message_the_settled_one() -> None:
    held = aggregates(settled=lambda count: replace(count, new=0))
    held.put("a", Count(3, 3))
    due = held.due()
    assert due == {"a": Count(3, 3)}
    held.committed(due)
    assert held["a"] == Count(3, 0)
    assert held.due() == {}, "to settle is no change"


def test_without_it_a_state_stays_as_it_is() -> None:
    held = aggregates()
    held.put("a", Count(3, 3))
    held.committed(held.due())
    assert held["a"] == Count(3, 3)
