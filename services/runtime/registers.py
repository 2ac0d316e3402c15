"""What a fold that registers is made of (`services.runtime.registering`)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from services.runtime.database import Connection
from services.runtime.kafka.reader import Incoming

T = TypeVar("T")


@dataclass(frozen=True)
class Registers(Generic[T]):
    """What a door does with records.

    `judge` gives what is to be registered: Rejected when the record cannot be read, Refused when its content would be
    refused by HTTP. `register` gives one result or one exception for each, as the `apply` of a group commit does.
    `registered` is told those whose transaction is committed.
    """

    judge: Callable[[Incoming], Awaitable[T]]
    register: Callable[[Connection, Sequence[T], Sequence[str | None]], Awaitable[Sequence[Any]]]
    registered: Callable[[Sequence[tuple[T, Any]]], None]
