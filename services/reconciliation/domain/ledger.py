"""The ledger of one licence, and the one way it changes: `apply`.

Terms of art as in EU CSW-CERTEX (Impl. Reg. (EU) 2024/2145 arts 5-8): accepted declarations reserve, released goods
consume.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from services.core.errors import Corrupt
from services.core.message import remember
from services.core.messages import (
    Authorisation,
    CarryOver,
    Demand,
    DrawVerdict,
    Entry,
    EntryOrigin,
    HeldDraw,
    HeldShipment,
    Ledger,
    Licence,
    LineBalance,
    Phase,
)
from services.core.values import LicenceRef, Mrn
from services.reconciliation.domain.first_use import FirstUse, first_use_of, first_use_with
from services.reconciliation.domain.reported import Reported, reported
from services.reconciliation.domain.rules import WANTING
from services.reconciliation.domain.second_keys import with_authorisation
from services.reconciliation.domain.seen import Seen, seen_of
from services.reconciliation.domain.spread import NO_SPREAD, Spread, spread_of
from services.reconciliation.domain.supplementary import Completing, completing
from services.reconciliation.domain.temporary import Away, away_of, away_with, is_temporary
from services.reconciliation.domain.versioned import Versioned

NO_ENTRY: Final = ""
"""Previous hash of the first entry."""


@dataclass(frozen=True, slots=True)
class LicenceLedger:
    """What the entries of a licence up to `revision` give.

    The indexes follow from the shipments; they save handling a demand from looking at all of them.
    """

    licence: LicenceRef
    revision: int = 0
    hash: str = NO_ENTRY
    arrivals: int = 0
    terms: Licence | None = None
    balances: tuple[LineBalance, ...] = ()
    shipments: Versioned[Mrn, HeldShipment] = field(default_factory=Versioned)
    """By MRN, in order of arrival."""
    unreleased: Versioned[Mrn, int] = field(default_factory=Versioned)
    """Arrival of the shipments that are judged again when the licence changes."""
    wanting: Versioned[Mrn, int] = field(default_factory=Versioned)
    """Arrival of those among them that were refused for want of an amount: judged again when one returns."""
    completing: Completing = field(default_factory=completing)
    """Which supplementary declarations stand in for which simplified ones."""
    spread: Spread = NO_SPREAD
    """On which days draws count, of the lines that limit windows of days."""
    authorisations: tuple[Authorisation, ...] = ()
    """What stands beside the licence, by kind and reference."""
    carried: tuple[CarryOver, ...] = ()
    """What was handed over, to this licence and by it, in order of arrival."""
    raised: Versioned[str, bool] = field(default_factory=Versioned)
    """Ids of what was looked at, and raised, about the licence as a whole."""
    reminded: datetime | None = None
    """The time of the last reminder; one of no later time came before."""
    usage: Reported = field(default_factory=Reported)
    """Reports of use."""
    known_at: datetime | None = None
    """When the licence itself came; None while it is unknown."""
    seen: Seen | None = None
    """What customs saw, by year; None while no use is reported."""
    first_use: FirstUse | None = None
    """The first export under a general authorisation."""
    away: Away = field(default_factory=Versioned)
    """When goods left that must come back, by MRN (EU004)."""


def apply(ledger: LicenceLedger, entry: Entry) -> LicenceLedger:
    """The ledger after an entry: the same function while handling, on restore and for readers.

    Corrupt when the entry is not the next one of this licence.
    """
    if entry.licence != ledger.licence or entry.revision != ledger.revision + 1 or entry.previous_hash != ledger.hash:
        where = f"revision {ledger.revision} of {ledger.licence}, {ledger.hash[:12]!r}"
        what = f"entry {entry.revision} of {entry.licence} after {entry.previous_hash[:12]!r}"
        raise Corrupt(f"{what} does not follow {where}")
    shipment = entry.shipment
    shipments, unreleased, wanting, arrivals = ledger.shipments, ledger.unreleased, ledger.wanting, ledger.arrivals
    stands_in, beside, spread = ledger.completing, _beside(ledger, entry), _spread(ledger, entry)
    if shipment is not None:
        shipments = shipments.with_item(shipment.mrn, _kept(shipment))
        unreleased = _indexed(unreleased, shipment, holds=is_unreleased(shipment))
        wanting = _indexed(wanting, shipment, holds=wants_an_amount(shipment))
        arrivals = max(arrivals, shipment.arrival)
        stands_in = _completing(stands_in, shipment)
    return LicenceLedger(  # by place: this runs for every entry, live and on restore
        ledger.licence,
        entry.revision,
        entry.hash,
        arrivals,
        ledger.terms if entry.terms is None else entry.terms,
        entry.balances,
        shipments,
        unreleased,
        wanting,
        stands_in,
        spread,
        beside,
        ledger.carried if entry.carried is None else (*ledger.carried, entry.carried),
        _raised(ledger.raised, entry.raised) if entry.raised else ledger.raised,
        entry.recorded_at if entry.origin is EntryOrigin.REMINDER else ledger.reminded,
        ledger.usage if entry.usage is None else ledger.usage.with_report(entry.usage),
        entry.recorded_at if entry.terms is not None and ledger.known_at is None else ledger.known_at,
        _seen(ledger, entry, shipments),
        _first_use(ledger, entry, shipments),
        _away(ledger, entry, shipments, beside),
    )


def _completing(known: Completing, shipment: HeldShipment) -> Completing:
    if shipment.demand.completes or (known.by_supplementary and shipment.mrn in known.by_supplementary):
        return known.with_shipment(shipment)
    return known


def _beside(ledger: LicenceLedger, entry: Entry) -> tuple[Authorisation, ...]:
    known, new = ledger.authorisations, entry.authorisation
    return known if new is None else with_authorisation(known, new)


def _raised(known: Versioned[str, bool], more: Iterable[str]) -> Versioned[str, bool]:
    for identity in more:
        known = known.with_item(identity, True)
    return known


def _spread(ledger: LicenceLedger, entry: Entry) -> Spread:
    """On which days draws count after an entry: of terms or of a shipment, never of both."""
    shipment, spread = entry.shipment, ledger.spread
    if entry.terms is not None:
        return spread_of(entry.terms, ledger.shipments.values(), spread)
    if shipment is None or not spread.lines:
        return spread
    return spread.with_shipment(ledger.shipments.get(shipment.mrn), shipment)


def _seen(ledger: LicenceLedger, entry: Entry, shipments: Versioned[Mrn, HeldShipment]) -> Seen | None:
    if entry.usage is None and not ledger.usage.by_id:
        return None
    seen, terms, shipment = ledger.seen, entry.terms or ledger.terms, entry.shipment
    if terms is None:
        return None
    if seen is None or seen.time_zone != terms.time_zone:
        return seen_of(terms.time_zone, shipments.values())
    return seen if shipment is None else seen.with_shipment(ledger.shipments.get(shipment.mrn), shipment)


def _first_use(ledger: LicenceLedger, entry: Entry, shipments: Versioned[Mrn, HeldShipment]) -> FirstUse | None:
    if entry.terms is not None:
        return first_use_of(entry.terms, shipments.values())
    if entry.shipment is None:
        return ledger.first_use
    return first_use_with(ledger.first_use, ledger.terms, entry.shipment, shipments)


def _away(
    ledger: LicenceLedger, entry: Entry, shipments: Versioned[Mrn, HeldShipment], beside: tuple[Authorisation, ...]
) -> Away:
    terms = ledger.terms if entry.terms is None else entry.terms
    if terms is None or not is_temporary(terms):
        return ledger.away if entry.terms is None else Versioned()
    if entry.shipment is not None:
        return away_with(ledger.away, terms, entry.shipment, beside)
    if entry.terms is None and entry.authorisation is None:
        return ledger.away
    return away_of(terms, shipments.values(), beside)


def size(ledger: LicenceLedger) -> int:
    """How many shipments and reports it holds."""
    return len(ledger.shipments) + len(ledger.usage.by_id)


def is_stood_in(ledger: LicenceLedger, demand: Demand) -> bool:
    """Whether a supplementary declaration holds the amounts in its place; nothing stands in for one itself."""
    by_simplified = ledger.completing.by_simplified
    return bool(by_simplified) and not demand.completes and demand.mrn in by_simplified


def completed_by(ledger: LicenceLedger, demand: Demand) -> list[HeldShipment]:
    """The shipments of this ledger that a demand completes, by arrival; most demands complete none."""
    if not demand.completes:
        return []
    known = [ledger.shipments.get(mrn) for mrn in demand.completes]
    simplified = [held for held in known if held is not None and not held.demand.completes]
    return sorted(simplified, key=lambda shipment: shipment.arrival)


def _kept(shipment: HeldShipment) -> HeldShipment:
    """The shipment as it stays in memory: it shares the draws of its demand, and of its bytes holds only the whole.

    A ledger holds a shipment for ever, and half of what it takes would be copies.
    """
    demand, held = shipment.demand, shipment.draws
    if held and (not demand.draws or held[0].draw is not demand.draws[0]):
        return replace(shipment, draws=tuple([_shared(one, demand) for one in held]))
    remember(demand, None)
    for one in held:
        remember(one, None)
        remember(one.draw, None)
    return shipment


def _shared(held: HeldDraw, demand: Demand) -> HeldDraw:
    same = [draw for draw in demand.draws if draw == held.draw]
    return replace(held, draw=same[0]) if same else held


def is_unreleased(shipment: HeldShipment) -> bool:
    """Whether the licence may still change the answer: accepted, and it asks for something."""
    return shipment.demand.phase is Phase.ACCEPTED and bool(shipment.draws)


def wants_an_amount(shipment: HeldShipment) -> bool:
    """Whether an amount that returns may change the answer."""
    return shipment.demand.phase is Phase.ACCEPTED and any(
        held.verdict is DrawVerdict.REFUSED and not WANTING.isdisjoint(held.reasons) for held in shipment.draws
    )


def _indexed(index: Versioned[Mrn, int], shipment: HeldShipment, *, holds: bool) -> Versioned[Mrn, int]:
    if holds:
        return index if shipment.mrn in index else index.with_item(shipment.mrn, shipment.arrival)
    return index.without(shipment.mrn)


def to_record(ledger: LicenceLedger) -> Ledger:
    """The snapshot to store."""
    return Ledger(
        licence=ledger.licence,
        revision=ledger.revision,
        hash=ledger.hash,
        arrivals=ledger.arrivals,
        terms=ledger.terms,
        shipments=tuple(ledger.shipments.values()),
        balances=ledger.balances,
        authorisations=ledger.authorisations,
        carried=ledger.carried,
        raised=tuple(sorted(ledger.raised)),
        reminded=ledger.reminded,
        usage=ledger.usage.reports,
        known_at=ledger.known_at,
    )


def from_record(record: Ledger) -> LicenceLedger:
    """The ledger a snapshot was made of."""
    shipments = {shipment.mrn: _kept(shipment) for shipment in record.shipments}
    return LicenceLedger(
        licence=record.licence,
        revision=record.revision,
        hash=record.hash,
        arrivals=record.arrivals,
        terms=record.terms,
        balances=record.balances,
        authorisations=record.authorisations,
        carried=record.carried,
        raised=Versioned(dict.fromkeys(record.raised, True)),
        reminded=record.reminded,
        usage=reported(record.usage),
        known_at=record.known_at,
        shipments=Versioned(shipments),
        unreleased=Versioned({mrn: s.arrival for mrn, s in shipments.items() if is_unreleased(s)}),
        wanting=Versioned({mrn: s.arrival for mrn, s in shipments.items() if wants_an_amount(s)}),
        completing=completing(shipments.values()),
        spread=spread_of(record.terms, shipments.values()),
        seen=seen_of(record.terms.time_zone, shipments.values()) if record.terms and record.usage else None,
        first_use=first_use_of(record.terms, shipments.values()),
        away=away_of(record.terms, shipments.values(), record.authorisations),
    )
