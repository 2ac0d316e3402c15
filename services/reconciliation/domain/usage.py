"""Use that the holder reports, in the ledger: what it draws of a line, and what a report may not do.

What customs never sees (transfers, visits, teaching, assistance) and what customs of another Member State cleared
draws: it is consumed and has left, as far as no shipment draws it (`elsewhere`). What our own customs sees draws by its
shipments; a report of it is compared only.
How reports count together: `services.core.usage`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from services.core.days import day_of
from services.core.errors import Rejected
from services.core.messages import Demand, Entry, HeldShipment, Licence, ReportChannel, ReportKind, UsageReport
from services.core.usage import Account, Use, account_of, counting, counting_faults
from services.core.values import ZERO, Mrn
from services.reconciliation.domain.case import Failure
from services.reconciliation.domain.elsewhere import (
    drawn_by,
    is_elsewhere,
    shown_on,
    state_of,
    told,
    total,
)
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.rules import QUANTITY_OVERRUN, VALUE_OVERRUN
from services.reconciliation.domain.terms import overdrawn


def draws(report: UsageReport) -> bool:
    """Whether no shipment of ours draws it."""
    return report.channel is not ReportChannel.EXPORT or report.cleared_in is not None


def check_report(ledger: LicenceLedger, report: UsageReport) -> None:
    """Rejected, naming the field, when a report cannot be counted. The door refused it before."""
    where = f"report {report.id} on {ledger.licence}"
    if report.kind is ReportKind.UNKNOWN or report.channel is ReportChannel.OTHER:
        raise Rejected(f"{where}: its kind or channel is none that this version knows")
    known = _of_account(ledger, report)
    if ledger.terms is not None and not _fit(ledger.terms, [*known, report]):
        raise Rejected(f"{where}: no line {report.line} in the unit and currency that are reported")
    for fault in counting_faults(counting(known), report):
        raise Rejected(f"{where}, {fault.path}: {fault.detail}")


def drawn_more(ledger: LicenceLedger, report: UsageReport) -> Use:
    """How much more of its line is drawn once the report counts; less than nothing: that much returns."""
    if ledger.terms is None or not draws(report):
        return Use()
    known, account, shipments = _of_account(ledger, report), account_of(report), ledger.shipments.values()
    before = drawn_by(ledger.terms, account, known, shipments)
    after = drawn_by(ledger.terms, account, [*known, report], shipments)
    return _less(after, before)


def _less(one: Use, other: Use) -> Use:
    return Use(one.quantity - other.quantity, one.value - other.value)


def drawn_by_use(
    terms: Licence | None, usage: Iterable[UsageReport], shipments: Collection[HeldShipment]
) -> dict[int, Use]:
    """What reports draw of each line; nothing while the licence is unknown, or where it has no such line."""
    accounts: dict[Account, list[UsageReport]] = {}
    for report in usage:
        if draws(report):
            accounts.setdefault(account_of(report), []).append(report)
    found: dict[int, Use] = {}
    for account, reports in accounts.items():
        if terms is not None and _fit(terms, reports):
            line = account[0]
            before, use = found.get(line, Use()), drawn_by(terms, account, reports, shipments)
            found[line] = Use(before.quantity + use.quantity, before.value + use.value)
    return found


def drawn_since(ledger: LicenceLedger, terms: Licence) -> dict[int, Use]:
    """How much more reports draw of each line under the licence as it now is: they waited for new lines.

    In another time zone a shipment that was cleared elsewhere may fall into another period.
    """
    if not ledger.usage:
        return {}
    shipments, nothing = ledger.shipments.values(), Use()
    before = drawn_by_use(ledger.terms, ledger.usage, shipments)
    after = drawn_by_use(terms, ledger.usage, shipments)
    more = {line: _less(use, before.get(line, nothing)) for line, use in after.items()}
    return {line: use for line, use in more.items() if any(use)}


def in_its_place(ledger: LicenceLedger, demand: Demand) -> dict[int, Use]:
    """By line, what reports draw that draws of this shipment take the place of: of the period of its acceptance."""
    found: dict[int, Use] = {}
    terms = ledger.terms
    for (line, _, state), reports in _cleared_as(ledger, demand.mrn).items():
        if terms is not None:
            day = day_of(demand.accepted_at, terms.time_zone)
            periods = told(counting(reports), shown_on(terms, ledger.shipments.values(), line, state))
            found[line] = total(one.beyond for one in periods if one.first <= day <= one.last)
    return found


def more_with(ledger: LicenceLedger, shipment: HeldShipment) -> Iterator[tuple[int, Use]]:
    """How much more reports draw of a line once a shipment stands so; less than nothing: they give way to it."""
    accounts, terms = _cleared_as(ledger, shipment.mrn), ledger.terms
    if not accounts or terms is None:
        return
    before = list(ledger.shipments.values())
    after = [*(one for one in before if one.mrn != shipment.mrn), shipment]
    for account, reports in accounts.items():
        more = _less(drawn_by(terms, account, reports, after), drawn_by(terms, account, reports, before))
        if any(more):
            yield account[0], more


def _cleared_as(ledger: LicenceLedger, mrn: Mrn) -> dict[Account, list[UsageReport]]:
    """The accounts of what is reported as cleared where this declaration was accepted; most often there is none."""
    found: dict[Account, list[UsageReport]] = {}
    terms, state = ledger.terms, state_of(mrn)
    if not ledger.usage or terms is None or not is_elsewhere(terms, state):
        return found
    for report in ledger.usage:
        if report.cleared_in == state:
            found.setdefault(account_of(report), []).append(report)
    return {account: reports for account, reports in found.items() if _fit(terms, reports)}


def lines_overused(
    terms: Licence | None, entry: Entry, more: Mapping[int, Use], rules: RuleSet
) -> Iterator[tuple[int, Failure]]:
    """Lines of which more use was just drawn than they authorise, in the dimensions that grew."""
    for line, balance in zip(terms.lines if terms else (), entry.balances, strict=True):
        used = more.get(line.line, Use())
        grown = {QUANTITY_OVERRUN: used.quantity > ZERO, VALUE_OVERRUN: used.value > ZERO}
        for failure in overdrawn(line, balance, rules) if any(grown.values()) else ():
            if grown[failure.code]:
                yield line.line, failure


def _of_account(ledger: LicenceLedger, report: UsageReport) -> list[UsageReport]:
    account = account_of(report)
    return [one for one in ledger.usage if account_of(one) == account]


def _fit(terms: Licence, reports: Iterable[UsageReport]) -> bool:
    """Whether the licence has their line, in their measures: neither ever changes. A figure left out fits any.

    Some may have come before the licence. If one of an account does not fit, none of it draws: it is one sum.
    """
    lines = {line.line: line for line in terms.lines}
    for report in reports:
        line = lines.get(report.line)
        if line is None:
            return False
        if report.quantity is not None and (report.unit is None or report.unit != line.unit):
            return False
        if report.value is not None and (report.currency is None or report.currency != line.currency):
            return False
    return True
