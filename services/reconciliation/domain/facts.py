"""The set of an MRN's facts: each kept once, in an order that does not depend on their arrival.

One exception: of whole versions with the same number the first to arrive comes first, and it alone counts.
"""

from collections.abc import Iterator
from dataclasses import replace

from services.core.errors import Corrupt
from services.core.messages import (
    DeclarationAccepted,
    DeclarationAmended,
    DeclarationInvalidated,
    GoodsExited,
    GoodsReleased,
    ReleaseRefused,
    Shipment,
)

Fact = DeclarationAccepted | DeclarationAmended | GoodsReleased | ReleaseRefused | DeclarationInvalidated | GoodsExited


def all_facts(shipment: Shipment) -> Iterator[Fact]:
    """Every fact known, those without effect included."""
    yield from shipment.declarations
    yield from shipment.amendments
    yield from shipment.releases
    yield from shipment.refusals
    yield from shipment.invalidations
    yield from shipment.exits


def knows(shipment: Shipment, fact: Fact) -> bool:
    """Whether this very fact was seen before. Corrupt when its id was seen with other content."""
    for known in all_facts(shipment):
        if known.fact_id == fact.fact_id:
            if known != fact:
                raise Corrupt(f"fact {fact.fact_id} of {fact.mrn} came twice with different content")
            return True
    return False


def with_fact(shipment: Shipment, fact: Fact) -> Shipment:
    """The shipment with one more fact. Not for a fact it already knows."""
    match fact:
        case DeclarationAccepted():
            # A stable sort by version alone: of equal versions the first to arrive stays first.
            return replace(
                shipment, declarations=tuple(sorted((*shipment.declarations, fact), key=lambda f: f.version))
            )
        case DeclarationAmended():
            deltas = sorted((*shipment.amendments, fact), key=lambda f: (f.amended_at, f.fact_id))
            return replace(shipment, amendments=tuple(deltas))
        case GoodsReleased():
            releases = sorted((*shipment.releases, fact), key=lambda f: (f.released_at, f.fact_id))
            return replace(shipment, releases=tuple(releases))
        case ReleaseRefused():
            refusals = sorted((*shipment.refusals, fact), key=lambda f: (f.decided_at, f.fact_id))
            return replace(shipment, refusals=tuple(refusals))
        case DeclarationInvalidated():
            invalidations = sorted((*shipment.invalidations, fact), key=lambda f: (f.invalidated_at, f.fact_id))
            return replace(shipment, invalidations=tuple(invalidations))
        case GoodsExited():
            exits = sorted((*shipment.exits, fact), key=lambda f: (f.exited_at, f.fact_id))
            return replace(shipment, exits=tuple(exits))


def message_ids(shipment: Shipment) -> tuple[str, ...]:
    """Ids of all messages behind the facts, sorted."""
    return tuple(sorted({source.message_id for fact in all_facts(shipment) for source in fact.sources}))
