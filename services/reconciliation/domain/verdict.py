"""The answer to customs: item by item, from the covers that answer the latest demands.

A shipment that asks for nothing any more (invalidated, not released) is freed by its licences. What customs was last
told about it then stands: freeing is not a judgement, and neither "not controlled" nor "pending" would be true of it. A
draw that was freed before any licence judged it counts as refused, because nothing may leave under it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from services.core.errors import Corrupt
from services.core.messages import (
    Cover,
    Draw,
    DrawCover,
    DrawVerdict,
    ItemVerdict,
    LicenceDemand,
    Phase,
    Shipment,
    Stage,
    Verdict,
    VerdictKind,
)
from services.core.values import LicenceRef
from services.reconciliation.domain.answer_time import respond_by
from services.reconciliation.domain.declaration import Declaration
from services.reconciliation.domain.demand import NO_LINE
from services.reconciliation.domain.facts import message_ids
from services.reconciliation.domain.override import overrides

WITHDRAWN = "shipment.withdrawn"
"""Reason of a draw that was freed before a licence judged it."""

OUTRANKING = (VerdictKind.REFUSED, VerdictKind.PENDING, VerdictKind.COVERED, VerdictKind.NOT_CONTROLLED)
JUDGED = {DrawVerdict.COVERED: VerdictKind.COVERED, DrawVerdict.REFUSED: VerdictKind.REFUSED}

Place = tuple[int, LicenceRef | None, int | None]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict that now stands, and what licences last answered per draw."""

    judged: tuple[ItemVerdict, ...]
    verdict: Verdict
    is_new: bool


def answer(held: LicenceDemand) -> Cover | None:
    """The cover of the latest demand; null while only an older one was answered."""
    cover = held.cover
    return cover if cover is not None and cover.demand_revision == held.demand.revision else None


def judge(
    shipment: Shipment,
    licences: tuple[LicenceDemand, ...],
    declaration: Declaration,
    stands: tuple[Phase, Stage],
    now: datetime,
    rule_set: str,
) -> Judgement:
    """The verdict as these demands and covers give it; `shipment` holds what stood before them.

    `stands` is where the shipment is; `rule_set` names the rules in force, for a declaration that no licence has
    answered.
    """
    last = {_place(verdict): verdict for verdict in shipment.judged}
    draws = [_answered(held, draw, last) for held in licences for draw in held.demand.draws]
    decided = all(answer(held) for held in licences)
    items = _per_item(declaration, draws)
    previous = shipment.verdict
    phase, stage = stands
    verdict = Verdict(
        mrn=shipment.mrn,
        revision=1 if previous is None else previous.revision + 1,
        version=declaration.version,
        phase=phase,
        stage=stage,
        verdict=_outranking(items, decided=decided),
        items=items,
        overrides=overrides(shipment) if shipment.overrides else (),
        applied=message_ids(shipment) if decided else () if previous is None else previous.applied,
        rule_set=_rule_sets(licences) or rule_set,
        decided_at=now,
        respond_by=respond_by(shipment, declaration),
    )
    judged = tuple(_kept(draws, last))
    if previous is not None and _content(previous) == _content(verdict):
        return Judgement(judged, previous, is_new=False)
    return Judgement(judged, verdict, is_new=True)


def _outranking(items: tuple[ItemVerdict, ...], *, decided: bool) -> VerdictKind:
    kinds = {verdict.verdict for verdict in items}
    if not decided:
        kinds.add(VerdictKind.PENDING)
    for kind in OUTRANKING:
        if kind in kinds:
            return kind
    return VerdictKind.NOT_CONTROLLED


def _content(verdict: Verdict) -> tuple[object, ...]:
    """What makes a new revision: everything but the revision, the rules and the time."""
    answer = verdict.version, verdict.phase, verdict.stage, verdict.verdict, verdict.items
    return *answer, verdict.overrides, verdict.applied


def _place(verdict: ItemVerdict) -> Place:
    return verdict.item, verdict.licence, verdict.line


def _answered(held: LicenceDemand, draw: Draw, last: Mapping[Place, ItemVerdict]) -> ItemVerdict:
    licence, line = held.demand.licence, None if draw.line == NO_LINE else draw.line
    verdict = VerdictKind.PENDING
    reasons: tuple[str, ...] = ()
    cover = answer(held)
    if cover is not None:
        given = _given(cover, draw)
        if given.verdict in JUDGED:
            verdict, reasons = JUDGED[given.verdict], tuple(sorted(set(given.reasons)))
        elif before := last.get((draw.item, licence, line)):
            return before
        else:
            verdict, reasons = VerdictKind.REFUSED, (WITHDRAWN,)
    return ItemVerdict(item=draw.item, licence=licence, line=line, verdict=verdict, reasons=reasons)


def _given(cover: Cover, draw: Draw) -> DrawCover:
    for given in cover.draws:
        if given.item == draw.item and given.line == draw.line:
            return given
    raise Corrupt(
        f"cover {cover.revision} of {cover.licence} for {cover.mrn} leaves item {draw.item}, line {draw.line}"
        f" of demand {cover.demand_revision} unanswered"
    )


def _kept(draws: Iterable[ItemVerdict], last: Mapping[Place, ItemVerdict]) -> Iterable[ItemVerdict]:
    """The last judgement of each draw that is still asked for."""
    for verdict in draws:
        if verdict.verdict is VerdictKind.PENDING:
            if judged := last.get(_place(verdict)):
                yield judged
        elif verdict.reasons != (WITHDRAWN,):
            yield verdict


def _per_item(declaration: Declaration, draws: Iterable[ItemVerdict]) -> tuple[ItemVerdict, ...]:
    """Answers by item, licence and line; an item that cites no licence is not controlled."""
    answers: dict[int, list[ItemVerdict]] = {item.item: [] for item in declaration.items}
    for verdict in draws:
        answers[verdict.item].append(verdict)
    items: list[ItemVerdict] = []
    for number in sorted(answers):
        given = answers[number]
        items.extend(sorted(given, key=_order) if given else (_not_controlled(number),))
    return tuple(items)


@lru_cache(maxsize=1024)
def _not_controlled(item: int) -> ItemVerdict:
    """Shared: most items of most declarations are."""
    return ItemVerdict(item=item, verdict=VerdictKind.NOT_CONTROLLED)


def _order(verdict: ItemVerdict) -> tuple[int, str, int]:
    return verdict.item, verdict.licence or "", verdict.line or NO_LINE


def _rule_sets(licences: Iterable[LicenceDemand]) -> str:
    """The rule sets of the answers, in one name; different ones meet while a new one is being introduced."""
    if not licences:
        return ""
    covers = (answer(held) for held in licences)
    return " ".join(sorted({cover.rule_set for cover in covers if cover is not None}))
