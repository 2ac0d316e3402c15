"""Use that the holder reports, in the ledger: what it draws of a line, and what a report may not do.

What customs never sees (transfers, visits, teaching, assistance) and what customs of another Member State cleared
draws: it is consumed and has left. What our own customs sees draws by its shipments; a report of it is compared only.
How reports count together: `services.core.usage`.
"""

from collections.abc import Iterable, Iterator, Mapping

from services.core.errors import Rejected
from services.core.messages import Entry, Licence, ReportChannel, ReportKind, UsageReport
from services.core.usage import Account, Use, account_of, counting, counting_faults, use_of
from services.core.values import ZERO
from services.reconciliation.domain.case import Failure
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
    known = _of_account(ledger, report)
    before, after = use_of(counting(known)), use_of(counting([*known, report]))
    return Use(after.quantity - before.quantity, after.value - before.value)


def drawn_by_use(terms: Licence | None, usage: Iterable[UsageReport]) -> dict[int, Use]:
    """What reports draw of each line; nothing while the licence is unknown, or where it has no such line."""
    accounts: dict[Account, list[UsageReport]] = {}
    for report in usage:
        if draws(report):
            accounts.setdefault(account_of(report), []).append(report)
    found: dict[int, Use] = {}
    for (line, _, _), reports in accounts.items():
        if terms is not None and _fit(terms, reports):
            before, use = found.get(line, Use()), use_of(counting(reports))
            found[line] = Use(before.quantity + use.quantity, before.value + use.value)
    return found


def drawn_since(known: Licence | None, terms: Licence, usage: Iterable[UsageReport]) -> dict[int, Use]:
    """What reports draw of lines that the licence did not have before: they waited for them."""
    before = {line.line for line in known.lines} if known else set[int]()
    return {line: use for line, use in drawn_by_use(terms, usage).items() if line not in before}


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
