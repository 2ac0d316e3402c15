"""Use of a licence as its holder reports it: what a report must satisfy, and what is known of it when more comes.

(what is known, what is asked) -> what is recorded. All reports of a request are recorded, or none; every fault is
told. Reg. (EU) 2021/821 arts 12 and 27; how reports count: `services.core.usage`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from services.core.errors import Fault, Refused
from services.core.messages import Basis, Licence, LicenceLine, ReportChannel, ReportKind, UsageReport
from services.core.usage import Account, account_of, counting, counting_faults, reported_by_day
from services.core.values import ZERO
from services.licensing.domain.places import UNION

NOT_ACCEPTABLE = "The reports are not acceptable"
_ADDED = frozenset({ReportKind.DELTA, ReportKind.LATE, ReportKind.CONTRA})


@dataclass(frozen=True, slots=True)
class RecordUsage:
    """Reports, each with what its fields are called in the request: `/`, `/3/` or `row 5 ` goes before their names."""

    licence: str
    reports: tuple[tuple[str, UsageReport], ...]


@dataclass(slots=True)
class UsageOf:
    """What is known of the use of a licence: the reports asked about by id, and those that count, by account."""

    licence: Licence
    by_id: dict[str, UsageReport] = field(default_factory=dict)
    counting: dict[Account, list[UsageReport]] = field(default_factory=dict)

    def with_report(self, report: UsageReport) -> None:
        account = account_of(report)
        self.by_id[report.id] = report
        self.counting[account] = counting([*self.counting.get(account, ()), report])

    def copy(self) -> "UsageOf":
        return UsageOf(self.licence, dict(self.by_id), dict(self.counting))


@dataclass(frozen=True, slots=True)
class Recorded:
    """The reports asked about as they are kept, those among them that are new, and all that is known after."""

    reports: tuple[UsageReport, ...]
    made: tuple[UsageReport, ...]
    after: UsageOf


def record_usage(known: UsageOf | None, asked: RecordUsage) -> Recorded:
    """A report that is there already with the same content is a repeat, whatever has happened since.

    Refused 404 when there is no such licence, 409 when only identities clash, else 422.
    """
    if known is None:
        raise Refused(404, "No such licence")
    after, faults, made = known.copy(), list[Fault](), list[UsageReport]()
    for place, report in asked.reports:
        before = after.by_id.get(report.id)
        found = list(_faults(after, report) if before is None else _repeat_faults(before, report))
        faults += [replace(fault, path=f"{place}{fault.path}") for fault in found]
        if before is None and not found:
            after.with_report(report)
            made.append(report)
    if faults:
        clash = all(fault.code == "id-taken" for fault in faults)
        raise Refused(409 if clash else 422, NOT_ACCEPTABLE, tuple(faults))
    return Recorded(tuple(after.by_id[report.id] for _, report in asked.reports), tuple(made), after)


def _repeat_faults(before: UsageReport, report: UsageReport) -> Iterator[Fault]:
    if replace(before, reported_at=report.reported_at) != report:
        detail = f"{report.id} was reported with other content; correct it by a report of its own (contra or adjust)"
        yield Fault("id", "id-taken", detail)


def _faults(known: UsageOf, report: UsageReport) -> Iterator[Fault]:
    line = next((one for one in known.licence.lines if one.line == report.line), None)
    found = [*_period_faults(known.licence, report), *_channel_faults(known.licence, report)]
    if line is None:
        found.append(Fault("line", "line-unknown", f"{known.licence.ref} has no line {report.line}"))
    else:
        found += _figure_faults(line, report)
    yield from found
    if not found:
        yield from counting_faults(known.counting.get(account_of(report), ()), report)


def _period_faults(licence: Licence, report: UsageReport) -> Iterator[Fault]:
    """Days are those of the licence's time zone."""
    today = report.reported_at.astimezone(ZoneInfo(licence.time_zone)).date()
    if report.period_to < report.period_from:
        yield Fault("period_to", "before-period-from", f"{report.period_to} is before {report.period_from}")
    if report.period_to > today:
        yield Fault("period_to", "in-the-future", f"use until {report.period_to} cannot be known on {today}")
    if report.period_from.year != report.period_to.year:
        yield Fault("period_to", "two-years", "use is reported by the calendar year; report each year by itself")
    due = reported_by_day(licence.type, licence.valid_to, report.period_to)
    if report.kind is ReportKind.DELTA and today > due:
        yield Fault("kind", "period-closed", f"use until {report.period_to} was to be reported by {due}: it is late")
    if report.kind is ReportKind.LATE and today <= due:
        yield Fault("kind", "period-open", f"use until {report.period_to} is reported until {due}: it is a delta")


def _channel_faults(licence: Licence, report: UsageReport) -> Iterator[Fault]:
    """What concerns customs is stated of exports only."""
    exported = report.channel is ReportChannel.EXPORT
    if report.mrn is not None and not exported:
        yield Fault("mrn", "not-exported", "a declaration is stated with the channel export only")
    if report.cleared_in is None:
        return
    if not exported:
        yield Fault("cleared_in", "not-exported", "a Member State of clearance is stated with the channel export only")
    if report.cleared_in not in UNION:
        yield Fault("cleared_in", "not-in-union", f"{report.cleared_in} is not a Member State")
    if report.cleared_in == licence.authority[:2]:
        yield Fault(
            "cleared_in", "own-customs", f"what {report.cleared_in} cleared is stated by its customs; leave out"
        )


def _figure_faults(line: LicenceLine, report: UsageReport) -> Iterator[Fault]:
    """Figures are in the measures of the line, and those of its basis are stated."""
    yield from _measured("quantity", report.quantity, ("unit", report.unit, line.unit), line)
    yield from _measured("value", report.value, ("currency", report.currency, line.currency), line)
    if report.quantity is None and report.value is None:
        if line.basis is Basis.OPEN:
            yield Fault("quantity", "figure-missing", "state a quantity or a value")
        return
    if report.kind is not ReportKind.ADJUST:
        for name, amount in (("quantity", report.quantity), ("value", report.value)):
            if amount is not None and amount < ZERO:
                yield Fault(name, f"{name}-negative", "only an adjustment goes below 0; take back by a contra")
    # What is given for nothing has no value; no use at all is a total of 0.
    most = report.value if report.quantity is None else report.quantity
    if report.kind in _ADDED and most == ZERO:
        yield Fault("value" if report.quantity is None else "quantity", "nothing-reported", "must be more than 0")
    if report.kind is ReportKind.ADJUST and not report.quantity and not report.value:
        yield Fault("quantity" if report.value is None else "value", "nothing-reported", "must not be 0")


def _measured(
    name: str, amount: Decimal | None, measure: tuple[str, str | None, str | None], line: LicenceLine
) -> Iterator[Fault]:
    """`measure`: its name, as reported, and of the line."""
    called, reported, of_line = measure
    if amount is None:
        if reported is not None:
            yield Fault(name, f"{name}-missing", f"{called} is stated without it")
        elif line.basis in (Basis.BOTH, Basis(name.upper())):
            yield Fault(name, f"{name}-missing", f"line {line.line} counts its {name}")
    elif of_line is None:
        yield Fault(name, f"{name}-unmeasured", f"line {line.line} does not say in what its {name} is counted")
    elif reported != of_line:
        yield Fault(called, f"{called}-differs", f"line {line.line} is counted in {of_line}")
