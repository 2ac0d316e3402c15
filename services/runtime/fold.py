"""What a fold is: a table of handlers over one aggregate, and where the aggregates are kept.

The unit of work is one partition number of all its inputs, which are co-partitioned: same key, same count.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from services.core.decision import Decision
from services.core.message import Message
from services.runtime.store import Store

S = TypeVar("S")

Handler = Callable[[S, Any, datetime], Decision[S]]
"""`(state, message, now)`: pure. Rejected: the message can never be handled. Corrupt: an invariant does not hold."""


@dataclass(frozen=True)
class Entries(Generic[S]):
    """The outputs that are the truth of a fold's aggregates: `apply` in the order of revision gives the state.

    `type` must have a field `revision`, gapless per aggregate, and the aggregate's id as its key; `revision` gives the
    last one a state includes.
    """

    type: type[Message]
    apply: Callable[[S, Any], S]
    revision: Callable[[S], int]


@dataclass(frozen=True)
class FoldSpec(Generic[S]):
    """One fold of a service.

    Inputs are read in the order they are listed here. Record types without a handler are skipped. With `entries`,
    stored aggregates may lag behind under load and are completed from the entries after them.
    """

    service: str
    name: str
    inputs: tuple[str, ...]
    handlers: Mapping[type[Message], Handler[S]]
    aggregate: Callable[[Any], str]
    new: Callable[[str], S]
    store: Store[S]
    entries: Entries[S] | None = None

    @property
    def title(self) -> str:
        """`service.name`, for logs and metrics."""
        return f"{self.service}.{self.name}"
