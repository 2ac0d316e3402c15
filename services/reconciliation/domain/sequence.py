"""What is wrong with the order and the versions of a shipment's facts.

Such a fact is kept, because it was stated; it moves nothing that the table of `life` does not allow, and a person looks
at it.
Only what the facts contradict in themselves is raised: a fact that is merely missing may still be on its way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal

from services.core.facts import Fact
from services.core.message import Record, plain
from services.core.messages import (
    Comparison,
    DeclarationAccepted,
    DeclarationForm,
    Finding,
    Item,
    Severity,
    Shipment,
    Stage,
    Track,
)
from services.core.values import format_amount
from services.reconciliation.domain.course import Clash, Course, Moment
from services.reconciliation.domain.declaration import Declaration
from services.reconciliation.domain.findings import OfShipment, finding_id, of_shipment
from services.reconciliation.domain.legal import Basis
from services.reconciliation.domain.life import Event
from services.reconciliation.domain.phase import departure

OUT_OF_SEQUENCE = "shipment.out-of-sequence"
VERSION_CONFLICT = "shipment.version-conflict"

LEGAL_TEXT = date(2020, 1, 1)
"""The version of Reg. (EU) 952/2013 that was read."""

MOST_ITEMS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Facts that cannot all be right."""

    code: str
    facts: tuple[Fact, ...]
    summary: str
    article: str
    comparisons: tuple[Comparison, ...]
    severity: Severity = Severity.WARNING
    track: Track = Track.ADMINISTRATIVE
    item: int | None = None


def raised(
    shipment: Shipment, declaration: Declaration | None, goes: Course, now: datetime, rule_set: str
) -> list[Finding]:
    """A finding for each contradiction, in a fixed order."""
    return [_finding(wrong, shipment, now, rule_set) for wrong in contradictions(shipment, declaration, goes)]


def contradictions(shipment: Shipment, declaration: Declaration | None, goes: Course) -> Iterator[Contradiction]:
    """All of them, in a fixed order."""
    for clash in goes.clashes:
        yield _out_of_sequence(shipment, clash)
    if len(shipment.declarations) > 1:
        yield from version_conflicts(shipment)
    if declaration is not None and (shipment.amendments or shipment.exits):
        yield from unknown_items(shipment, declaration)


GONE = frozenset({Stage.PARTLY_EXITED, Stage.EXITED})
WITHDRAWN = frozenset({Event.INVALIDATED, Event.NOT_RELEASED, Event.EXIT_STOPPED})

ARTICLES: Mapping[Event, str] = {
    Event.PRESENTED: "art. 171",
    Event.AMENDED: "art. 173",
    Event.OVERRIDDEN: "art. 194",
    Event.NOT_RELEASED: "art. 194",
    Event.RELEASED: "arts 174, 194",
    Event.ARRIVED: "art. 267",
    Event.EXIT_STOPPED: "art. 267",
    Event.EXIT_RELEASED: "arts 194, 267",
    Event.PART_LEFT: "arts 158, 174(2), 194, 267",
    Event.NOT_LEFT: "art. 267",
    Event.LEFT: "arts 158, 174(2), 194, 267",
    Event.INVALIDATED: "art. 174(2)",
}
"""Of Reg. (EU) 952/2013: what says when the event may come."""


def _out_of_sequence(shipment: Shipment, clash: Clash) -> Contradiction:
    """Goods that left though they were undeclared, refused, stopped or withdrawn concern both tracks, at once."""
    moment, since = clash.moment, clash.since
    before = clash.stage is Stage.UNDECLARED
    critical = clash.to in GONE and (clash.stage not in GONE or moment.event in WITHDRAWN)
    return Contradiction(
        code=OUT_OF_SEQUENCE,
        facts=(since.fact, moment.fact),
        summary=f"{shipment.mrn}: {moment.event} on {_day(moment)}, {'before' if before else 'though'} it was"
        f" {since.event} on {_day(since)}; it stands as {_words(clash.to)}",
        article=f"Reg. (EU) 952/2013 {ARTICLES[moment.event]}",
        comparisons=(
            Comparison(
                what="stage",
                declared=f"{moment.event}, {moment.at.isoformat()}",
                licensed=f"{_words(clash.stage)}, {since.event} {since.at.isoformat()}",
            ),
        ),
        severity=Severity.CRITICAL if critical else Severity.WARNING,
        track=Track.BOTH if critical else Track.ADMINISTRATIVE,
    )


