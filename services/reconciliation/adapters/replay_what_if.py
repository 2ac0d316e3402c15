"""Other rules beside the recorded ones, message by message; and the file they are read from."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from services.core.decision import Decision
from services.core.errors import Fatal
from services.core.message import Message
from services.reconciliation.adapters.replay_aggregates import Aggregates
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.rule_set import Ceiling, Mode, RuleSet
from services.reconciliation.domain.rules import rule_set
from services.reconciliation.domain.what_if import Change, changes
from services.runtime.fold import FoldSpec


@dataclass(frozen=True, slots=True)
class Period:
    """From `begin` until before `end`, by the time of the message; None: without a bound."""

    begin: datetime | None = None
    end: datetime | None = None

    def __contains__(self, at: datetime) -> bool:
        return (self.begin is None or at >= self.begin) and (self.end is None or at < self.end)


class WhatIf:
    """A second ledger of each licence, as if `other` had been in force during the period.

    `changes` has each draw once, as it was first answered otherwise; also those after the period that follow from it.
    """

    def __init__(
        self,
        actual: FoldSpec[LicenceLedger],
        other: FoldSpec[LicenceLedger],
        period: Period,
        ledgers: Aggregates[LicenceLedger],
    ) -> None:
        self.changes: list[Change] = []
        self._actual = actual
        self._other = other
        self._period = period
        self._ledgers = ledgers
        self._known: set[tuple[str, str, int, int]] = set()

    async def handle(self, name: str, message: Message, at: datetime, was: Decision[LicenceLedger]) -> None:
        """What `message` would have given, beside what it gave."""
        spec = self._other if at in self._period else self._actual
        decision = spec.handlers[type(message)](await self._ledgers.get(name), message, at)
        self._ledgers.put(name, decision.state)
        for change in changes(was, decision, at):
            if change.place not in self._known:
                self._known.add(change.place)
                self.changes.append(change)

    async def spill(self) -> None:
        await self._ledgers.spill()


def rules_in(file: Path) -> RuleSet:
    """The rule set of a JSON file: `quantity` and `value`, each with `tolerance` (a fraction) and `mode`.

    What is left out is as in the rule set of this release. Fatal when anything else stands there.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise Fatal(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict) or content.keys() - {"quantity", "value"}:
        raise Fatal(f"{file}: an object with quantity and value was expected")
    return rule_set(*(_ceiling(f"{file}, {name}", content.get(name, {})) for name in ("quantity", "value")))


def _ceiling(where: str, stated: Any) -> Ceiling:
    if not isinstance(stated, dict) or stated.keys() - {"tolerance", "mode"}:
        raise Fatal(f"{where}: an object with tolerance and mode was expected")
    try:
        tolerance = Decimal(str(stated.get("tolerance", 0)))
        mode = Mode(stated.get("mode", Mode.BLOCK.value))
    except (ArithmeticError, ValueError) as error:
        raise Fatal(f"{where}: tolerance is a number, mode one of {', '.join(Mode)}") from error
    if not tolerance.is_finite() or tolerance < 0:
        raise Fatal(f"{where}: tolerance is a fraction of the authorised amount, 0 or more")
    return Ceiling(tolerance, mode)
