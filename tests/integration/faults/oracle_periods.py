"""Limits of a line on any window of days, day by day on plain dicts. Shares nothing with the product."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.integration.faults.oracle_shipments import Shipment, Takes
from tests.integration.faults.plain import Plain


def exceeds_a_window(
    terms: Plain | None, line: Plain | None, demand: Plain, takes: Takes, shipments: Iterable[Shipment]
) -> set[str]:
    """Whether some window with the day of the demand would hold more than its limit."""
    if terms is None or line is None or not line["periods"]:
        return set()
    zone, own = ZoneInfo(terms["time_zone"]), demand["judged_at"] or demand["accepted_at"]
    held = [
        ((shipment.demand["judged_at"] or shipment.demand["accepted_at"]).astimezone(zone).date(), draw.held)
        for shipment in shipments
        for draw in shipment.draws
        if draw.line == line["line"]
    ]
    for limit in line["periods"]:
        for back in range(limit["days"]):
            start = own.astimezone(zone).date() - timedelta(days=back)
            inside = [amounts for day, amounts in held if start <= day < start + timedelta(days=limit["days"])]
            for place, most in enumerate((limit["quantity"], limit["value"])):
                drawn = sum((amounts[place] for amounts in inside), Decimal(0))
                wanted = takes[place]
                if most is not None and wanted and drawn + wanted > most:
                    return {"period.overrun"}
    return set()