def _day(moment: Moment) -> str:
    return moment.at.date().isoformat()


def _words(stage: Stage) -> str:
    return stage.value.lower().replace("_", " ")


def version_conflicts(shipment: Shipment) -> Iterator[Contradiction]:
    """Whole versions with one number and different content: the first to arrive counts.

    What was entered from paper gives way to the declaration itself, so the two do not contradict each other.
    """
    first: dict[tuple[int, bool], DeclarationAccepted] = {}
    for stated in shipment.declarations:
        kept = first.setdefault((stated.version, stated.form is DeclarationForm.PAPER), stated)
        differences = () if kept is stated else tuple(_differences(kept, stated))
        if differences:
            yield Contradiction(
                code=VERSION_CONFLICT,
                facts=(kept, stated),
                summary=f"version {stated.version} of {shipment.mrn} was stated twice with different content:"
                " the first one counts",
                article="Reg. (EU) 952/2013 art. 173",
                comparisons=differences,
            )


def unknown_items(shipment: Shipment, declaration: Declaration) -> Iterator[Contradiction]:
    """Amendments of items that no version has, and exits of items that the declaration as it stands has not."""
    now = {item.item for item in declaration.items}
    ever = now | {item.item for stated in shipment.declarations for item in stated.items}
    ever |= {change.item for delta in shipment.amendments for change in delta.items if change.commodity_code}
    for delta in shipment.amendments:
        numbers = {change.item for change in delta.items}
        yield from (_unknown_item(shipment, delta, number, ever) for number in sorted(numbers - ever))
    exited = departure(shipment)
    if exited is not None:
        numbers = {total.item for total in exited.items}
        yield from (_unknown_item(shipment, exited, number, now) for number in sorted(numbers - now))


def _unknown_item(shipment: Shipment, fact: Fact, number: int, known: set[int]) -> Contradiction:
    listed = ", ".join(map(str, sorted(known)))
    return Contradiction(
        code=OUT_OF_SEQUENCE,
        facts=(fact,),
        summary=f"item {number} of {shipment.mrn} is stated by a later message, and the declaration has none",
        article="Reg. (EU) 952/2013 art. 173",
        comparisons=(Comparison(what="item", declared=str(number), licensed=listed),),
        item=number,
    )


def _differences(kept: DeclarationAccepted, stated: DeclarationAccepted) -> Iterator[Comparison]:
    for field in fields(kept):
        first, second = getattr(kept, field.name), getattr(stated, field.name)
        if field.name in ("fact_id", "sources") or first == second:
            continue
        if field.name == "items":
            yield from _item_differences(first, second)
        else:
            yield Comparison(what=field.name, declared=_shown(second), licensed=_shown(first))


def _item_differences(first: tuple[Item, ...], second: tuple[Item, ...]) -> Iterator[Comparison]:
    kept, stated = {i.item: i for i in first}, {i.item: i for i in second}
    different = [n for n in sorted(kept.keys() | stated.keys()) if kept.get(n) != stated.get(n)]
    for number in different[:MOST_ITEMS_SHOWN]:
        yield Comparison(what=f"items/{number}", declared=_shown(stated.get(number)), licensed=_shown(kept.get(number)))


def _shown(value: object) -> str:
    """A value as evidence: equal values give equal text."""
    match value:
        case Decimal():
            return format_amount(value)
        case datetime():
            return value.isoformat()
        case Record():
            return _shown(plain(value))
        case Mapping():
            return "{" + ", ".join(f"{k}: {_shown(v)}" for k, v in value.items() if v not in (None, [])) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_shown, value)) + "]"
        case _:
            return "" if value is None else str(value)


def _finding(wrong: Contradiction, shipment: Shipment, now: datetime, rule_set: str) -> Finding:
    """The contradiction as a finding; the same facts always give the same id.

    A message out of sequence is so once, whatever else comes to be known of the stage it came in.
    """
    named = wrong.facts[-1:] if wrong.code == OUT_OF_SEQUENCE else wrong.facts
    found = OfShipment(
        id=finding_id(wrong.code, shipment.mrn, wrong.item, *(fact.fact_id for fact in named)),
        code=wrong.code,
        severity=wrong.severity,
        track=wrong.track,
        basis=Basis(wrong.article, LEGAL_TEXT),
        facts=wrong.facts,
        item=wrong.item,
    )
    return of_shipment(found, shipment.mrn, wrong.summary, wrong.comparisons, rule_set, now)
