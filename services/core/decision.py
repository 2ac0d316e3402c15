"""What a handler returns: the new state and the messages that follow from it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from services.core.message import Message

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Decision(Generic[S]):
    """A handler decides and never sends. `outputs` are in the order they are to be published."""

    state: S
    outputs: tuple[Message, ...] = ()
