"""How reports of the use of a licence count: the same at the door that takes them and in the ledger that draws by them.

Reports on one line, of one channel, cleared in one Member State count together: they are an account. The periods of an
account never cross: two are equal, apart, or one lies in the other. So its total is one sum, which no report enters
twice:

- CUMULATIVE is all use of its period so far. It takes the place of every report whose period lies in its own.
- DELTA, LATE and ADJUST are added, ADJUST with its sign; CONTRA is taken off. All use of a period, and of the account,
  is never less than nothing.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
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

    def plus(self, other: "Use") -> "Use":
        return Use(self.quantity + other.quantity, self.value + other.value)

    def less(self, other: "Use") -> "Use":
        return Use(self.quantity - other.quantity, self.value - other.value)


class Period(NamedTuple):
    """Days, both included."""

    first: date
    last: date

    def holds(self, other: "Period") -> bool:
        """Whether the other lies in this one, or is the same."""
        return self.first <= other.first and other.last <= self.last

    def touches(self, other: "Period") -> bool:
        """Whether they have a day in common."""
        return self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


class Part(NamedTuple):
    """What counts of one period of an account, not of those within it."""

    first: str
    """The id of the first report of it."""
    use: Use
    latest: datetime
    """When the last was made."""


def account_of(report: UsageReport) -> Account:
    return report.line, report.channel, report.cleared_in


def period_of(report: UsageReport) -> Period:
    return Period(report.period_from, report.period_to)


def counting(reports: Iterable[UsageReport]) -> list[UsageReport]:
    """Of the reports of one account, in order of arrival, those that count: no total came after that holds them."""
    found: list[UsageReport] = []
    for report in reports:
        if report.kind is ReportKind.CUMULATIVE:
            found = [one for one in found if not period_of(report).holds(period_of(one))]
        found.append(report)
    return found


def parts_of(counted: Iterable[UsageReport]) -> dict[Period, Part]:
    """The parts of reports of one account that count, in order of the first of each."""
    found: dict[Period, Part] = {}
    for report in counted:
        period = period_of(report)
        found[period] = part_with(found.get(period), report)
    return found


def part_with(known: Part | None, report: UsageReport) -> Part:
    """The part of its period once the report counts, beside what did before and still does."""
    use, at = use_of([report]), report.reported_at
    return Part(report.id, use, at) if known is None else Part(known.first, known.use.plus(use), max(known.latest, at))


def taken_places(parts: Mapping[Period, Part], report: UsageReport) -> list[Period]:
    """The periods that count no more once the report does."""
    if report.kind is not ReportKind.CUMULATIVE:
        return []
    period = period_of(report)
    return [other for other in parts if period.holds(other)]


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
    yield from faults_beside(parts_of(counted), report)


def faults_beside(parts: Mapping[Period, Part], report: UsageReport) -> Iterator[Fault]:
    """The same, beside the parts of its account."""
    period = period_of(report)
    together = [other for other in parts if other.touches(period)]
    crossed = next((one for one in together if not (one.holds(period) or period.holds(one))), None)
    if crossed is not None:
        detail = (
            f"crosses {crossed} of report {parts[crossed].first}; periods must be equal, apart, or one in the other"
        )
        yield Fault("period_from", "period-crosses", detail)
        return
    wider = [one for one in together if one.holds(period) and one != period]
    if report.kind is ReportKind.CUMULATIVE and wider:
        first = parts[wider[0]].first
        detail = f"{wider[0]} is reported already ({first}): report the total of all of it, or adjust it"
        yield Fault("period_from", "period-held", detail)
        return
    taken = {*taken_places(parts, report)}
    for of in [period, *wider]:
        left = use_of([report])
        for other in together if of == period else parts:
            left = left.plus(parts[other].use) if of.holds(other) and other not in taken else left
        name, amount = ("quantity", left.quantity) if left.quantity < ZERO else ("value", left.value)
        if amount < ZERO:
            detail = f"{format_amount(amount)} of {of} would be left: more is taken back than was reported"
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
