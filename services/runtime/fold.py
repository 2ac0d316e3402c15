"""What a fold is: a table of handlers over one aggregate, and where the aggregates are kept.

The unit of work is one partition number of all its inputs, which are co-partitioned: same key, same count.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Concatenate, Generic, TypeVar

from services.core.decision import Decision
from services.core.message import Message
from services.runtime.registers import Registers
from services.runtime.store import Store

S = TypeVar("S")

Handler = Callable[Concatenate[S, Any, datetime, ...], Decision[S]]
"""`(state, message, now)`: pure. Rejected: the message can never be handled. Corrupt: an invariant does not hold.

In a fold that is `placed` also the partition and the offset of the message, for outputs that must name them.
"""


@dataclass(frozen=True)
class Entries(Generic[S]):
    """The outputs that are the truth of a fold's aggregates: `apply` in the order of revision gives the state.

    `type` must have the aggregate's id as its key. `revision` gives the last revision a state includes, `size` how many
    parts it holds, for what it takes to store it and in memory, and `revision_of` what an output of `type` made,
    gapless per aggregate: None for one that changed nothing, which is no entry.
    """

    type: type[Message]
    apply: Callable[[S, Any], S]
    revision: Callable[[S], int]
    size: Callable[[S], int]
    revision_of: Callable[[Any], int | None] = attrgetter("revision")


@dataclass(frozen=True)
class Reminders(Generic[S]):
    """How aggregates are looked at again though no message comes.

    `due` says of a state when, None for never: cheap and pure, it is asked around every message. Then the aggregate is
    told by a message of `type`, made by `told` from its id and that time: to an input of the fold, with its id as key
    and a handler, after which `due` must say a later time or none.

    `rules` names what `due` does: under another name the reminders of all stored aggregates are made anew.
    """

    rules: str
    type: type[Message]
    due: Callable[[S], datetime | None]
    told: Callable[[str, datetime], Message]


@dataclass(frozen=True)
class FoldSpec(Generic[S]):
    """One fold of a service.

    Inputs are read in the order they are listed here. Record types without a handler are skipped. With `entries`,
    stored aggregates lag behind and are completed from the entries after them. `settled` gives a state without what
    only its commit needed, once it is committed. Handlers of a `placed` fold are told where each message stood.
    `sized` gives a fold that must know how many partitions there are, which is known only once it is to run.
    A fold that `registers` has neither handlers nor aggregates: see there.
    """

    service: str
    name: str
    inputs: tuple[str, ...]
    handlers: Mapping[type[Message], Handler[S]]
    aggregate: Callable[[Any], str]
    new: Callable[[str], S]
    store: Store[S]
    entries: Entries[S] | None = None
    settled: Callable[[S], S] | None = None
    placed: bool = False
    reminders: Reminders[S] | None = None
    registers: Registers[Any] | None = None
    sized: Callable[[int], "FoldSpec[S]"] | None = None

    def for_partitions(self, count: int) -> "FoldSpec[S]":
        """The fold as it is with so many partitions."""
        return self if self.sized is None else self.sized(count)

    @property
    def title(self) -> str:
        """`service.name`, for logs and metrics."""
        return f"{self.service}.{self.name}"
