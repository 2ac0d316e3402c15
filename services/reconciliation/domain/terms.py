"""What a licence must state to be judged by, and what its revisions may not change."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from services.core.days import zone
from services.core.errors import Rejected
from services.core.messages import Amounts, Comparison, Licence, LicenceLine, LineBalance
from services.core.values import ZERO
from services.reconciliation.domain.case import Failure, Mismatch
from services.reconciliation.domain.columns import drawn
from services.reconciliation.domain.measures import controls_quantity, controls_value, shown
from services.reconciliation.domain.rule_set import Ceiling, RuleSet
from services.reconciliation.domain.rules import QUANTITY_OVERRUN, RULES, VALUE_OVERRUN

_VERSIONS = {rule.code: rule.version for rule in RULES}


def check_terms(licence: Licence, known: Licence | None) -> None:
    """Rejected, naming line and field, when the licence cannot be judged by or changes what never changes."""
    _check_zone(licence)
    _check_references(licence)
    lines = {line.line: line for line in licence.lines}
    if len(lines) != len(licence.lines) or list(lines) != sorted(lines) or 0 in lines:
        raise Rejected(f"{licence.ref} revision {licence.revision}: line numbers must ascend from 1")
    for line in licence.lines:
        _check_line(licence, line)
    for before in known.lines if known else ():
        _check_unchanged(licence, before, lines.get(before.line))


def _check_zone(licence: Licence) -> None:
    try:
        zone(licence.time_zone)
    except (ValueError, KeyError, OSError) as error:
        raise Rejected(f"{licence.ref}: time_zone {licence.time_zone!r} is not an IANA time zone") from error


def _check_references(licence: Licence) -> None:
    """A balance that went over to its own licence would go round for ever."""
    for field in ("replaces", "replaced_by", "split_from"):
        if getattr(licence, field) == licence.ref:
            raise Rejected(f"{licence.ref} revision {licence.revision}: {field} names the licence itself")


def _check_line(licence: Licence, line: LicenceLine) -> None:
    where = f"{licence.ref} revision {licence.revision}, line {line.line}"
    if controls_quantity(line) and (line.quantity is None or line.unit is None):
        raise Rejected(f"{where}: quantity and unit are needed on the basis {line.basis.value}")
    if controls_value(line) and (line.value is None or line.currency is None):
        raise Rejected(f"{where}: value and currency are needed on the basis {line.basis.value}")
    if line.tolerance is not None and line.tolerance < ZERO:
        raise Rejected(f"{where}: tolerance {line.tolerance} is below zero")


def _check_unchanged(licence: Licence, before: LicenceLine, line: LicenceLine | None) -> None:
    where = f"{licence.ref} revision {licence.revision}, line {before.line}"
    if line is None:
        raise Rejected(f"{where}: a line once issued stays; authorise nothing to close it")
    for field in ("basis", "unit", "currency"):
        was, now = getattr(before, field), getattr(line, field)
        if was != now:
            raise Rejected(f"{where}: {field} never changes after issue (was {was}, now {now})")


def lines_overdrawn(
    licence: Licence, known: Licence | None, balances: Iterable[LineBalance], rules: RuleSet
) -> Iterator[tuple[int, Failure]]:
    """Lines whose ceiling (amount or tolerance) was lowered below what is drawn already.

    Reservations stay; this is said.
    """
    before = {line.line: line for line in known.lines} if known else {}
    columns = {balance.line: balance for balance in balances}
    for line in licence.lines:
        was = before.get(line.line)
        if was is None:
            continue
        lowered = {
            QUANTITY_OVERRUN: _most(rules.quantity, line, line.quantity) < _most(rules.quantity, was, was.quantity),
            VALUE_OVERRUN: _most(rules.value, line, line.value) < _most(rules.value, was, was.value),
        }
        for failure in overdrawn(line, columns[line.line], rules):
            if lowered[failure.code]:
                yield line.line, failure


def _most(ceiling: Ceiling, line: LicenceLine, amount: Decimal | None) -> Decimal:
    return ceiling.on(line.tolerance).of(amount or ZERO)


def overdrawn(line: LicenceLine, balance: LineBalance, rules: RuleSet) -> Iterator[Failure]:
    """Where more is drawn of a line than it authorises, in the dimensions of its basis."""
    if controls_quantity(line):
        over = _overdrawn("quantity", balance.quantity, rules.quantity.on(line.tolerance), line.unit)
        if over:
            yield Failure(QUANTITY_OVERRUN, _VERSIONS[QUANTITY_OVERRUN], over)
    if controls_value(line):
        over = _overdrawn("value", balance.value, rules.value.on(line.tolerance), line.currency)
        if over:
            yield Failure(VALUE_OVERRUN, _VERSIONS[VALUE_OVERRUN], over)


def _overdrawn(what: str, amounts: Amounts | None, ceiling: Ceiling, measure: str | None) -> Mismatch | None:
    authorised: Decimal = ZERO if amounts is None else amounts.authorised
    held = drawn(amounts)
    most = ceiling.of(authorised)
    if held <= most:
        return None
    stated = shown(held, measure)
    compared = Comparison(what=f"{what} drawn", declared=stated, licensed=shown(authorised, measure))
    at_most = Comparison(what=f"{what} drawn at most", declared=stated, licensed=shown(most, measure))
    return Mismatch((compared,), (at_most,), mode=ceiling.mode)
