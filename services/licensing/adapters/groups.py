"""What the registers of the door share: a group of requests is decided in one transaction, in order of arrival."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from services.core.errors import Refused
from services.runtime.columns import Texts
from services.runtime.database import Connection

C = TypeVar("C")
A = TypeVar("A")
M = TypeVar("M")

# Rows are locked with FOR NO KEY UPDATE, for references never change: whoever writes what refers to one (a report of
# use to its licence) then waits for nobody, in whatever order.
# What is not there yet has no row to lock; its hash has, in the same order everywhere.
_LOCK = (
    "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended(name, 0) AS key"
    " FROM unnest(%s::text[]) AS names (name) ORDER BY 1) AS keys"
)


async def lock(connection: Connection, names: Collection[str]) -> None:
    """Until the transaction ends no other has these names, each with what kind of thing it names."""
    await connection.execute(_LOCK, (Texts(names),))


@dataclass(slots=True)
class Decided(Generic[A, M]):
    """An answer for each request, or the Refused that answers it; what was made, each with its request's trace."""

    answers: list[A | Exception] = field(default_factory=list)
    made: list[M] = field(default_factory=list)
    traces: list[str | None] = field(default_factory=list)


def decided(
    commands: Sequence[C], traces: Sequence[str | None], decide: Callable[[C], tuple[A, Sequence[M]]]
) -> Decided[A, M]:
    """Decide one after the other; `decide` gives the answer and what it makes, and keeps what the next must know."""
    group = Decided[A, M]()
    for command, trace in zip(commands, traces, strict=True):
        try:
            answer, made = decide(command)
        except Refused as refused:
            group.answers.append(refused)
            continue
        group.answers.append(answer)
        group.made += made
        group.traces += [trace] * len(made)
    return group
