"""The set of an MRN's facts: each kept once, in an order that does not depend on their arrival.

One exception: of whole versions with the same number the first to arrive comes first, and it alone counts.
"""

from collections.abc import Callable
from typing import Any, TypeVar

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
F = TypeVar("F")


def all_facts(shipment: Shipment) -> tuple[Fact, ...]:
    """Every fact known, those without effect included."""
    return (
        *shipment.declarations,
        *shipment.amendments,
        *shipment.releases,
        *shipment.refusals,
        *shipment.invalidations,
        *shipment.exits,
    )


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
    declarations, amendments, releases = shipment.declarations, shipment.amendments, shipment.releases
    refusals, invalidations, exits = shipment.refusals, shipment.invalidations, shipment.exits
    match fact:
        case DeclarationAccepted():
            # A stable sort by version alone: of equal versions the first to arrive stays first.
            declarations = _in_order((*declarations, fact), lambda f: f.version)
        case DeclarationAmended():
            amendments = _in_order((*amendments, fact), lambda f: (f.amended_at, f.fact_id))
        case GoodsReleased():
            releases = _in_order((*releases, fact), lambda f: (f.released_at, f.fact_id))
        case ReleaseRefused():
            refusals = _in_order((*refusals, fact), lambda f: (f.decided_at, f.fact_id))
        case DeclarationInvalidated():
            invalidations = _in_order((*invalidations, fact), lambda f: (f.invalidated_at, f.fact_id))
        case GoodsExited():
            exits = _in_order((*exits, fact), lambda f: (f.exited_at, f.fact_id))
    return Shipment(
        mrn=shipment.mrn,
        declarations=declarations,
        amendments=amendments,
        releases=releases,
        refusals=refusals,
        invalidations=invalidations,
        exits=exits,
        licences=shipment.licences,
        verdict=shipment.verdict,
        judged=shipment.judged,
        findings=shipment.findings,
    )


def _in_order(facts: tuple[F, ...], order: Callable[[F], Any]) -> tuple[F, ...]:
    return facts if len(facts) == 1 else tuple(sorted(facts, key=order))


def message_ids(shipment: Shipment) -> tuple[str, ...]:
    """Ids of all messages behind the facts, sorted."""
    return tuple(sorted({source.message_id for fact in all_facts(shipment) for source in fact.sources}))
