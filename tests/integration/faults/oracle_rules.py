"""What a draw breaks, sentence by sentence from the design, on plain dicts. Shares nothing with the product."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.integration.faults.plain import Plain

Pair = tuple[Decimal, Decimal]
"""Quantity in the line's unit, value in its currency."""
NONE: Pair = (Decimal(0), Decimal(0))
GRAMS = {"GRM": Decimal(1), "KGM": Decimal(1_000), "DTN": Decimal(100_000), "TNE": Decimal(1_000_000)}


def line_of(terms: Plain | None, number: int) -> Plain | None:
    """The line with this number; number 0 means the only line of a licence that has one."""
    lines = terms["lines"] if terms else []
    if number == 0:
        return lines[0] if len(lines) == 1 else None
    return next((line for line in lines if line["line"] == number), None)


def controls_quantity(line: Plain) -> bool:
    return line["basis"] in {"QUANTITY", "BOTH"}


def controls_value(line: Plain) -> bool:
    return line["basis"] in {"VALUE", "BOTH"}


def in_unit(quantity: Decimal | None, units: list[str], wanted: str | None) -> Decimal | None:
    if quantity is None or wanted is None or len(units) != 1 or units[0] is None:
        return None
    if units[0] == wanted:
        return quantity
    have, _, have_qualifier = units[0].partition("#")
    want, _, want_qualifier = wanted.partition("#")
    if have_qualifier != want_qualifier or have not in GRAMS or want not in GRAMS:
        return None
    moved = quantity * GRAMS[have] / GRAMS[want]
    return moved if moved == round(moved, 6) else None


def measured(
    draw: Plain, line: Plain | None, quantity: Decimal | None, amount: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """These figures in the line's unit and currency; None where they do not convert."""
    if line is None:
        return Decimal(0), Decimal(0)
    in_currency = line["currency"] is not None and draw["currencies"] == [line["currency"]]
    return in_unit(quantity, draw["units"], line["unit"]), amount if in_currency else None


def asks(draw: Plain, line: Plain | None) -> tuple[Decimal | None, Decimal | None]:
    """What a draw writes off in the line's measure."""
    return measured(draw, line, draw["quantity"] or None, draw["amount"] or None)


def pair(figures: tuple[Decimal | None, Decimal | None]) -> Pair:
    return figures[0] or Decimal(0), figures[1] or Decimal(0)


def not_valid(terms: Plain, moment: datetime) -> bool:
    day = moment.astimezone(ZoneInfo(terms["time_zone"])).date()
    in_term = terms["valid_from"] <= day and (terms["valid_to"] is None or day <= terms["valid_to"])
    steps = sorted(terms["statuses"], key=lambda step: step["effective_at"])
    past = [step["status"] for step in steps if step["effective_at"] <= moment]
    status = past[-1] if past else steps[0]["status"] if steps else "ISSUED"
    return not in_term or status not in {"ISSUED", "REINSTATED"}


def _other_party(stated: Plain | None, allowed: Plain) -> bool:
    if stated is None:
        return True
    if stated["eori"] and allowed["eori"]:
        return bool(stated["eori"] != allowed["eori"])
    return stated["name"] != allowed["name"] or allowed["country"] not in {None, stated["country"]}


def _goes_elsewhere(terms: Plain, draw: Plain) -> bool:
    where = draw["destination"]
    return where in terms["excluded_destinations"] or bool(terms["destinations"] and where not in terms["destinations"])


def _not_registered(terms: Plain, demand: Plain) -> bool:
    moment = demand["judged_at"] or demand["accepted_at"]
    day = moment.astimezone(ZoneInfo(terms["time_zone"])).date()
    return terms["registered_at"] is None or bool(day < terms["registered_at"])


def _of_the_licence(terms: Plain, demand: Plain, draw: Plain) -> set[str]:
    general = terms["type"] in {"UNION_GENERAL", "NATIONAL_GENERAL"}
    checks = {
        "licence.not-valid": not_valid(terms, demand["judged_at"] or demand["accepted_at"]),
        "exporter.mismatch": _other_party(demand["exporter"], {**terms["holder"], "country": None}),
        "consignee.mismatch": bool(terms["consignees"])
        and all(_other_party(draw["consignee"], allowed) for allowed in terms["consignees"]),
        "general-licence.destination-excluded" if general else "destination.mismatch": _goes_elsewhere(terms, draw),
        "general-licence.not-registered": general and _not_registered(terms, demand),
        "procedure.not-covered": bool(terms["procedures"]) and draw["procedure"] not in terms["procedures"],
    }
    return {code for code, broken in checks.items() if broken}


def _of_the_line(line: Plain, draw: Plain) -> set[str]:
    codes = tuple(line["commodity_codes"])
    quantity, value = asks(draw, line)
    lacks_quantity = controls_quantity(line) and not draw["quantity"]
    lacks_value = controls_value(line) and not draw["amount"]
    checks = {
        "commodity.mismatch": bool(codes) and not draw["commodity_code"].startswith(codes),
        "write-off.missing": lacks_quantity or lacks_value,
        "unit.mismatch": controls_quantity(line) and not lacks_quantity and quantity is None,
        "currency.mismatch": controls_value(line) and not lacks_value and value is None,
    }
    return {code for code, broken in checks.items() if broken}


def broken_rules(terms: Plain | None, line: Plain | None, demand: Plain, draw: Plain) -> set[str]:
    """Every rule that fails, but for the amounts."""
    if terms is None:
        return {"licence.unknown"}
    broken = _of_the_licence(terms, demand, draw)
    if line is None:
        return broken | {"licence.line-unknown"}
    excluded = any(line["control_code"].startswith(code) for code in terms["excluded_items"])
    return broken | ({"item.excluded"} if excluded else set()) | _of_the_line(line, draw)


def overruns(line: Plain | None, takes: tuple[Decimal | None, Decimal | None], others: Pair) -> set[str]:
    """Amounts that do not fit beside what all other draws hold. No tolerance but that of the line."""
    found: set[str] = set()
    more = 1 + ((line["tolerance"] if line else None) or 0)
    if line is not None and controls_quantity(line) and takes[0] is not None:
        found |= {"quantity.overrun"} if others[0] + takes[0] > (line["quantity"] or 0) * more else set()
    if line is not None and controls_value(line) and takes[1] is not None:
        found |= {"value.overrun"} if others[1] + takes[1] > (line["value"] or 0) * more else set()
    return found
