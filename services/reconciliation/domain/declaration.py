"""A declaration as it stands: the highest whole version with the amendments by pointers that came after it.

A WCO amendment (function code 13) states only what changes. Each counts as one version more, whether it changes
anything or not, so that versions only rise.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from services.core.messages import (
    DeclarationAccepted,
    DeclarationAmended,
    DeclarationForm,
    Document,
    DocumentAmendment,
    GoodsPresented,
    Item,
    ItemAmendment,
    Shipment,
    Source,
)
from services.core.values import LicenceRef
from services.reconciliation.domain.codes import Codes


@dataclass(frozen=True, slots=True)
class Declaration:
    """The declaration that counts now; `sources` say it, and when it was accepted."""

    stated: DeclarationAccepted
    version: int
    accepted_at: datetime
    items: tuple[Item, ...]
    sources: tuple[Source, ...]


def whole_versions(shipment: Shipment) -> tuple[DeclarationAccepted, ...]:
    """One whole declaration per version, ascending: of several with one number the first to arrive.

    What was entered from paper stands only until the declaration itself is known, whatever the versions.
    """
    if len(shipment.declarations) == 1:
        return shipment.declarations
    electronic = [stated for stated in shipment.declarations if stated.form is not DeclarationForm.PAPER]
    first: dict[int, DeclarationAccepted] = {}
    for declaration in electronic or shipment.declarations:
        first.setdefault(declaration.version, declaration)
    return tuple(first.values())


def paper(shipment: Shipment) -> DeclarationAccepted | None:
    """What was entered from paper, in its lowest version: its goods were written off and released on its date."""
    return next((stated for stated in shipment.declarations if stated.form is DeclarationForm.PAPER), None)


def current(shipment: Shipment) -> Declaration | None:
    """The declaration as all facts together give it; null while none is known."""
    versions = whole_versions(shipment)
    if not versions:
        return None
    stated, deltas = versions[-1], _deltas_after(versions[-1], shipment.amendments)
    accepted_at, accepted_by = _acceptance(shipment, versions)
    items = stated.items
    for delta in deltas:
        items = amended(items, delta, stated.procedure)
        stated = _with_parts(stated, delta)
    return Declaration(
        stated=stated,
        version=shipment.declarations[-1].version + len(shipment.amendments),
        accepted_at=accepted_at,
        items=items,
        sources=(
            *(() if accepted_at == stated.accepted_at else accepted_by.sources),
            *stated.sources,
            *[source for delta in deltas for source in delta.sources],
        ),
    )


def _acceptance(
    shipment: Shipment, versions: tuple[DeclarationAccepted, ...]
) -> tuple[datetime, DeclarationAccepted | GoodsPresented]:
    """When the declaration was accepted, and what says so.

    It is that of the lowest version: an amendment that states another moment does not move it (Reg. (EU) 952/2013 arts
    172(2), 173). A pre-lodged one is accepted when its goods are presented (art. 171); until then the moment of lodging
    stands in. A paper that was written off before counts from then: its goods were let go on it.
    """
    first, written = versions[0], paper(shipment)
    if written is not None and written.accepted_at < first.accepted_at:
        return written.accepted_at, written
    if not first.pre_lodged:
        return first.accepted_at, first
    if shipment.presentations:
        presented = shipment.presentations[0]
        return presented.presented_at, presented
    accepted = next((stated for stated in versions if not stated.pre_lodged), first)
    return accepted.accepted_at, accepted


def _deltas_after(
    stated: DeclarationAccepted, amendments: tuple[DeclarationAmended, ...]
) -> tuple[DeclarationAmended, ...]:
    """A whole version contains what was amended up to its own amendment."""
    if stated.amended_at is None:
        return amendments
    return tuple(a for a in amendments if a.amended_at > stated.amended_at)


def _with_parts(stated: DeclarationAccepted, delta: DeclarationAmended) -> DeclarationAccepted:
    """The declaration with the parts that a delta states beside items; what it does not state stays."""
    return replace(
        stated,
        exporter=delta.exporter or stated.exporter,
        consignee=delta.consignee or stated.consignee,
        country_of_destination=delta.country_of_destination or stated.country_of_destination,
        office_of_exit=delta.office_of_exit or stated.office_of_exit,
        border_mode=delta.border_mode or stated.border_mode,
        containerised=stated.containerised if delta.containerised is None else delta.containerised,
    )


def amended(items: tuple[Item, ...], delta: DeclarationAmended, procedure: str) -> tuple[Item, ...]:
    """The items with one delta applied, ascending.

    An item the declaration does not have is added when the delta states its commodity code; else there is nothing it
    could stand for, and it is left out (see `sequence.unknown_items`).
    """
    by_number = {item.item: item for item in items}
    for change in delta.items:
        known = None if change.whole else by_number.get(change.item)
        if change.removed:
            by_number.pop(change.item, None)
        elif known is not None:
            by_number[change.item] = _amended_item(known, change)
        elif change.commodity_code is not None:
            empty = Item(item=change.item, commodity_code=change.commodity_code, description="", procedure=procedure)
            by_number[change.item] = _amended_item(empty, change)
    return tuple(by_number[number] for number in sorted(by_number))


def _amended_item(item: Item, change: ItemAmendment) -> Item:
    gone = {removal.position for removal in change.removed_documents}
    replaced = [one for one in change.documents if _place(item.documents, one) is not None]
    documents = item.documents
    for amendment in replaced:
        documents = _amended_documents(documents, amendment)
    documents = tuple(document for place, document in enumerate(documents, 1) if place not in gone)
    documents = (*documents, *(one.document for one in change.documents if one not in replaced))
    return replace(
        item,
        commodity_code=item.commodity_code if change.commodity_code is None else change.commodity_code,
        description=item.description if change.description is None else change.description,
        net_mass_kg=item.net_mass_kg if change.net_mass_kg is None else change.net_mass_kg,
        statistical_value=item.statistical_value if change.statistical_value is None else change.statistical_value,
        procedure=change.procedure or item.procedure,
        consignee=change.consignee or item.consignee,
        destination=change.destination or item.destination,
        documents=documents,
    )


def _amended_documents(documents: tuple[Document, ...], amendment: DocumentAmendment) -> tuple[Document, ...]:
    place = _place(documents, amendment)
    if place is None:
        return (*documents, amendment.document)
    return (*documents[:place], amendment.document, *documents[place + 1 :])


def _place(documents: tuple[Document, ...], amendment: DocumentAmendment) -> int | None:
    """Index of the replaced document; null for an addition."""
    if amendment.position is not None:
        return amendment.position - 1 if 1 <= amendment.position <= len(documents) else None
    wanted = (amendment.document.type, amendment.document.reference)
    return next((i for i, d in enumerate(documents) if (d.type, d.reference) == wanted), None)


def licences_ever_cited(shipment: Shipment, accepted_at: datetime, codes: Codes) -> set[LicenceRef]:
    """Licences that any version or delta cites, also those that a later version dropped: they must free their draws.

    So must those that were asked while other code lists were in force.
    """
    then = codes.as_of(accepted_at)
    cited = {LicenceRef(d.reference) for d in _documents_ever(shipment) if then.cites_a_licence(d.type)}
    return cited | {held.demand.licence for held in shipment.licences}


def _documents_ever(shipment: Shipment) -> list[Document]:
    written = [stated for stated in shipment.declarations if stated.form is DeclarationForm.PAPER]
    stated = [d for whole in (*whole_versions(shipment), *written) for item in whole.items for d in item.documents]
    if not shipment.amendments:
        return stated
    return stated + [a.document for delta in shipment.amendments for change in delta.items for a in change.documents]
