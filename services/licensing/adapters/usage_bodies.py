"""The JSON of a report of use, and the message it becomes. Its fields are also the columns of the table."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from services.core.messages import Licence, ReportChannel, ReportKind, UsageReport
from services.core.values import LicenceRef
from services.licensing.adapters.fields import (
    Amount,
    Body,
    Country,
    CurrencyCode,
    Day,
    Instant,
    LongText,
    MeasurementUnit,
    MrnNumber,
    Reference,
    ShortText,
)
from services.licensing.adapters.views import amount_text, time_text
from services.licensing.adapters.words import ChannelWord, ReportWord, named, word

UNTYPED = (
    "say how it counts: cumulative (all use of the period so far), delta (in addition), contra (taken back), late (in"
    " addition, of a closed period) or adjust; a total taken for an addition would be counted twice"
)


class UsageBody(Body):
    """`reported_by`: who reported it to the authority, when that is not the holder."""

    id: Reference
    line: Annotated[int, Field(ge=1, le=99_999)]
    kind: ReportWord
    channel: ChannelWord
    period_from: Day
    period_to: Day
    quantity: Amount | None = None
    unit: MeasurementUnit | None = None
    value: Amount | None = None
    currency: CurrencyCode | None = None
    destination: Country | None = None
    end_user: ShortText | None = None
    mrn: MrnNumber | None = None
    cleared_in: Country | None = None
    reported_by: ShortText | None = None
    remarks: LongText | None = None

    def report(self, licence: Licence, at: datetime) -> UsageReport:
        holder = licence.holder.eori or licence.holder.name or licence.authority
        return self._report(licence.ref, self.reported_by or holder, at)

    def _report(self, licence: LicenceRef, reported_by: str, at: datetime) -> UsageReport:
        return UsageReport(
            id=self.id,
            licence=licence,
            line=self.line,
            kind=named(ReportKind, self.kind),
            channel=named(ReportChannel, self.channel),
            period_from=self.period_from,
            period_to=self.period_to,
            quantity=self.quantity,
            unit=self.unit,
            value=self.value,
            currency=self.currency,
            destination=self.destination,
            end_user=self.end_user,
            mrn=self.mrn,
            reported_by=reported_by,
            reported_at=at,
            remarks=self.remarks,
            cleared_in=self.cleared_in,
        )


class StoredUsage(UsageBody):
    """A report as the register keeps it; `usage_content` wrote it."""

    licence: Reference
    reported_by: ShortText
    reported_at: Instant

    def stored(self) -> UsageReport:
        return self._report(self.licence, self.reported_by, self.reported_at)


def usage_content(report: UsageReport) -> dict[str, Any]:
    """A report as it is stored and answered; amounts as they were written."""
    return {
        "licence": report.licence,
        "id": report.id,
        "line": report.line,
        "kind": word(report.kind),
        "channel": word(report.channel),
        "period_from": report.period_from.isoformat(),
        "period_to": report.period_to.isoformat(),
        "quantity": amount_text(report.quantity),
        "unit": report.unit,
        "value": amount_text(report.value),
        "currency": report.currency,
        "destination": report.destination,
        "end_user": report.end_user,
        "mrn": report.mrn,
        "cleared_in": report.cleared_in,
        "reported_by": report.reported_by,
        "reported_at": time_text(report.reported_at),
        "remarks": report.remarks,
    }


def usage_of(content: object) -> UsageReport:
    """A stored report."""
    return StoredUsage.model_validate(content).stored()
