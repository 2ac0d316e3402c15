"""What is reported of the use of a licence, arranged so that one more report costs the same however many came before.

It follows from the reports in order of arrival, all of which stay: columns can be counted again from them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from services.core.errors import Fault
from services.core.messages import Licence, UsageReport
from services.core.usage import (
    Account,
    Part,
    Period,
    Use,
    account_of,
    faults_beside,
    part_with,
    period_of,
    taken_places,
    use_of,
)
from services.reconciliation.domain.versioned import Versioned

Measures = frozenset[str | None]


@dataclass(frozen=True, slots=True)
class OfAccount:
    """What counts of an account, by period, and the measures in which anything of it was ever reported."""

    parts: Versioned[Period, Part] = field(default_factory=Versioned)
    units: Measures = frozenset()
    currencies: Measures = frozenset()

    def with_report(self, report: UsageReport) -> "OfAccount":
        """With one more, which has no faults beside it."""
        parts, period = self.parts, period_of(report)
        for taken in taken_places(parts, report):
            parts = parts.without(taken)
        parts = parts.with_item(period, part_with(parts.get(period), report))
        return OfAccount(parts, *self.measures_with(report))

    def parts_with(self, report: UsageReport) -> dict[Period, Part]:
        """The parts once the report counts; these stay the newest."""
        taken, period = {*taken_places(self.parts, report)}, period_of(report)
        after = {other: part for other, part in self.parts.items() if other not in taken}
        return {**after, period: part_with(after.get(period), report)}

    def more_with(self, report: UsageReport) -> Use:
        """How much more counts once the report does; less than nothing: that much returns."""
        more = use_of([report])
        for taken in taken_places(self.parts, report):
            more = more.less(self.parts[taken].use)
        return more

    def measures_with(self, report: UsageReport) -> tuple[Measures, Measures]:
        """Units and currencies with those of the report. A figure left out is in none."""
        units = self.units if report.quantity is None else self.units | {report.unit}
        currencies = self.currencies if report.value is None else self.currencies | {report.currency}
        return units, currencies


def fits(terms: Licence, number: int, units: Measures, currencies: Measures) -> bool:
    """Whether the licence has the line, in these measures: neither ever changes."""
    line = next((line for line in terms.lines if line.line == number), None)
    return line is not None and units <= _stated(line.unit) and currencies <= _stated(line.currency)


def _stated(measure: str | None) -> Measures:
    return frozenset() if measure is None else frozenset({measure})


class OfYear(NamedTuple):
    """How many reports end in a year, and when the latest was made."""

    how_many: int
    latest: datetime


@dataclass(frozen=True, slots=True)
class Reported:
    """Of one licence."""

    by_id: Versioned[str, UsageReport] = field(default_factory=Versioned)
    """In order of arrival."""
    accounts: Versioned[Account, OfAccount] = field(default_factory=Versioned)
    years: Versioned[int, OfYear] = field(default_factory=Versioned)

    @property
    def reports(self) -> tuple[UsageReport, ...]:
        """All of them, in order of arrival."""
        return tuple(self.by_id.values())

    def of_account(self, report: UsageReport) -> OfAccount:
        """The account of a report as it stands without it."""
        return self.accounts.get(account_of(report), NOTHING_REPORTED)

    def faults(self, report: UsageReport) -> Iterator[Fault]:
        """Why it cannot be counted beside the others."""
        return faults_beside(self.of_account(report).parts, report)

    def with_report(self, report: UsageReport) -> "Reported":
        """With one more, which is not among them and has no faults beside them."""
        account, year = account_of(report), report.period_to.year
        of_year = self.years.get(year)
        known, latest = (0, report.reported_at) if of_year is None else of_year
        return Reported(
            self.by_id.with_item(report.id, report),
            self.accounts.with_item(account, self.of_account(report).with_report(report)),
            self.years.with_item(year, OfYear(known + 1, max(latest, report.reported_at))),
        )


NOTHING_REPORTED: Final = OfAccount()


def reported(reports: Iterable[UsageReport]) -> Reported:
    """Of these, in order of arrival."""
    found = Reported()
    for report in reports:
        found = found.with_report(report)
    return found
