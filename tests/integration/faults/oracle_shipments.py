"""What the oracle holds of each shipment, and who stands in for whom: looked up afresh each time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tests.integration.faults.oracle_rules import NONE, Pair, asks, measured
from tests.integration.faults.plain import Plain

GONE = {"RELEASED", "EXITED"}
COMPARED = ("commodity_code", "procedure", "consignee", "destination", "units", "currencies")

Takes = tuple[Decimal | None, Decimal | None]


@dataclass
class Draw:
    """A draw, and what became of it."""

    asked: Plain
    line: int = 0
    verdict: str = ""
    reasons: set[str] = field(default_factory=set)
    listed: bool = False
    reserved: Pair = NONE
    consumed: Pair = NONE
    exited: Pair = NONE

    @property
    def place(self) -> tuple[int, int]:
        return self.asked["item"], self.asked["line"]

    @property
    def held(self) -> Pair:
        return self.reserved[0] + self.consumed[0], self.reserved[1] + self.consumed[1]


@dataclass
class Shipment:
    demand: Plain
    draws: list[Draw]


def same_again(draw: Draw, shipment: Shipment, before: Shipment | None, was: Draw) -> bool:
    """A consumed draw is judged again only when it grows, or when what the rules compare was amended."""
    if before is None or before.demand["phase"] not in GONE:
        return False
    same = all(draw.asked[name] == was.asked[name] for name in COMPARED)
    return same and bool(before.demand["exporter"] == shipment.demand["exporter"])


def stands_for(shipments: Mapping[str, Shipment], mrn: str) -> set[str]:
    """Whom a shipment stands in for: nobody unless all its draws are booked."""
    shipment = shipments.get(mrn)
    if shipment is None or shipment.demand["phase"] not in GONE or not shipment.draws:
        return set()
    return set() if any(draw.listed for draw in shipment.draws) else set(shipment.demand["completes"])


def who_stand_in(shipments: Mapping[str, Shipment], mrn: str) -> set[str]:
    """Who stands in for a shipment; nobody for one that completes others itself."""
    if mrn in shipments and shipments[mrn].demand["completes"]:
        return set()
    return {other for other in shipments if mrn in stands_for(shipments, other)}


def completed(shipments: Mapping[str, Shipment], demand: Plain) -> list[Shipment]:
    """The simplified declarations of a demand that are known here."""
    known = [shipment for mrn, shipment in shipments.items() if mrn in demand["completes"]]
    return [shipment for shipment in known if not shipment.demand["completes"]]


def share_out(draws: Iterable[Draw], left: Iterable[tuple[int, Pair]]) -> None:
    """What left of a line left of these draws, first to last, none above what it consumes."""
    rest: dict[int, Pair] = {}
    for line, gone in left:
        there = rest.get(line, NONE)
        rest[line] = there[0] + gone[0], there[1] + gone[1]
    for draw in draws:
        there = rest.get(draw.line, NONE)
        draw.exited = min(there[0], draw.consumed[0]), min(there[1], draw.consumed[1])
        rest[draw.line] = there[0] - draw.exited[0], there[1] - draw.exited[1]


@dataclass
class Step:
    """What must be the next entry; one that changed nothing but evidence may be left out."""

    cause: str
    mrn: str | None
    changed: bool = True


_COLUMNS = ("reserved", "consumed", "exited")


def columns_of(terms: Plain | None, shipments: Iterable[Shipment]) -> dict[tuple[int, str], tuple[Decimal, ...]]:
    """Authorised, reserved, consumed and exited per line and dimension."""
    held = [draw for shipment in shipments for draw in shipment.draws]
    found: dict[tuple[int, str], tuple[Decimal, ...]] = {}
    for line in terms["lines"] if terms else []:
        draws = [draw for draw in held if draw.line == line["line"]]
        for place, (dimension, measure) in enumerate((("quantity", "unit"), ("value", "currency"))):
            if line[measure] is not None:
                sums = [sum((getattr(d, c)[place] for d in draws), Decimal(0)) for c in _COLUMNS]
                found[line["line"], dimension] = (line[dimension] or Decimal(0), *sums)
    return found


def leaves(draw: Draw, line: Plain | None, shipment: Shipment) -> tuple[Takes, Takes]:
    """What it consumes, and what of it left: the final exit returns a shortfall, an excess is never written off."""
    stated = asks(draw.asked, line)
    if shipment.demand["phase"] != "EXITED":
        return stated, NONE
    asked = draw.asked
    quantity = asked["quantity"] if asked["exited_quantity"] is None else asked["exited_quantity"]
    amount = asked["amount"] if asked["exited_amount"] is None else asked["exited_amount"]
    left = measured(asked, line, quantity, amount)
    consumed: list[Decimal | None] = []
    exited: list[Decimal | None] = []
    for was, gone in zip(stated, left, strict=True):
        known = None if was is None or gone is None else max(Decimal(0), min(was, gone))
        consumed.append(known if known is not None and shipment.demand["final_exit"] else was)
        exited.append(known)
    return (consumed[0], consumed[1]), (exited[0], exited[1])
