"""The rules a draw is judged by: one pure function each, in one table.

A rule answers None when it holds, else every value it compared. All of them are judged, so that a shipment hears
everything that is wrong with it at once. Sources: Reg. (EU) 2021/821 arts 3, 12, 16, 21; Impl. Reg. (EU) 2024/2145
arts 5-8 and annex I (which statuses and procedures, quantity management).
"""

from decimal import Decimal
from functools import partial

from services.core.messages import Comparison, Party
from services.core.names import same_party_name
from services.core.values import ZERO
from services.reconciliation.domain.case import Case, Failure, Mismatch, Rule, differs
from services.reconciliation.domain.codes import DEFAULT_CODES, Codes
from services.reconciliation.domain.measures import controls_quantity, controls_value, shown
from services.reconciliation.domain.period_limits import PERIOD_OVERRUN, PERIOD_VERSION, period_within_limits
from services.reconciliation.domain.rule_set import Ceiling, RuleSet, named
from services.reconciliation.domain.scope import (
    destination_is_allowed,
    general_covers_destination,
    general_is_registered,
    item_is_not_excluded,
    original_is_named,
    repair_is_in_time,
)
from services.reconciliation.domain.second_keys import LEGS, leg_lacks
from services.reconciliation.domain.validity import may_be_drawn_on, standing

QUANTITY_OVERRUN = "quantity.overrun"
VALUE_OVERRUN = "value.overrun"
OVERRUNS = frozenset({QUANTITY_OVERRUN, VALUE_OVERRUN, PERIOD_OVERRUN})
WANTING = OVERRUNS | {*LEGS.values()}
"""Reasons that an amount which returns may take away: what stands beside a licence may have a limit of its own."""

LISTED_ONLY = frozenset(
    {"licence.unknown", "licence.line-unknown", "exporter.mismatch", "unit.mismatch", "currency.mismatch"}
)
"""Reasons for which released goods are listed without moving a column: line, unit, currency or holder do not agree."""


def licence_is_known(case: Case) -> Mismatch | None:
    return None if case.terms is not None else differs("licence", case.demand.licence, None)


def line_is_known(case: Case) -> Mismatch | None:
    """A document without a line number means the line of a licence that has only one (see `bench.line_of`)."""
    if case.terms is None or case.line is not None:
        return None
    return differs("licence line", str(case.draw.line or "none"), (str(line.line) for line in case.terms.lines))


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
        return None if exporter.eori == holder.eori else differs("exporter EORI", exporter.eori, holder.eori)
    return None if same_party_name(exporter, holder) else differs("exporter name", exporter.name, holder.name)


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
    return differs("consignee", _described(stated), "; ".join(_described(party) for party in case.terms.consignees))


def procedure_is_covered(case: Case) -> Mismatch | None:
    if case.terms is None or not case.terms.procedures or case.draw.procedure in case.terms.procedures:
        return None
    return differs("procedure", case.draw.procedure, case.terms.procedures)


def commodity_is_on_line(case: Case) -> Mismatch | None:
    """The line's codes are prefixes: 847983 covers 84798300."""
    if case.line is None or not case.line.commodity_codes:
        return None
    if case.draw.commodity_code.startswith(tuple(case.line.commodity_codes)):
        return None
    return differs("commodity code", case.draw.commodity_code, case.line.commodity_codes)


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
    return differs("unit", declared, line.unit)


def currency_agrees(case: Case) -> Mismatch | None:
    line = case.line
    if line is None or case.stated.value is not None:
        return None
    if not controls_value(line) or not _states(case.draw.amount):
        return None
    declared = shown(case.draw.amount, "+".join(case.draw.currencies) or "without a currency")
    return differs("currency", declared, line.currency)


def quantity_fits(case: Case) -> bool:
    """Whether the line, where it is kept in quantity, still holds what the draw takes."""
    line, takes = case.line, case.takes.quantity
    if case.keeps or line is None or takes is None or not controls_quantity(line):
        return True
    return case.drawn_quantity + takes <= case.rules.quantity.on(line.tolerance).of(case.authorised_quantity)


def value_fits(case: Case) -> bool:
    """Whether the line, where it is kept in value, still holds what the draw takes."""
    line, takes = case.line, case.takes.value
    if case.keeps or line is None or takes is None or not controls_value(line):
        return True
    return case.drawn_value + takes <= case.rules.value.on(line.tolerance).of(case.authorised_value)


def quantity_within_licence(case: Case) -> Mismatch | None:
    line = case.line
    if line is None or quantity_fits(case):
        return None
    ceiling = case.rules.quantity.on(line.tolerance)
    return _overrun("quantity", case.takes.quantity, case.drawn_quantity, case.authorised_quantity, line.unit, ceiling)


def value_within_licence(case: Case) -> Mismatch | None:
    line = case.line
    if line is None or value_fits(case):
        return None
    ceiling = case.rules.value.on(line.tolerance)
    return _overrun("value", case.takes.value, case.drawn_value, case.authorised_value, line.currency, ceiling)


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
    Rule("destination.mismatch", 2, destination_is_allowed),
    Rule("item.excluded", 1, item_is_not_excluded),
    Rule("general-licence.not-registered", 1, general_is_registered),
    Rule("general-licence.destination-excluded", 1, general_covers_destination),
    Rule("general-licence.repair-too-late", 1, repair_is_in_time),
    Rule("general-licence.original-unnamed", 1, original_is_named),
    Rule("commodity.mismatch", 1, commodity_is_on_line),
    Rule("procedure.not-covered", 1, procedure_is_covered),
    *(Rule(code, 1, partial(leg_lacks, kind=kind)) for kind, code in LEGS.items()),
    Rule("write-off.missing", 1, write_off_is_stated),
    Rule("unit.mismatch", 1, unit_agrees),
    Rule("currency.mismatch", 1, currency_agrees),
    Rule(QUANTITY_OVERRUN, 3, quantity_within_licence),
    Rule(VALUE_OVERRUN, 3, value_within_licence),
    Rule(PERIOD_OVERRUN, PERIOD_VERSION, period_within_limits),
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
