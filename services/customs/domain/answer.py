"""What can be answered about a shipment and about a message."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from services.core.messages import Verdict, VerdictKind
from services.core.values import Mrn
from services.customs.domain.lodgement import State


@dataclass(frozen=True, slots=True)
class Answer:
    """The latest verdict on a shipment, and the ids of facts that became dead letters.

    `untold`: final verdicts since the last commit, for which parties get a webhook; stored answers have none.
    """

    mrn: Mrn
    verdict: Verdict | None = None
    dead: tuple[str, ...] = ()
    untold: tuple[Verdict, ...] = ()

    @property
    def applied(self) -> frozenset[str]:
        """Ids of everything decided: messages, and the facts they state."""
        return frozenset() if self.verdict is None else frozenset(self.verdict.applied)


def settled(answer: Answer) -> Answer:
    """The answer once its webhooks are in the table."""
    return replace(answer, untold=()) if answer.untold else answer


class Standing(StrEnum):
    """The state of a message as senders see it."""

    RECEIVED = "received"
    WAITING = "waiting"
    APPLIED = "applied"
    DEAD_LETTERED = "dead-lettered"


FINAL = frozenset({Standing.APPLIED, Standing.DEAD_LETTERED})


def standing(
    state: State, note: str | None, message_id: str, fact_id: str | None, answer: Answer | None, *, accepted: bool
) -> tuple[Standing, str | None]:
    """Where a message stands and why. `accepted`: its declaration is known, so that its fact can be judged."""
    if fact_id is None:
        return Standing(state.value), note
    applied = frozenset() if answer is None else answer.applied
    if message_id in applied or fact_id in applied:
        return Standing.APPLIED, note
    if answer is not None and fact_id in answer.dead:
        return Standing.DEAD_LETTERED, "its fact could not be handled: an operator corrects and redrives it"
    if not accepted:
        return Standing.WAITING, "the declaration of this MRN was not accepted yet"
    return Standing.RECEIVED, note


def answers(answer: Answer | None, version: int | None, expected: Collection[str]) -> bool:
    """Whether an answer is what a caller waits for.

    It has a verdict that is not pending, for at least `version`, and the effect of every fact in `expected`.
    """
    if answer is None or answer.verdict is None or answer.verdict.verdict is VerdictKind.PENDING:
        return False
    if version is not None and answer.verdict.version < version:
        return False
    return not frozenset(expected) - answer.applied - frozenset(answer.dead)
