"""The answer to customs: item by item, from the covers that answer the latest demands.

A shipment that asks for nothing any more (invalidated, not released) is freed by its licences. What customs was last
told about it then stands: freeing is not a judgement, and neither "not controlled" nor "pending" would be true of it. A
draw that was freed before any licence judged it counts as refused, because nothing may leave under it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.core.errors import Corrupt
from services.core.messages import (
    Cover,
    Draw,
    DrawVerdict,
    ItemVerdict,
    LicenceDemand,
    Shipment,
    Verdict,
    VerdictKind,
)
from services.core.values import LicenceRef
from services.reconciliation.domain.declaration import Declaration
from services.reconciliation.domain.demand import NO_LINE
from services.reconciliation.domain.facts import message_ids
from services.reconciliation.domain.phase import standing

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
    shipment: Shipment, licences: tuple[LicenceDemand, ...], declaration: Declaration, now: datetime, rule_set: str
) -> Judgement:
    """The verdict as these demands and covers give it; `shipment` holds what stood before them.

    `rule_set` names the rules in force, for a declaration that no licence has answered.
    """
    last = {_place(verdict): verdict for verdict in shipment.judged}
    draws = [_answered(held, draw, last) for held in licences for draw in held.demand.draws]
    decided = all(answer(held) for held in licences)
    items = _per_item(declaration, draws)
    kinds = {verdict.verdict for verdict in items} | (set() if decided else {VerdictKind.PENDING})
    previous = shipment.verdict
    verdict = Verdict(
        mrn=shipment.mrn,
        revision=1 if previous is None else previous.revision + 1,
        version=declaration.version,
        phase=standing(shipment).phase,
        verdict=next((kind for kind in OUTRANKING if kind in kinds), VerdictKind.NOT_CONTROLLED),
        items=items,
        applied=message_ids(shipment) if decided else () if previous is None else previous.applied,
        rule_set=_rule_sets(licences) or rule_set,
        decided_at=now,
    )
    judged = tuple(_kept(draws, last))
    if previous is not None and _content(previous) == _content(verdict):
        return Judgement(judged, previous, is_new=False)
    return Judgement(judged, verdict, is_new=True)


def _content(verdict: Verdict) -> tuple[object, ...]:
    return verdict.version, verdict.phase, verdict.verdict, verdict.items, verdict.applied


def _place(verdict: ItemVerdict) -> Place:
    return verdict.item, verdict.licence, verdict.line


def _answered(held: LicenceDemand, draw: Draw, last: Mapping[Place, ItemVerdict]) -> ItemVerdict:
    asked = ItemVerdict(
        item=draw.item,
        licence=held.demand.licence,
        line=None if draw.line == NO_LINE else draw.line,
        verdict=VerdictKind.PENDING,
    )
    cover = answer(held)
    if cover is None:
        return asked
    given = next((d for d in cover.draws if (d.item, d.line) == (draw.item, draw.line)), None)
    if given is None:
        raise Corrupt(
            f"cover {cover.revision} of {cover.licence} for {cover.mrn} leaves item {draw.item}, line {draw.line}"
            f" of demand {cover.demand_revision} unanswered"
        )
    if given.verdict in JUDGED:
        return replace(asked, verdict=JUDGED[given.verdict], reasons=tuple(sorted(set(given.reasons))))
    return last.get(_place(asked)) or replace(asked, verdict=VerdictKind.REFUSED, reasons=(WITHDRAWN,))


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
    free = VerdictKind.NOT_CONTROLLED
    return tuple(
        verdict
        for number in sorted(answers)
        for verdict in sorted(answers[number], key=_order) or [ItemVerdict(item=number, verdict=free)]
    )


def _order(verdict: ItemVerdict) -> tuple[int, str, int]:
    return verdict.item, verdict.licence or "", verdict.line or NO_LINE


def _rule_sets(licences: Iterable[LicenceDemand]) -> str:
    """The rule sets of the answers, in one name; different ones meet while a new one is being introduced."""
    covers = (answer(held) for held in licences)
    return " ".join(sorted({cover.rule_set for cover in covers if cover is not None}))
