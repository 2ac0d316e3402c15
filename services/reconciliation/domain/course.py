"""The course of a shipment: its facts in order of business time, along the table of `life`.

Order is by day, and within a day as things naturally happen: some messages state a day without a time. So the course
follows from the set of facts, whatever the order they arrived in. A fact that is merely missing may still be on its
way: the table lets the next one through.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, Final

from services.core.facts import Fact
from services.core.messages import DeclarationForm, ExitResult, GoodsExited, Shipment, Stage
from services.reconciliation.domain.declaration import paper, whole_versions
from services.reconciliation.domain.life import TRANSITIONS, Event, Order
from services.reconciliation.domain.phase import ends

DATE_ONLY: Final = timedelta(days=1)
"""A day without a time counts from its start: two moments closer than this may have happened either way round."""

_TO_MIDNIGHT: Final = timedelta(hours=3)
"""Midnight anywhere in the Union, which a day without a time stands for, is then on that day in UTC too."""

AFTERWARDS: Final = frozenset({DeclarationForm.RETROSPECTIVE, DeclarationForm.SUPPLEMENTARY, DeclarationForm.PAPER})
"""Forms that declare what happened before they were accepted."""

_PLACE_IN_DAY: Final = {
    **dict.fromkeys((Event.LODGED, Event.ACCEPTED), 0),
    **dict.fromkeys((Event.PRESENTED, Event.AMENDED, Event.OVERRIDDEN), 1),
    **dict.fromkeys((Event.NOT_RELEASED, Event.RELEASED, Event.ARRIVED, Event.EXIT_STOPPED, Event.EXIT_RELEASED), 2),
    **dict.fromkeys((Event.PART_LEFT, Event.NOT_LEFT), 3),
    Event.LEFT: 4,
    Event.INVALIDATED: 5,
}
_HAPPENINGS: Final[tuple[tuple[str, Event, Callable[[Any], datetime]], ...]] = (
    ("amendments", Event.AMENDED, attrgetter("amended_at")),
    ("presentations", Event.PRESENTED, attrgetter("presented_at")),
    ("overrides", Event.OVERRIDDEN, attrgetter("decided_at")),
    ("refusals", Event.NOT_RELEASED, attrgetter("decided_at")),
    ("releases", Event.RELEASED, attrgetter("released_at")),
    ("arrivals", Event.ARRIVED, attrgetter("arrived_at")),
    ("exit_stops", Event.EXIT_STOPPED, attrgetter("stopped_at")),
    ("exit_releases", Event.EXIT_RELEASED, attrgetter("released_at")),
    ("invalidations", Event.INVALIDATED, attrgetter("invalidated_at")),
)
"""Facts that are one event each: where they are kept, and when they happened."""
_RANK: Final = {event: rank for rank, event in enumerate(Event)}


@dataclass(frozen=True, slots=True)
class Moment:
    """A fact as an event, and when it happened."""

    event: Event
    at: datetime
    fact: Fact


@dataclass(frozen=True, slots=True)
class Clash:
    """An event that may not come in the stage the shipment was in; `since` set that stage, or declares it later."""

    stage: Stage
    since: Moment
    moment: Moment
    to: Stage


@dataclass(frozen=True, slots=True)
class Course:
    """Where the facts lead, and where they are out of sequence."""

    stage: Stage
    clashes: tuple[Clash, ...] = ()


_ACCEPTED: Final = Course(Stage.ACCEPTED)


def course(shipment: Shipment) -> Course:
    """Where all facts together lead. While no declaration is known, one is presumed: it may still be on its way."""
    declared = list(_declared(shipment))
    moments = declared + list(_happened(shipment))
    if len(moments) == 1 and declared and declared[0].event is Event.ACCEPTED:
        return _ACCEPTED
    written = paper(shipment) is not None
    afterwards = written or (bool(shipment.declarations) and shipment.declarations[-1].form in AFTERWARDS)
    stage, since = (Stage.UNDECLARED, declared[0]) if declared else (Stage.ACCEPTED, moments[0])
    clashes: list[Clash] = []
    for moment in sorted(moments, key=lambda each: _order(each, afterwards=afterwards)):
        step = TRANSITIONS[stage][moment.event]
        if step.order is Order.IMPOSSIBLE or (step.order and abs(moment.at - since.at) >= DATE_ONLY):
            clashes.append(Clash(stage, since, moment, step.to or stage))
        if step.to is not None:
            stage, since = step.to, moment
    return Course(stage, tuple(clashes))


def _order(moment: Moment, *, afterwards: bool) -> tuple[date, int, datetime, int, str]:
    place = _PLACE_IN_DAY[moment.event]
    day = date.min if afterwards and place == 0 else (moment.at + _TO_MIDNIGHT).date()
    return day, place, moment.at, _RANK[moment.event], moment.fact.fact_id


def _declared(shipment: Shipment) -> Iterator[Moment]:
    """The declaration, and its whole versions: the first that is not pre-lodged accepts it, the others amend it."""
    lodged = False
    for place, stated in enumerate(whole_versions(shipment)):
        if place == 0:
            lodged = stated.pre_lodged
            yield Moment(Event.LODGED if lodged else Event.ACCEPTED, stated.accepted_at, stated)
        elif lodged and not stated.pre_lodged:
            lodged = False
            yield Moment(Event.ACCEPTED, stated.accepted_at, stated)
        else:
            yield Moment(Event.AMENDED, stated.amended_at or shipment.declarations[0].accepted_at, stated)


def _happened(shipment: Shipment) -> Iterator[Moment]:
    written = paper(shipment)
    if written and not (shipment.releases or shipment.exit_releases or shipment.exits):
        yield Moment(Event.RELEASED, written.accepted_at, written)
    for place, event, at in _HAPPENINGS:
        for fact in getattr(shipment, place):
            yield Moment(event, at(fact), fact)
    for exited in shipment.exits:
        yield Moment(exit_event(exited, shipment), exited.exited_at, exited)


def exit_event(exited: GoodsExited, shipment: Shipment) -> Event:
    """Result B1 says that the goods did not leave."""
    if exited.result is ExitResult.B1:
        return Event.NOT_LEFT
    return Event.LEFT if ends(exited, shipment) else Event.PART_LEFT
