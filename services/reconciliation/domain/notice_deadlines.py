"""Notices of what customs of another Member State wrote off: awaited for a month after what the holder reports.

A licence is valid in all of the Union (Reg. (EU) 2021/821 art. 12(1)), so that office writes off, and it is the holder
who shows it within a month (so the German rule, AWV section 25; the Flemish decree sets no day). A notice is any
shipment whose MRN is of that state: its own messages, or a paper write-off that is entered later (0006).
"""

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from services.core.days import day_of, end_of
from services.core.messages import Basis, Comparison, LicenceLine
from services.core.usage import Account, month_after
from services.core.values import format_amount
from services.reconciliation.domain.awaited import FailedLine, Wait
from services.reconciliation.domain.case import Failure, Mismatch
from services.reconciliation.domain.elsewhere import Told, is_elsewhere, shown_on, told
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.measures import shown
from services.reconciliation.domain.reported import OfAccount
from services.reconciliation.domain.usage_deadlines import DIFFERENCE

MISSING: Final = "write-off.notice-missing"
_VERSION: Final = 1


def notices_awaited(ledger: LicenceLedger) -> Iterator[Wait]:
    """The end of the month after each period, or of the day on which the last of its reports came, if that is later."""
    terms = ledger.terms
    if not ledger.usage.by_id or terms is None:
        return
    for account, of in _accounts(ledger).items():
        for one in told(of.parts):
            until = _end(one.last, one.latest, terms.time_zone)
            if until is not None:
                yield Wait(_mark(account, one), until)


def notices_missing(ledger: LicenceLedger, wait: Wait) -> Iterator[FailedLine]:
    """Where that customs wrote off other amounts than the holder reports."""
    terms = ledger.terms
    if terms is None:
        return
    lines = {line.line: line for line in terms.lines}
    for account, of in _accounts(ledger).items():
        line, _, state = account
        if line not in lines or not wait.mark.startswith(f"{line} {state} "):
            continue
        for one in told(of.parts, shown_on(terms, ledger.shipments.values(), line, state)):
            if _mark(account, one) == wait.mark:
                for code, compared in _differences(lines[line], one, f"cleared in {state}"):
                    yield line, Failure(code, _VERSION, Mismatch((compared,)))


def _accounts(ledger: LicenceLedger) -> dict[Account, OfAccount]:
    """What is reported as cleared in other states."""
    terms, accounts = ledger.terms, ledger.usage.accounts.items()
    return {} if terms is None else {account: of for account, of in accounts if is_elsewhere(terms, account[2])}


def _mark(account: Account, one: Told) -> str:
    """With how much: when more is reported of a period, it is looked at again."""
    reported = f"{format_amount(one.reported.quantity)} {format_amount(one.reported.value)}"
    return f"{account[0]} {account[2]} {one.first} {one.last} {reported}"


@lru_cache(maxsize=8192)
def _end(last: date, reported_at: datetime, time_zone: str) -> datetime | None:
    """Asked around every message. None at the end of the calendar."""
    try:
        return end_of(max(month_after(last), day_of(reported_at, time_zone)), time_zone)
    except OverflowError:
        return None


def _differences(line: LicenceLine, one: Told, where: str) -> Iterator[tuple[str, Comparison]]:
    """In the dimensions that the line counts; on an open one in all that are reported."""
    opens = line.basis is Basis.OPEN
    dimensions = (
        ("quantity", line.unit, one.reported.quantity, one.shown.quantity, line.basis is Basis.VALUE),
        ("value", line.currency, one.reported.value, one.shown.value, line.basis is Basis.QUANTITY),
    )
    for name, measure, reported, noticed, uncounted in dimensions:
        if measure is None or uncounted or reported == noticed or (opens and not reported):
            continue
        what = f"{name} {where} from {one.first} to {one.last}, reported and written off"
        compared = Comparison(what=what, declared=shown(reported, measure), licensed=shown(noticed, measure))
        yield MISSING if noticed < reported else DIFFERENCE, compared
