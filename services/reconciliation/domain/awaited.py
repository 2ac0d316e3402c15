"""What a licence waits for: a row of the table in `licence_deadlines`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from services.core.messages import Demand, HeldDraw
from services.reconciliation.domain.case import Failure
from services.reconciliation.domain.findings import finding_id
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.rule_set import RuleSet


class Wait(NamedTuple):
    """Something that is looked at once its time has come. Another `mark` is another wait."""

    mark: str
    until: datetime


@lru_cache(maxsize=8192)
def wait_id(name: str, licence: str, mark: str) -> str:
    """The id under which a wait of that name stands with the ledger once it was looked at.

    Asked around every message, of the same few.
    """
    return finding_id(name, licence, mark)


FailedDraw = tuple[Demand, HeldDraw, Failure]
FailedLine = tuple[int, Failure]


def _no_draws(_: LicenceLedger, __: Wait, ___: RuleSet) -> Iterable[FailedDraw]:
    return ()


def _no_lines(_: LicenceLedger, __: Wait) -> Iterable[FailedLine]:
    return ()


def _nothing(_: LicenceLedger, __: Wait) -> Failure | None:
    return None


@dataclass(frozen=True, slots=True)
class Awaited:
    """A kind of wait, and what is wrong once the time of one has come.

    `waits` is asked around every message: it must be quick, and look at no shipment or line where there is nothing to
    wait for. It need not know which were looked at. The others are asked once for each wait.
    """

    name: str
    waits: Callable[[LicenceLedger], Iterable[Wait]]
    draws: Callable[[LicenceLedger, Wait, RuleSet], Iterable[FailedDraw]] = _no_draws
    licence: Callable[[LicenceLedger, Wait], Failure | None] = _nothing
    lines: Callable[[LicenceLedger, Wait], Iterable[FailedLine]] = _no_lines
    """Of each, the same figures are raised once, whatever wait they were found by."""
