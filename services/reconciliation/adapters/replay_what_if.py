"""Other rules beside the recorded ones, message by message; and the file they are read from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from services.core.decision import Decision
from services.core.errors import Fatal
from services.core.message import Message
from services.reconciliation.adapters.replay_aggregates import Aggregates
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.rule_set import Ceiling, Mode, RuleSet
from services.reconciliation.domain.rules import rule_set
from services.reconciliation.domain.what_if import Change, Place, changes
from services.runtime.database import Connection
from services.runtime.fold import FoldSpec

WRITTEN_AT_ONCE: Final = 1_000
_WRITE = "INSERT INTO replay.change VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
_READ = (
    "SELECT licence, mrn, item, nullif(line, 0) AS line, was, would_be, at FROM replay.change"
    " ORDER BY at, licence, mrn, item, line"
)


@dataclass(frozen=True, slots=True)
class Period:
    """From `begin` until before `end`, by the time of the message; None: without a bound."""

    begin: datetime | None = None
    end: datetime | None = None

    def __contains__(self, at: datetime) -> bool:
        return (self.begin is None or at >= self.begin) and (self.end is None or at < self.end)


class WhatIf:
    """A second ledger of each licence, as if `other` had been in force during the period.

    Writes each draw once, as it was first answered otherwise; also those after the period that follow from it.
    """

    def __init__(
        self,
        actual: FoldSpec[LicenceLedger],
        other: FoldSpec[LicenceLedger],
        period: Period,
        ledgers: Aggregates[LicenceLedger],
        connection: Connection,
    ) -> None:
        self._actual = actual
        self._other = other
        self._period = period
        self._ledgers = ledgers
        self._connection = connection
        self._changes: dict[Place, Change] = {}

    async def handle(self, name: str, message: Message, at: datetime, was: Decision[LicenceLedger]) -> None:
        """What `message` would have given, beside what it gave."""
        spec = self._other if at in self._period else self._actual
        decision = spec.handlers[type(message)](await self._ledgers.get(name), message, at)
        self._ledgers.put(name, decision.state)
        for change in changes(was, decision, at):
            self._changes.setdefault(change.place, change)
        if len(self._changes) >= WRITTEN_AT_ONCE:
            await self.write()

    async def spill(self) -> None:
        """Bound what is in memory."""
        await self._ledgers.spill()

    async def write(self) -> None:
        """Write the changes found since; a draw that is written already stays as it was."""
        rows = [(*c.place, str(c.was), str(c.would_be), c.at) for c in self._changes.values()]
        async with self._connection.cursor() as cursor:
            await cursor.executemany(_WRITE, rows)
        self._changes.clear()


class Changed:
    """The changes that were written, in order of time. Reads a bounded number at a time."""

    def __init__(self, url: str) -> None:
        self._url = url

    def count(self) -> int:
        with psycopg.connect(self._url) as connection:
            row = connection.execute("SELECT count(*) FROM replay.change").fetchone()
        return 0 if row is None else int(row[0])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with psycopg.connect(self._url, row_factory=dict_row) as connection, connection.cursor("changes") as cursor:
            cursor.itersize = WRITTEN_AT_ONCE
            yield from cursor.execute(_READ)


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
    quantity, value = (_ceiling(f"{file}, {name}", content.get(name, {})) for name in ("quantity", "value"))
    return rule_set(quantity, value)


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
