"""What the player does, and what must come of it: the vocabulary of a scenario."""

from dataclasses import dataclass, field

from services.core.values import LicenceRef, Mrn
from services.simulator.declarations import Hold, Outgoing
from services.simulator.dossiers import Dossier
from services.simulator.keys import Key
from services.simulator.licences import Licence, StatusStep
from services.simulator.reports import Figures, Report

ACCEPTED = (200, 202)
DUPLICATE = (200,)
MALFORMED = (400,)


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message. `answers`: the HTTP statuses that are right; `repeat`: it was sent before in this scenario."""

    message: Outgoing
    answers: tuple[int, ...] = ACCEPTED
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Settle:
    """Wait until every message this story has sent is applied, so that the next one arrives after it."""


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for the verdict of a declaration at `version`, which must be `verdict` when the story is told first."""

    mrn: Mrn
    version: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Issue:
    """Publish a licence in mid-scenario and wait until the ledger knows it."""

    licence: Licence


@dataclass(frozen=True, slots=True)
class Authorise:
    """Enter what stands beside a licence, in mid-scenario, and wait until the ledger knows it."""

    key: Key


@dataclass(frozen=True, slots=True)
class Tell:
    """Report use of a licence."""

    report: Report


@dataclass(frozen=True, slots=True)
class Compare:
    """Wait until what is reported stands beside what customs saw, as planned."""

    figures: Figures


Step = Send | Settle | Await | Issue | Authorise | Tell | Compare


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be true of a declaration at the end. `alerts`: (licence, code); `verdict` null: no such declaration."""

    mrn: Mrn
    version: int
    verdict: str | None
    alerts: frozenset[tuple[LicenceRef | None, str]] = frozenset()
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """Steps in their order, and what must come out. Stories are told side by side: none depends on another."""

    name: str
    steps: tuple[Step, ...]
    expected: tuple[Expected, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether it waits for an answer before its next message."""
        return not all(isinstance(step, Send) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that is played: the register and its changes first, then all stories, then the dossiers."""

    seed: int
    licences: tuple[Licence, ...]
    keys: tuple[Key, ...]
    late: tuple[Licence, ...]
    statuses: tuple[StatusStep, ...]
    refusals: tuple[dict[str, object], ...]
    denials: tuple[dict[str, object], ...]
    stories: tuple[Story, ...] = field(repr=False)
    dossiers: tuple[Dossier, ...] = ()

    @property
    def expected(self) -> tuple[Expected, ...]:
        return tuple(one for story in self.stories for one in story.expected)

    @property
    def reports(self) -> int:
        """How many reports of use are told."""
        return sum(isinstance(step, Tell) for story in self.stories for step in story.steps)

    @property
    def sends(self) -> tuple[Send, ...]:
        return tuple(step for story in self.stories for step in story.steps if isinstance(step, Send))
