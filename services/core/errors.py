"""Errors by what must happen next. Each has one fate; nothing is logged and forgotten."""

from dataclasses import dataclass


class TolbrugError(Exception):
    """Any error of ours."""


class Rejected(TolbrugError):
    """The message can never be processed: it becomes a dead letter, its neighbours go on.

    Operator: read the reason, correct at the source, redrive.
    """


class Transient(TolbrugError):
    """A dependency (Kafka, PostgreSQL, registry, receiver) does not answer: wait and try again, lose nothing.

    Operator: restore the dependency; nothing else.
    """


class Fenced(TolbrugError):
    """Another worker owns the partition now: give it up, write and publish nothing more.

    Operator: nothing; frequent fencing means pauses longer than the lease.
    """


class Corrupt(TolbrugError):
    """An invariant does not hold: this partition halts and pages. It never corrects itself.

    Operator: `tolbrug verify`, then decide.
    """


class Fatal(TolbrugError):
    """The process cannot run as configured: say why and what to do, then exit."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where, which rule, and what to do (RFC 9457 `errors` entry)."""

    path: str
    code: str
    detail: str


class Refused(TolbrugError):
    """A request is answered with a problem: HTTP status, title and every fault found. Nothing was stored."""

    def __init__(self, status: int, title: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.faults = faults
