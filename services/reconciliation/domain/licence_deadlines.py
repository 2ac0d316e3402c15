"""What licences wait for, in one table, and what is raised once its time has come (docs/decisions/0007-reminders.md).

A wait is looked at once: its id stands with the ledger. A reminder is of a later time than the one before, so that a
repeat is known by its time, whatever became of the ledger since; it looks at all whose time has come by then.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from services.reconciliation.domain.awaited import Awaited, FailedDraw, FailedLine, Wait, wait_id
from services.reconciliation.domain.findings import finding_id
from services.reconciliation.domain.general_deadlines import (
    goods_to_come_back,
    not_come_back,
    notice_awaited,
    notice_missing,
)
from services.reconciliation.domain.judged import fingerprint
from services.reconciliation.domain.lapsed import LAPSED, ends, lost_at
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.notice_deadlines import notices_awaited, notices_missing
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.usage_deadlines import differences, late_figures, report_missing, reports_due

VERSION: Final = "8"
"""Of the table and of all that its rows wait for: another one has the reminders of all ledgers made anew."""

AWAITED: Final = (
    Awaited(LAPSED, ends, draws=lost_at),
    Awaited("usage.due", reports_due, licence=report_missing, lines=differences),
    Awaited("usage.late", late_figures, lines=differences),
    Awaited("notice.due", notice_awaited, licence=notice_missing),
    Awaited("write-off.due", notices_awaited, lines=notices_missing),
    Awaited("re-import.due", goods_to_come_back, draws=not_come_back),
)

_AT_ONCE: Final = timedelta(microseconds=1)
"""After the last reminder, for what came to be waited for when its time had passed already."""


def next_due(ledger: LicenceLedger) -> datetime | None:
    """When the first wait ends that was not looked at; None: there is none."""
    due = min((wait.until for _, wait, _ in _open(ledger)), default=None)
    if due is None or ledger.reminded is None or due > ledger.reminded:
        return due
    return ledger.reminded + _AT_ONCE


def ended(ledger: LicenceLedger, now: datetime) -> list[tuple[Awaited, Wait, str]]:
    """What has ended by `now` and was not looked at, in the order of the table, each with its id."""
    return [found for found in _open(ledger) if found[1].until <= now]


def failed_draws(
    ledger: LicenceLedger, over: Iterable[tuple[Awaited, Wait, str]], rules: RuleSet
) -> Iterator[FailedDraw]:
    """What is wrong with draws, each once, however many waits that end at one moment find it."""
    said: set[tuple[str, int, int, str]] = set()
    for row, wait, _ in over:
        for demand, held, failure in row.draws(ledger, wait, rules):
            found = (demand.mrn, held.draw.item, held.draw.line, fingerprint(failure))
            if found not in said:
                said.add(found)
                yield demand, held, failure


def new_on_lines(ledger: LicenceLedger, over: Iterable[tuple[Awaited, Wait, str]]) -> dict[str, FailedLine]:
    """What is wrong with lines as a whole and was not raised with these figures before, by id."""
    found: dict[str, FailedLine] = {}
    for row, wait, _ in over:
        for line, failure in row.lines(ledger, wait):
            values = [part for c in failure.mismatch.compared for part in (c.what, c.declared, c.licensed)]
            found[finding_id(failure.code, ledger.licence, line, *values)] = (line, failure)
    return {identity: one for identity, one in found.items() if identity not in ledger.raised}


def _open(ledger: LicenceLedger) -> Iterator[tuple[Awaited, Wait, str]]:
    for row in AWAITED:
        for wait in row.waits(ledger):
            identity = wait_id(row.name, ledger.licence, wait.mark)
            if identity not in ledger.raised:
                yield row, wait, identity
