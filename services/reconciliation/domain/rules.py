"""The rules a draw is judged by: one pure function each, in one table.

A rule answers None when it holds, else every value it compared. All of them are judged, so that a shipment hears
everything that is wrong with it at once. Sources: Reg. (EU) 2021/821 arts 3, 12, 16, 21; Impl. Reg. (EU) 2024/2145
arts 5-8 and annex I (which statuses and procedures, quantity management).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from services.core.messages import Comparison, Demand, Draw, Licence, LicenceLine, LineBalance, Party
from services.core.names import same_party_name
from services.core.values import ZERO
from services.reconciliation.domain.codes import DEFAULT_CODES, Codes
from services.reconciliation.domain.columns import drawn
from services.reconciliation.domain.measures import Figures, controls_quantity, controls_value, shown
from services.reconciliation.domain.rule_set import Ceiling, Mode, RuleSet, named
from services.reconciliation.domain.validity import may_be_drawn_on, standing

QUANTITY_OVERRUN = "quantity.overrun"
VALUE_OVERRUN = "value.overrun"
OVERRUNS = frozenset({QUANTITY_OVERRUN, VALUE_OVERRUN})

LISTED_ONLY = frozenset(
    {"licence.unknown", "licence.line-unknown", "exporter.mismatch", "unit.mismatch", "currency.mismatch"}
)
"""Reasons for which released goods are listed without moving a column: line, unit, currency or holder do not agree."""


@dataclass(slots=True)
class Case:
    """A draw with everything it is judged against. One is made per draw and never kept: hence not frozen."""

    terms: Licence | None
    line: LicenceLine | None
    """The line it is on; None when the licence has no such line."""
    demand: Demand
    draw: Draw
    stated: Figures
    """What it writes off, in the line's measure."""
    takes: Figures
    """What it would hold of the line."""
    balance: LineBalance | None
    """The line's columns as all other draws leave them; None without a line."""
    keeps: bool
    """It holds this amount already: who came first keeps it, the ceiling is not judged again."""
    rules: RuleSet

    @property
    def drawn_quantity(self) -> Decimal:
        return ZERO if self.balance is None else drawn(self.balance.quantity)

    @property
    def drawn_value(self) -> Decimal:
        return ZERO if self.balance is None else drawn(self.balance.value)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What a rule compared and found wrong. `passing` values say more but change without anyone declaring anything."""

    compared: tuple[Comparison, ...]
    passing: tuple[Comparison, ...] = ()
    mode: Mode = Mode.BLOCK


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule under its code; the version rises whenever its answer to any case changes."""

    code: str
    version: int
    check: Callable[[Case], Mismatch | None]


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that does not hold for a draw."""

    code: str
    version: int
    mismatch: Mismatch

    @property
    def blocks(self) -> bool:
        return self.mismatch.mode is Mode.BLOCK


def _differs(what: str, declared: str | None, licensed: str | Iterable[str] | None) -> Mismatch:
    against = licensed if isinstance(licensed, str) else ", ".join(licensed or ())
    return Mismatch((Comparison(what=what, declared=declared or "none", licensed=against or "none"),))


def licence_is_known(case: Case) -> Mismatch | None:
    return None if case.terms is not None else _differs("licence", case.demand.licence, None)


def line_is_known(case: Case) -> Mismatch | None:
    """A document without a line number means the line of a licence that has only one (see `bench.line_of`)."""
    if case.terms is None or case.line is not None:
        return None
    return _differs("licence line", str(case.draw.line or "none"), (str(line.line) for line in case.terms.lines))


def licence_is_valid(case: Case) -> Mismatch | None:
    """Judged at acceptance, or at the exit of goods declared afterwards, whatever happened to the licence since."""
    if case.terms is None:
        return None
    moment = case.demand.judged_at or case.demand.accepted_at
    if may_be_drawn_on(case.terms, moment):
        return None
    at = standing(case.terms, moment)
    when = "acceptance" if case.demand.judged_at is None else "exit"
    term = f"{case.terms.valid_from} to {case.terms.valid_to or 'no end'}, {case.terms.time_zone}"
    return Mismatch(
        (
            Comparison(what=f"day of {when}", declared=at.day, licensed=term),
            Comparison(what=f"status at {when}", declared=moment.isoformat(), licensed=at.status.value),
        )
    )


def exporter_holds_licence(case: Case) -> Mismatch | None:
    """EORI against EORI; where one side has none, name against name."""
    if case.terms is None:
        return None
    exporter, holder = case.demand.exporter, case.terms.holder
    if exporter.eori and holder.eori:
        return None if exporter.eori == holder.eori else _differs("exporter EORI", exporter.eori, holder.eori)
    return None if same_party_name(exporter, holder) else _differs("exporter name", exporter.name, holder.name)


def _same_consignee(stated: Party, allowed: Party) -> bool:
    if stated.eori and allowed.eori:
        return stated.eori == allowed.eori
    return same_party_name(stated, allowed) and allowed.country in (None, stated.country)


def _described(party: Party | None) -> str:
    if party is None:
        return "none"
    return f"{', '.join(filter(None, (party.name, party.eori))) or 'none'} ({party.country or 'no country'})"


def consignee_is_allowed(case: Case) -> Mismatch | None:
    if case.terms is None or not case.terms.consignees:
        return None
    stated = case.draw.consignee
    if stated is not None:
        for allowed in case.terms.consignees:
            if _same_consignee(stated, allowed):
                return None
    return _differs("consignee", _described(stated), "; ".join(_described(party) for party in case.terms.consignees))


def destination_is_allowed(case: Case) -> Mismatch | None:
    if case.terms is None or not case.terms.destinations or case.draw.destination in case.terms.destinations:
        return None
    return _differs("country of destination", case.draw.destination, case.terms.destinations)


def procedure_is_covered(case: Case) -> Mismatch | None:
    if case.terms is None or not case.terms.procedures or case.draw.procedure in case.terms.procedures:
        return None
    return _differs("procedure", case.draw.procedure, case.terms.procedures)


def commodity_is_on_line(case: Case) -> Mismatch | None:
    """The line's codes are prefixes: 847983 covers 84798300."""
    if case.line is None or not case.line.commodity_codes:
        return None
    if case.draw.commodity_code.startswith(tuple(case.line.commodity_codes)):
        return None
    return _differs("commodity code", case.draw.commodity_code, case.line.commodity_codes)


