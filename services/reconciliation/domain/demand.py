"""What a shipment asks of each licence it cites or ever cited.

A demand follows from the facts alone, never from a cover: were it to depend on an answer, two licences of one shipment
could answer each other's answers for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from operator import attrgetter

from services.core.messages import (
    Demand,
    Document,
    Draw,
    Item,
    LicenceDemand,
    Phase,
    Shipment,
)
from services.core.values import ZERO, LicenceRef
from services.reconciliation.domain.declaration import Declaration, licences_ever_cited
from services.reconciliation.domain.departure import what_left
from services.reconciliation.domain.documents import cites_a_licence
from services.reconciliation.domain.phase import Standing, departure, standing

NO_LINE = 0


@dataclass(frozen=True, slots=True)
class Citation:
    """A draw and the licence it is on."""

    licence: LicenceRef
    draw: Draw


def citations(declaration: Declaration) -> tuple[Citation, ...]:
    """All draws of a declaration as declared: by item, then in the order its documents first cite the line."""
    return tuple(c for item in declaration.items for c in _citations_of(item, declaration))


def _citations_of(item: Item, declaration: Declaration) -> Iterable[Citation]:
    grouped: dict[tuple[LicenceRef, int], list[Document]] = {}
    for document in item.documents:
        if cites_a_licence(document.type):
            place = (LicenceRef(document.reference), document.line or NO_LINE)
            grouped.setdefault(place, []).append(document)
    for (licence, line), documents in grouped.items():
        yield Citation(licence, _draw(item, line, documents, declaration))


def _draw(item: Item, line: int, documents: list[Document], declaration: Declaration) -> Draw:
    quantities = [d.quantity for d in documents if d.quantity is not None]
    amounts = [d.amount for d in documents if d.amount is not None]
    return Draw(
        item=item.item,
        line=line,
        document_types=tuple(sorted({d.type for d in documents})),
        commodity_code=item.commodity_code,
        description=item.description,
        procedure=item.procedure,
        consignee=item.consignee or declaration.stated.consignee,
        destination=item.destination or declaration.stated.country_of_destination,
        quantity=sum(quantities, ZERO) if quantities else None,
        units=tuple(sorted({d.unit for d in documents if d.unit is not None})),
        amount=sum(amounts, ZERO) if amounts else None,
        currencies=tuple(sorted({d.currency for d in documents if d.currency is not None})),
    )


def _with_departure(cited: tuple[Citation, ...], shipment: Shipment) -> tuple[Citation, ...]:
    """The same draws with what left of each, once the goods left."""
    exited = departure(shipment)
    if exited is None:
        return cited
    totals = {total.item: total for total in exited.items}
    by_item: dict[int, list[Citation]] = {}
    for citation in cited:
        by_item.setdefault(citation.draw.item, []).append(citation)
    return tuple(
        Citation(citation.licence, draw)
        for item, group in by_item.items()
        for citation, draw in zip(group, what_left([c.draw for c in group], totals.get(item)), strict=True)
    )


def asked(shipment: Shipment, declaration: Declaration) -> tuple[Demand, ...]:
    """The demands the facts give, one per licence ever cited, sorted; revision 0: not yet numbered."""
    stands = standing(shipment)
    cited = _with_departure(citations(declaration), shipment)
    licences = sorted(licences_ever_cited(shipment))
    return tuple(_demand(shipment, declaration, stands, licence, cited) for licence in licences)


def _demand(
    shipment: Shipment, declaration: Declaration, stands: Standing, licence: LicenceRef, cited: tuple[Citation, ...]
) -> Demand:
    draws = (c.draw for c in cited if c.licence == licence)
    exited = departure(shipment)
    return Demand(
        mrn=shipment.mrn,
        licence=licence,
        revision=0,
        version=declaration.version,
        phase=stands.phase,
        final_exit=stands.phase is Phase.EXITED and exited is not None and exited.final,
        accepted_at=declaration.accepted_at,
        occurred_at=stands.occurred_at or declaration.accepted_at,
        exporter=declaration.stated.exporter,
        draws=tuple(sorted(draws, key=lambda d: (d.item, d.line))),
        sources=declaration.sources + (stands.fact.sources if stands.fact else ()),
    )


content = attrgetter(*(field.name for field in fields(Demand) if field.name not in ("revision", "sources")))
"""What makes a new revision: everything but the revision and the messages it rests on."""


def numbered(shipment: Shipment, demands: tuple[Demand, ...]) -> tuple[tuple[LicenceDemand, ...], tuple[Demand, ...]]:
    """The shipment's licences with these demands, and those among them that say something new, numbered."""
    held = {known.demand.licence: known for known in shipment.licences}
    licences: list[LicenceDemand] = []
    changed: list[Demand] = []
    for demand in demands:
        known = held.get(demand.licence)
        if known and content(known.demand) == content(demand):
            licences.append(known)
            continue
        new = replace(demand, revision=known.demand.revision + 1 if known else 1)
        licences.append(LicenceDemand(demand=new, cover=known.cover if known else None))
        changed.append(new)
    return tuple(licences), tuple(changed)
