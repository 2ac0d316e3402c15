"""How reports of the use of a licence count: the same at the door that takes them and in the ledger that draws by them.

Reports on one line, of one channel, cleared in one Member State count together: they are an account. The periods of an
account never cross: two are equal, apart, or one lies in the other. So its total is one sum, which no report enters
twice:

- CUMULATIVE is all use of its period so far. It takes the place of every report whose period lies in its own.
- DELTA, LATE and ADJUST are added, ADJUST with its sign; CONTRA is taken off. All use of a period, and of the account,
  is never less than nothing.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from services.core.errors import Fault
from services.core.messages import LicenceType, ReportChannel, ReportKind, UsageReport
from services.core.values import ZERO, CountryCode, format_amount

YEARLY: Final = frozenset(
    {LicenceType.GLOBAL, LicenceType.LARGE_PROJECT, LicenceType.UNION_GENERAL, LicenceType.NATIONAL_GENERAL}
)
"""Kinds whose use is reported by the year only; of the others also when they end."""

Account = tuple[int, ReportChannel, CountryCode | None]
"""Line, channel, and the Member State whose customs cleared it when that is not the authority's."""


class Use(NamedTuple):
    """How much; in the unit and the currency of the line."""

    quantity: Decimal = ZERO
    value: Decimal = ZERO


def account_of(report: UsageReport) -> Account:
    return report.line, report.channel, report.cleared_in


def counting(reports: Iterable[UsageReport]) -> list[UsageReport]:
    """Of the reports of one account, in order of arrival, those that count: no total came after that holds them."""
    found: list[UsageReport] = []
    for report in reports:
        if report.kind is ReportKind.CUMULATIVE:
            found = [one for one in found if not lies_in(one, report)]
        found.append(report)
    return found


def lies_in(one: UsageReport, other: UsageReport) -> bool:
    """Whether the period of one lies in that of the other, or is the same."""
    return other.period_from <= one.period_from and one.period_to <= other.period_to


def use_of(counted: Iterable[UsageReport]) -> Use:
    """What reports that count add up to. A figure that is not stated is nothing."""
    quantity, value = ZERO, ZERO
    for report in counted:
        sign = -1 if report.kind is ReportKind.CONTRA else 1
        quantity += sign * (report.quantity or ZERO)
        value += sign * (report.value or ZERO)
    return Use(quantity, value)


def counting_faults(counted: Sequence[UsageReport], report: UsageReport) -> Iterator[Fault]:
    """Why a report cannot be counted beside those of its account that count; paths name its fields."""
    wider = [one for one in counted if lies_in(report, one)]
    crossed = next((one for one in counted if _cross(one, report)), None)
    if crossed is not None:
        detail = f"crosses {_period(crossed)} of report {crossed.id}; periods must be equal, apart, or one in the other"
        yield Fault("period_from", "period-crosses", detail)
        return
    if report.kind is ReportKind.CUMULATIVE and (held := [one for one in wider if not lies_in(one, report)]):
        detail = f"{_period(held[0])} is reported already ({held[0].id}): report the total of all of it, or adjust it"
        yield Fault("period_from", "period-held", detail)
        return
    after = counting([*counted, report])
    for period in [report, *(one for one in wider if not lies_in(one, report))]:
        left = use_of(one for one in after if lies_in(one, period))
        name, amount = ("quantity", left.quantity) if left.quantity < ZERO else ("value", left.value)
        if amount < ZERO:
            detail = f"{format_amount(amount)} of {_period(period)} would be left: more is taken back than was reported"
            yield Fault(name, "below-zero", f"{detail}; state the period of what is taken back")
            return


def reported_by_day(kind: LicenceType, valid_to: date | None, period_to: date) -> date:
    """The last day to report the use of a period that ends on that day, after which the period is closed.

    A month after the year's end; of a licence that is not reported by the year, a month after its end when that is
    earlier.
    """
    last = date(period_to.year, 12, 31)
    if kind not in YEARLY and valid_to is not None and period_to <= valid_to < last:
        last = valid_to
    return month_after(last)


def month_after(day: date) -> date:
    """The same day of the next month, or its last."""
    year, month = (day.year, day.month + 1) if day.month < 12 else (day.year + 1, 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _cross(one: UsageReport, other: UsageReport) -> bool:
    together = one.period_from <= other.period_to and other.period_from <= one.period_to
    return together and not lies_in(one, other) and not lies_in(other, one)


def _period(of: UsageReport) -> str:
    return f"{of.period_from} to {of.period_to}"
