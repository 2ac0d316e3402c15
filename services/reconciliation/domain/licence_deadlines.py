"""What licences wait for, in one table, and what is raised once its time has come (docs/decisions/0007-reminders.md).

A wait is looked at once: its id stands with the ledger. A reminder is of a later time than the one before, so that a
repeat is known by its time, whatever became of the ledger since; it looks at all whose time has come by then.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from services.reconciliation.domain.awaited import Awaited, Wait
from services.reconciliation.domain.findings import finding_id
from services.reconciliation.domain.lapsed import ends_of_legs, left_without_leg
from services.reconciliation.domain.ledger import LicenceLedger

VERSION: Final = "1"
"""Of the table and of all that its rows wait for: another one has the reminders of all ledgers made anew."""

AWAITED: Final = (Awaited("leg.lapsed", ends_of_legs, draws=left_without_leg),)

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


def _open(ledger: LicenceLedger) -> Iterator[tuple[Awaited, Wait, str]]:
    for row in AWAITED:
        for wait in row.waits(ledger):
            identity = finding_id(row.name, ledger.licence, wait.mark)
            if identity not in ledger.raised:
                yield row, wait, identity