def _states(figure: Decimal | None) -> bool:
    return figure is not None and figure > ZERO


def write_off_is_stated(case: Case) -> Mismatch | None:
    """Each controlled dimension has a figure above zero; net mass never stands in for it."""
    line, draw = case.line, case.draw
    if line is None:
        return None
    missing: list[Comparison] = []
    if controls_quantity(line) and not _states(draw.quantity):
        missing.append(Comparison(what="quantity", declared=shown(draw.quantity), licensed=f"in {line.unit}"))
    if controls_value(line) and not _states(draw.amount):
        missing.append(Comparison(what="amount", declared=shown(draw.amount), licensed=f"in {line.currency}"))
    return Mismatch(tuple(missing)) if missing else None


def unit_agrees(case: Case) -> Mismatch | None:
    line = case.line
    if line is None or case.stated.quantity is not None:
        return None
    if not controls_quantity(line) or not _states(case.draw.quantity):
        return None
    declared = shown(case.draw.quantity, "+".join(case.draw.units) or "without a unit")
    return _differs("unit", declared, line.unit)


def currency_agrees(case: Case) -> Mismatch | None:
    line = case.line
    if line is None or case.stated.value is not None:
        return None
    if not controls_value(line) or not _states(case.draw.amount):
        return None
    declared = shown(case.draw.amount, "+".join(case.draw.currencies) or "without a currency")
    return _differs("currency", declared, line.currency)


def quantity_fits(case: Case) -> bool:
    """Whether the line, where it is kept in quantity, still holds what the draw takes."""
    line, takes = case.line, case.takes.quantity
    if case.keeps or line is None or takes is None or not controls_quantity(line):
        return True
    return case.drawn_quantity + takes <= case.rules.quantity.of(line.quantity or ZERO)


def value_fits(case: Case) -> bool:
    """Whether the line, where it is kept in value, still holds what the draw takes."""
    line, takes = case.line, case.takes.value
    if case.keeps or line is None or takes is None or not controls_value(line):
        return True
    return case.drawn_value + takes <= case.rules.value.of(line.value or ZERO)


def quantity_within_licence(case: Case) -> Mismatch | None:
    line = case.line
    if line is None or quantity_fits(case):
        return None
    return _overrun("quantity", case.takes.quantity, case.drawn_quantity, line.quantity, line.unit, case.rules.quantity)


def value_within_licence(case: Case) -> Mismatch | None:
    line = case.line
    if line is None or value_fits(case):
        return None
    return _overrun("value", case.takes.value, case.drawn_value, line.value, line.currency, case.rules.value)


def _overrun(
    what: str,
    takes: Decimal | None,
    others: Decimal,
    authorised: Decimal | None,
    measure: str | None,
    ceiling: Ceiling,
) -> Mismatch:
    most = ceiling.of(authorised or ZERO)
    return Mismatch(
        (Comparison(what=what, declared=shown(takes, measure), licensed=shown(authorised, measure)),),
        (Comparison(what=f"{what} drawn by others", declared=shown(others, measure), licensed=shown(most, measure)),),
        ceiling.mode,
    )


RULES: tuple[Rule, ...] = (
    Rule("licence.unknown", 1, licence_is_known),
    Rule("licence.line-unknown", 1, line_is_known),
    Rule("licence.not-valid", 1, licence_is_valid),
    Rule("exporter.mismatch", 2, exporter_holds_licence),
    Rule("consignee.mismatch", 2, consignee_is_allowed),
    Rule("destination.mismatch", 1, destination_is_allowed),
    Rule("commodity.mismatch", 1, commodity_is_on_line),
    Rule("procedure.not-covered", 1, procedure_is_covered),
    Rule("write-off.missing", 1, write_off_is_stated),
    Rule("unit.mismatch", 1, unit_agrees),
    Rule("currency.mismatch", 1, currency_agrees),
    Rule(QUANTITY_OVERRUN, 1, quantity_within_licence),
    Rule(VALUE_OVERRUN, 1, value_within_licence),
)


def rule_set(quantity: Ceiling | None = None, value: Ceiling | None = None, codes: Codes = DEFAULT_CODES) -> RuleSet:
    """The rules of this release with an authority's ceilings, and the code lists in force."""
    names = (f"{rule.code}@{rule.version}" for rule in RULES)
    return named(quantity or Ceiling(), value or Ceiling(), names, codes)


DEFAULT_RULE_SET = rule_set()
"""No tolerance, over-runs are refused."""


def failures_of(case: Case) -> tuple[Failure, ...]:
    """Every rule that does not hold, in the order of the table."""
    found: list[Failure] = []
    for rule in RULES:
        mismatch = rule.check(case)
        if mismatch is not None:
            found.append(Failure(rule.code, rule.version, mismatch))
    return tuple(found)
