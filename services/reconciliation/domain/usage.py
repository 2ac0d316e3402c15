"""Use that the holder reports, in the ledger: what it draws of a line, and what a report may not do.

What customs never sees (transfers, visits, teaching, assistance) and what customs of another Member State cleared
draws: it is consumed and has left, as far as no shipment draws it (`elsewhere`). What our own customs sees draws by its
shipments; a report of it is compared only.
How reports count together: `services.core.usage`.
"""

from collections.abc import Collection, Iterator, Mapping

from services.core.days import day_of
from services.core.errors import Rejected
from services.core.messages import Demand, Entry, HeldShipment, Licence, ReportChannel, ReportKind, UsageReport
from services.core.usage import Account, Use, account_of
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
from services.reconciliation.domain.reported import OfAccount, Reported, fits
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.rules import QUANTITY_OVERRUN, VALUE_OVERRUN
from services.reconciliation.domain.terms import overdrawn


def draws(report: UsageReport) -> bool:
    """Whether no shipment of ours draws it."""
    return report.channel is not ReportChannel.EXPORT or report.cleared_in is not None


def check_report(ledger: LicenceLedger, report: UsageReport) -> None:
    """Rejected, naming the field, when a report cannot be counted. The door refused it before.

    One on a line that the licence does not have yet came before the revision that brings it: it waits for it.
    """
    where, terms = f"report {report.id} on {ledger.licence}", ledger.terms
    if report.kind is ReportKind.UNKNOWN or report.channel is ReportChannel.OTHER:
        raise Rejected(f"{where}: its kind or channel is none that this version knows")
    awaited = terms is not None and all(line.line != report.line for line in terms.lines)
    if terms is not None and not awaited and not _fit(ledger, terms, report):
        raise Rejected(f"{where}: no line {report.line} in the unit and currency that are reported")
    for fault in ledger.usage.faults(report):
        raise Rejected(f"{where}, {fault.path}: {fault.detail}")


def drawn_more(ledger: LicenceLedger, report: UsageReport) -> Use:
    """How much more of its line is drawn once the report counts; less than nothing: that much returns."""
    terms, of, account = ledger.terms, ledger.usage.of_account(report), account_of(report)
    if terms is None or not draws(report) or not _fit(ledger, terms, report):
        return Use()
    if report.cleared_in is None:
        return of.more_with(report)
    shipments = ledger.shipments.values()
    after = drawn_by(terms, account, of.parts_with(report), shipments)
    return after.less(drawn_by(terms, account, of.parts, shipments))


def _fit(ledger: LicenceLedger, terms: Licence, report: UsageReport) -> bool:
    """Whether the line has the measures of the report, and of all that was reported on its account before."""
    return fits(terms, report.line, *ledger.usage.of_account(report).measures_with(report))


def drawn_by_use(terms: Licence | None, usage: Reported, shipments: Collection[HeldShipment]) -> dict[int, Use]:
    """What reports draw of each line; nothing while the licence is unknown, or where it has no such line.

    Some may have come before the licence. If one of an account does not fit, none of it draws: it is one sum.
    """
    found: dict[int, Use] = {}
    if terms is None:
        return found
    for account, of in usage.accounts.items():
        line, channel, cleared_in = account
        ours = channel is ReportChannel.EXPORT and cleared_in is None
        if not ours and fits(terms, line, of.units, of.currencies):
            found[line] = found.get(line, Use()).plus(drawn_by(terms, account, of.parts, shipments))
    return found


def drawn_since(ledger: LicenceLedger, terms: Licence) -> dict[int, Use]:
    """How much more reports draw of each line under the licence as it now is: they waited for new lines.

    In another time zone a shipment that was cleared elsewhere may fall into another period.
    """
    if not ledger.usage.by_id:
        return {}
    shipments, nothing = ledger.shipments.values(), Use()
    before = drawn_by_use(ledger.terms, ledger.usage, shipments)
    after = drawn_by_use(terms, ledger.usage, shipments)
    more = {line: use.less(before.get(line, nothing)) for line, use in after.items()}
    return {line: use for line, use in more.items() if any(use)}


def in_its_place(ledger: LicenceLedger, demand: Demand) -> dict[int, Use]:
    """By line, what reports draw that draws of this shipment take the place of: of the period of its acceptance."""
    found: dict[int, Use] = {}
    terms = ledger.terms
    for (line, _, state), of in _cleared_as(ledger, demand.mrn).items():
        if terms is not None:
            day = day_of(demand.accepted_at, terms.time_zone)
            periods = told(of.parts, shown_on(terms, ledger.shipments.values(), line, state))
            found[line] = total(one.beyond for one in periods if one.first <= day <= one.last)
    return found


def more_with(ledger: LicenceLedger, shipment: HeldShipment) -> Iterator[tuple[int, Use]]:
    """How much more reports draw of a line once a shipment stands so; less than nothing: they give way to it."""
    accounts, terms = _cleared_as(ledger, shipment.mrn), ledger.terms
    if not accounts or terms is None:
        return
    before = list(ledger.shipments.values())
    after = [*(one for one in before if one.mrn != shipment.mrn), shipment]
    for account, of in accounts.items():
        more = drawn_by(terms, account, of.parts, after).less(drawn_by(terms, account, of.parts, before))
        if any(more):
            yield account[0], more


def _cleared_as(ledger: LicenceLedger, mrn: Mrn) -> dict[Account, OfAccount]:
    """The accounts of what is reported as cleared where this declaration was accepted; most often there is none."""
    terms, state = ledger.terms, state_of(mrn)
    if not ledger.usage.by_id or terms is None or not is_elsewhere(terms, state):
        return {}
    there = {account: of for account, of in ledger.usage.accounts.items() if account[2] == state}
    return {account: of for account, of in there.items() if fits(terms, account[0], of.units, of.currencies)}


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
