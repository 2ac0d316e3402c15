"""The invariants of the ledger as metrics that must be 0, checked beside the folds by a periodic loop.

Each pass takes the licences whose ledger changed since the pass before and looks at what is committed: does every
column equal the sum of its draws, does it equal the movements of all entries, do revisions follow one another. A pass
has a time budget; licences that do not get their turn keep it for the next one. Beyond `LONGEST` entries a ledger is
recounted by `tolbrug verify` only. A process looks at changes from its own start on; what was before is `tolbrug
verify`'s too. A ledger found wrong halts its partition: nothing more is booked on what may be false.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from prometheus_client import Gauge

from services.core.errors import Corrupt, Rejected, Transient
from services.core.messages import Entry
from services.reconciliation.domain.invariants import Violation, violations
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.verification import Recorded, entries_are_columns
from services.runtime.codec import PREFIX
from services.runtime.database import AWAY, Database
from services.runtime.fold_reader import FoldReader
from services.runtime.fold_table import FoldTable
from services.runtime.telemetry import log

LONGEST: Final = 2_000
"""Entries of one licence that a pass reads; more would take long enough to be felt by the folds."""
SAMPLE: Final = 5_000
"""Outputs per partition that a pass looks through for changed licences, the latest first."""
PAUSES: Final = 19
"""Times as long as a pass took that the next one waits: the folds have nearly all of the time."""

DRAWS = Gauge("tolbrug_ledger_draws_minus_columns", "Licences whose columns are not the sum of their draws; must be 0.")
ENTRIES = Gauge("tolbrug_ledger_entries_minus_columns", "Licences whose columns are not the sum of entries; must be 0.")
GAPS = Gauge("tolbrug_ledger_revision_gaps", "Revisions missing among the entries of checked licences; must be 0.")
WAITING = Gauge("tolbrug_ledger_unchecked_licences", "Changed licences whose invariants wait to be checked.")

_ENDS = "SELECT partition, last_output FROM reconciliation.fold WHERE fold = %s"
_CHANGED = (
    "SELECT DISTINCT entry_of FROM (SELECT entry_of FROM reconciliation.output"
    " WHERE fold = %s AND partition = %s AND seq > %s AND seq <= %s ORDER BY seq DESC LIMIT %s) AS latest"
    " WHERE entry_of IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a licence was found to violate."""

    draws: tuple[Violation, ...] = ()
    entries: tuple[Violation, ...] = ()
    gaps: int = 0

    def __bool__(self) -> bool:
        return bool(self.draws or self.entries or self.gaps)

    def told(self) -> list[str]:
        """Sentences, the first twenty."""
        missing = [f"{self.gaps} revisions are missing"] if self.gaps else []
        return [*missing, *(str(violation) for violation in (*self.draws, *self.entries))][:20]


def check(ledger: LicenceLedger, entries: Sequence[Recorded] | None) -> Checked:
    """A ledger against its draws and, when they are given, against all its entries."""
    if entries is None:
        return Checked(draws=tuple(violations(ledger)))
    missing = ledger.revision - len({recorded.entry.revision for recorded in entries})
    return Checked(tuple(violations(ledger)), tuple(entries_are_columns(entries, ledger)), missing)


class Invariants:
    """Checks changed ledgers until cancelled. A violation is shown, halts its partition, and is never corrected."""

    def __init__(
        self,
        database: Database,
        reader: FoldReader[LicenceLedger],
        fold: str,
        *,
        every_s: float,
        budget_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._reader = reader
        self._fold = fold
        self._table = FoldTable("reconciliation", fold)
        self._every_s = every_s
        self._budget_s = budget_s
        self._clock = clock
        self._ends: dict[int, int] | None = None
        self._waiting: dict[str, int] = {}
        self._wrong: dict[str, Checked] = {}

    async def watch(self) -> None:
        """The loop. PostgreSQL being away delays it, and so does a ledger so large that a pass takes long."""
        while True:
            started = self._clock()
            with suppress(Transient, *AWAY):
                await self.pass_once()
            await asyncio.sleep(max(self._every_s, PAUSES * (self._clock() - started)))

    async def pass_once(self) -> None:
        """Check the licences that changed, for as long as the budget lasts; at least one."""
        await self._collect()
        started = self._clock()
        while self._waiting:
            licence, partition = next(iter(self._waiting.items()))
            await self._keep(licence, partition, await self._check(licence))
            del self._waiting[licence]
            if self._clock() - started >= self._budget_s:
                break
        self._show()

    async def _collect(self) -> None:
        rows = await self._database.rows(_ENDS, (self._fold,))
        ends = {row["partition"]: row["last_output"] for row in rows}
        for partition, end in ends.items():
            begin = end if self._ends is None else self._ends.get(partition, 0)
            if begin < end:
                span = (self._fold, partition, begin, end, SAMPLE)
                changed = await self._database.rows(_CHANGED, span)
                self._waiting.update(dict.fromkeys((row["entry_of"] for row in changed), partition))
        self._ends = ends

    async def _check(self, licence: str) -> Checked:
        try:
            return await self._compare(licence)
        except (Corrupt, Rejected) as error:
            return Checked(entries=(Violation(licence, 0, f"its entries cannot be followed: {error}"),))

    async def _compare(self, licence: str) -> Checked:
        ledger = await self._reader.read(licence)
        if ledger is None:
            return Checked()
        entries: list[Recorded] | None = None
        if ledger.revision <= LONGEST:
            # Others may be committed meanwhile: those after the ledger that was read are not its own.
            read = await self._reader.recorded(licence, 0, ledger.revision)
            entries = [
                Recorded(entry, value[PREFIX:])
                for entry, value in read
                if isinstance(entry, Entry) and entry.revision <= ledger.revision
            ]
        return await asyncio.to_thread(check, ledger, entries)

    async def _keep(self, licence: str, partition: int, checked: Checked) -> None:
        self._wrong.pop(licence, None)
        if not checked:
            return
        self._wrong[licence] = checked
        log.critical("invariant.violated", licence=licence, gaps=checked.gaps, violations=checked.told())
        async with self._database.connection() as connection:
            reason = f"the ledger of {licence} violates an invariant: {checked.told()[0]}"
            if await self._table.halt(connection, partition, reason):
                log.critical("partition.halted", fold=self._fold, partition=partition, reason=reason)

    def _show(self) -> None:
        DRAWS.set(sum(bool(checked.draws) for checked in self._wrong.values()))
        ENTRIES.set(sum(bool(checked.entries) for checked in self._wrong.values()))
        GAPS.set(sum(checked.gaps for checked in self._wrong.values()))
        WAITING.set(len(self._waiting))
