"""What each draw of a shipment gets of the licence, by its phase and the rules.

Accepted: covered reserves, refused holds nothing. Released or exited: consumed either way, because facts win; only when
line, unit, currency or holder do not agree is it merely listed. Not released or invalidated: holds nothing. Pre-lodged:
answered as if accepted, holds nothing. What a supplementary declaration stands in for: answered by the rules, holds
nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.core.messages import (
    Authorisation,
    Demand,
    Draw,
    DrawVerdict,
    HeldDraw,
    HeldShipment,
    Licence,
    LicenceLine,
)
from services.core.values import ZERO
from services.reconciliation.domain.bench import FREEING, RELEASED, Bench, line_of
from services.reconciliation.domain.case import Failure
from services.reconciliation.domain.columns import Columns, holds_anything
from services.reconciliation.domain.exit import Departure, departure
from services.reconciliation.domain.judged import Judged, grounds, held_draw, under_changed_licence
from services.reconciliation.domain.measures import NOTHING, Figures, controls_quantity, controls_value, declared
from services.reconciliation.domain.period_limits import PERIOD_OVERRUN, period_within_limits
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.rules import (
    LISTED_ONLY,
    OVERRUNS,
    QUANTITY_OVERRUN,
    VALUE_OVERRUN,
    WANTING,
    failures_of,
    quantity_fits,
    value_fits,
)
from services.reconciliation.domain.second_keys import LEGS, leg_lacks


def judge(
    columns: Columns,
    terms: Licence | None,
    demand: Demand,
    before: HeldShipment | None,
    rules: RuleSet,
    *,
    beside: tuple[Authorisation, ...] = (),
    stood_in: bool = False,
) -> tuple[Judged, ...]:
    """The draws of a demand, which replace those before; `columns` are left with what they hold.

    `stood_in`: a supplementary declaration holds the amounts in its place.
    """
    bench = Bench(columns, terms, demand, before.demand if before else None, rules, beside)
    draws = _with_earlier(_in_order(demand.draws), before)
    if before is not None:
        for held in before.draws:
            columns.lift(held, before.demand)
    if demand.phase in FREEING:
        return tuple([Judged(_free(draw, terms, asked)) for draw, asked in draws])
    if stood_in:
        return tuple([_stood_in(bench, draw, asked) for draw, asked in draws])
    if demand.phase in RELEASED:
        return _released(bench, draws)
    judged = tuple([_accepted(bench, draw, asked) for draw, asked in draws])
    return _unheld(bench, judged) if demand.pre_lodged else judged


def judge_again(
    columns: Columns,
    terms: Licence,
    shipment: HeldShipment,
    rules: RuleSet,
    *,
    beside: tuple[Authorisation, ...] = (),
    stood_in: bool = False,
) -> tuple[Judged, ...]:
    """The draws of an accepted shipment under a licence that changed or got an amount back.

    What is reserved stays reserved, even when a rule now refuses it; what was refused may be covered.
    """
    if stood_in:
        return judge(columns, terms, shipment.demand, shipment, rules, beside=beside, stood_in=True)
    bench = Bench(columns, terms, shipment.demand, shipment.demand, rules, beside)
    if shipment.demand.pre_lodged:
        early = [_as_if_held(bench, held) for held in shipment.draws]
        return _unheld(bench, [_again(bench, held) for held in early])
    return tuple([_again(bench, held) for held in shipment.draws])


def may_gain(
    columns: Columns,
    terms: Licence,
    shipment: HeldShipment,
    rules: RuleSet,
    *,
    beside: tuple[Authorisation, ...] = (),
) -> bool:
    """Whether an amount that returned lets one of its refused draws fit where it did not.

    Many may wait for a popular licence: this looks at the ceilings only, and spares the others a judgement.
    """
    bench = Bench(columns, terms, shipment.demand, shipment.demand, rules, beside)
    return any(_fits_now(bench, held) for held in shipment.draws if held.verdict is DrawVerdict.REFUSED)


def _fits_now(bench: Bench, held: HeldDraw) -> bool:
    line = line_of(held.draw, bench.terms, held)
    if line is None or WANTING.isdisjoint(held.reasons):
        return False
    asks = declared(held.draw, line, bench.codes)
    case = bench.case(held.draw, line, asks, asks, keeps=False)
    return (
        (QUANTITY_OVERRUN in held.reasons and quantity_fits(case))
        or (VALUE_OVERRUN in held.reasons and value_fits(case))
        or (PERIOD_OVERRUN in held.reasons and period_within_limits(case) is None)
        or any(code in held.reasons and leg_lacks(case, kind) is None for kind, code in LEGS.items())
    )


def _place(draw: Draw) -> tuple[int, int]:
    return draw.item, draw.line


def _in_order(draws: tuple[Draw, ...]) -> Sequence[Draw]:
    return draws if len(draws) == 1 else sorted(draws, key=_place)


def _with_earlier(draws: Sequence[Draw], before: HeldShipment | None) -> list[tuple[Draw, HeldDraw | None]]:
    """Each draw with what its place held before."""
    if before is None:
        return [(draw, None) for draw in draws]
    earlier = {_place(held.draw): held for held in before.draws}
    return [(draw, earlier.get(_place(draw))) for draw in draws]


def _free(draw: Draw, terms: Licence | None, before: HeldDraw | None) -> HeldDraw:
    return held_draw(draw, line_of(draw, terms, before), DrawVerdict.FREED)


def _verdict(failures: tuple[Failure, ...]) -> DrawVerdict:
    refused = failures and any(failure.blocks for failure in failures)
    return DrawVerdict.REFUSED if refused else DrawVerdict.COVERED


def _accepted(bench: Bench, draw: Draw, before: HeldDraw | None) -> Judged:
    line = line_of(draw, bench.terms, before)
    asks = NOTHING if line is None else declared(draw, line, bench.codes)
    failures = failures_of(bench.case(draw, line, asks, asks, keeps=False))
    verdict = _verdict(failures)
    why = grounds(verdict, failures, before)
    held = held_draw(draw, line, verdict, why, reserved=asks if verdict is DrawVerdict.COVERED else NOTHING)
    bench.columns.post(held, bench.demand)
    return Judged(held, why.new)


def _unheld(bench: Bench, judged: Iterable[Judged]) -> tuple[Judged, ...]:
    """The same answers, holding nothing."""
    for one in judged:
        bench.columns.lift(one.held, bench.demand)
    return tuple([Judged(replace(one.held, reserved_quantity=ZERO, reserved_value=ZERO), one.new) for one in judged])


def _as_if_held(bench: Bench, held: HeldDraw) -> HeldDraw:
    """What was told to be covered counts for the other draws of its shipment, and keeps its answer."""
    line = line_of(held.draw, bench.terms, held)
    if held.verdict is not DrawVerdict.COVERED or line is None:
        return held
    asks = declared(held.draw, line, bench.codes)
    taken = replace(held, reserved_quantity=asks.quantity or ZERO, reserved_value=asks.value or ZERO)
    bench.columns.post(taken, bench.demand)
    return taken


def _stood_in(bench: Bench, draw: Draw, before: HeldDraw | None) -> Judged:
    """By every rule but the ceiling: what there is of the licence goes to the declaration that stands in for it."""
    line = line_of(draw, bench.terms, before)
    left = departure(draw, line, bench.demand, bench.codes)
    released = bench.demand.phase in RELEASED
    again = before is not None and released and _judged_before(bench, draw, before)
    if before is not None and again and (WANTING | LISTED_ONLY).isdisjoint(before.reasons):
        standing = frozenset(before.reasons)
        why = grounds(before.verdict, left.failures, before, standing=standing, released=released)
        held = held_draw(draw, line, before.verdict, why)
        return Judged(held, why.new)
    failures = failures_of(bench.case(draw, line, left.stated, NOTHING, keeps=True))
    verdict = _verdict(failures)
    why = grounds(verdict, failures + left.failures, before, released=released)
    return Judged(held_draw(draw, line, verdict, why), why.new)


def _again(bench: Bench, before: HeldDraw) -> Judged:
    draw = before.draw
    line = line_of(draw, bench.terms, before)
    asks = NOTHING if line is None else declared(draw, line, bench.codes)
    keeps = before.verdict is DrawVerdict.COVERED or holds_anything(before)
    bench.columns.lift(before, bench.demand)
    failures = failures_of(bench.case(draw, line, asks, asks, keeps=keeps))
    verdict = _verdict(failures)
    why = grounds(verdict, failures, before, standing=OVERRUNS if keeps else frozenset())
    if verdict is DrawVerdict.REFUSED:
        why = under_changed_licence(why, before)
    reserved = asks if keeps or verdict is DrawVerdict.COVERED else NOTHING
    held = held_draw(draw, line, verdict, why, reserved=reserved)
    bench.columns.post(held, bench.demand)
    return Judged(held, why.new)


@dataclass(slots=True)
class Claim:
    """A draw of goods that were released: its line, what of it left, and whether it keeps the amount it holds."""

    draw: Draw
    before: HeldDraw | None
    line: LicenceLine | None
    left: Departure
    keeps: bool


def _released(bench: Bench, draws: list[tuple[Draw, HeldDraw | None]]) -> tuple[Judged, ...]:
    """First the draws that keep the amount they hold, then, in item order, those that ask for more."""
    claims = [_claim(bench, draw, before) for draw, before in draws]
    results: dict[int, Judged] = {}
    for place in sorted(range(len(claims)), key=lambda place: not claims[place].keeps):
        results[place] = _consumed(bench, claims[place])
    return tuple([results[place] for place in range(len(claims))])


def _claim(bench: Bench, draw: Draw, before: HeldDraw | None) -> Claim:
    line = line_of(draw, bench.terms, before)
    left = departure(draw, line, bench.demand, bench.codes)
    keeps = before is not None and line is not None and _keeps(bench, draw, before, line, left.consumed)
    return Claim(draw, before, line, left, keeps)


def _keeps(bench: Bench, draw: Draw, before: HeldDraw, line: LicenceLine, takes: Figures) -> bool:
    """Whether it holds, in each controlled dimension, what it takes: who came first keeps the amount.

    An amount that was consumed beyond the ceiling is not its own to keep once the draw is judged again.
    """
    if before.listed_only or before.line != line.line or before.verdict is DrawVerdict.FREED:
        return False
    if not OVERRUNS.isdisjoint(before.reasons) and not _judged_before(bench, draw, before):
        return False
    quantity = before.reserved_quantity + before.consumed_quantity
    value = before.reserved_value + before.consumed_value
    if before.verdict is DrawVerdict.REFUSED and not quantity and not value:
        return False
    return (not controls_quantity(line) or (takes.quantity or ZERO) <= quantity) and (
        not controls_value(line) or (takes.value or ZERO) <= value
    )


def _consumed(bench: Bench, claim: Claim) -> Judged:
    draw, before, line, left, keeps = claim.draw, claim.before, claim.line, claim.left, claim.keeps
    if keeps and before is not None and _judged_before(bench, draw, before):
        why = grounds(before.verdict, left.failures, before, standing=frozenset(before.reasons), released=True)
        held = held_draw(draw, line, before.verdict, why, consumed=left.consumed, exited=left.exited)
        bench.columns.post(held, bench.demand)
        return Judged(held, why.new)
    failures = failures_of(bench.case(draw, line, left.stated, left.consumed, keeps=keeps))
    verdict = _verdict(failures)
    listed = verdict is DrawVerdict.REFUSED and any(failure.code in LISTED_ONLY for failure in failures)
    consumed, exited = (NOTHING, NOTHING) if listed else (left.consumed, left.exited)
    standing = OVERRUNS if keeps else frozenset[str]()
    why = grounds(verdict, failures + left.failures, before, standing=standing, released=True)
    held = held_draw(draw, line, verdict, why, consumed=consumed, exited=exited, listed_only=listed)
    bench.columns.post(held, bench.demand)
    return Judged(held, why.new)


def _judged_before(bench: Bench, draw: Draw, before: HeldDraw) -> bool:
    """A consumed draw is judged again only when it grows, or when what the rules compare was amended."""
    earlier = bench.earlier
    if earlier is None or earlier.phase not in RELEASED:
        return False
    return earlier.exporter == bench.demand.exporter and _compared(draw) == _compared(before.draw)


def _compared(draw: Draw) -> tuple[object, ...]:
    return (
        draw.commodity_code,
        draw.procedure,
        draw.consignee,
        draw.destination,
        draw.units,
        draw.currencies,
    )
