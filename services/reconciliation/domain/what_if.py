"""What would have been answered under other rules, beside what was."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.core.decision import Decision
from services.core.messages import DrawVerdict, Entry, HeldDraw
from services.core.values import LicenceRef, Mrn
from services.reconciliation.domain.ledger import LicenceLedger


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict on a draw and why; no verdict: not answered."""

    verdict: DrawVerdict | None = None
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = "no answer" if self.verdict is None else self.verdict.value.lower()
        return f"{said} ({', '.join(self.reasons)})" if self.reasons else said


Place = tuple[str, str, int, int]
"""What tells draws apart: licence, MRN, item, line."""


@dataclass(frozen=True, slots=True)
class Change:
    """A draw (MRN, item, line as declared) that would have been answered otherwise, and the time of the message."""

    licence: LicenceRef
    mrn: Mrn
    item: int
    line: int
    was: Answer
    would_be: Answer
    at: datetime

    @property
    def place(self) -> Place:
        return self.licence, self.mrn, self.item, self.line


def changes(was: Decision[LicenceLedger], would_be: Decision[LicenceLedger], at: datetime) -> Iterator[Change]:
    """The draws of shipments that either decision touches on which the two ledgers now disagree, in order."""
    entries = (output for output in (*was.outputs, *would_be.outputs) if isinstance(output, Entry))
    for mrn in sorted({entry.shipment.mrn for entry in entries if entry.shipment is not None}):
        one, other = _answers(was.state, mrn), _answers(would_be.state, mrn)
        for item, line in sorted(one.keys() | other.keys()):
            before, after = one.get((item, line), Answer()), other.get((item, line), Answer())
            if before != after:
                yield Change(was.state.licence, mrn, item, line, before, after, at)


def _answers(ledger: LicenceLedger, mrn: Mrn) -> dict[tuple[int, int], Answer]:
    shipment = ledger.shipments.get(mrn)
    draws: tuple[HeldDraw, ...] = () if shipment is None else shipment.draws
    return {(held.draw.item, held.draw.line): Answer(held.verdict, held.reasons) for held in draws}
