"""The findings that the demo plans, and that its alerts must show: written down here, and derived from nothing."""

PLANNED = frozenset(
    {
        "licence.unknown",
        "licence.line-unknown",
        "licence.not-valid",
        "licence.changed-under-shipment",
        "federal-authorisation.missing",
        "end-use-certificate.missing",
        "state-guarantee.missing",
        "exporter.mismatch",
        "consignee.mismatch",
        "destination.mismatch",
        "commodity.mismatch",
        "procedure.not-covered",
        "unit.mismatch",
        "currency.mismatch",
        "write-off.missing",
        "quantity.overrun",
        "value.overrun",
        "period.overrun",
        "released.uncovered",
        "exit.shortfall",
        "exit.excess",
        "refusal.shadow",
        "denial.match",
    }
)
