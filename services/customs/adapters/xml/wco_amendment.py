"""A WCO-DMS amendment (function 13, type COR): a delta whose Pointers say which parts are replaced.

A pointer is a chain of sections from `42A` (Declaration) over `67A` (GoodsShipment) and `68A` (goods item) to `02A`
(AdditionalDocument), each with its place. A part that cannot be carried as a delta is refused, never left out silently.
"""

from datetime import datetime

from lxml import etree

from services.core.messages import Document, DocumentAmendment, ItemAmendment
from services.core.values import Mrn
from services.customs.adapters.xml import formats
from services.customs.adapters.xml.formats import free_text, integer
from services.customs.adapters.xml.reader import Reader
from services.customs.adapters.xml.wco_declaration import classification, document
from services.customs.domain.reading import Amendment

_ITEM, _DOCUMENT = "68A", "02A"
_NOT_CARRIED = ("Exporter", "GoodsShipment/Consignee", "GoodsShipment/Destination")
_NOT_CARRIED_OF_ITEM = ("Consignee", "Destination", "GovernmentProcedure")


def read(reader: Reader, element: etree._Element, mrn: Mrn | None, issued_at: datetime | None) -> Amendment | None:
    """The delta; None after a fault."""
    for path in _NOT_CARRIED:
        _refuse(reader, reader.child(element, path))
    places = _places(reader, element)
    elements = reader.children(reader.child(element, "GoodsShipment"), "GovernmentAgencyGoodsItem")
    items = [_item(reader, one, places) for one in elements]
    reader.unique(zip(elements, (item.item if item else None for item in items), strict=True))
    named = {item.item for item in items if item is not None}
    for number, pointers in places.items():
        if number not in named:
            reader.fault(pointers[0][1], "amendment.deletion", f"item {number} is pointed at, but nothing replaces it")
    if mrn is None or None in items:
        return None
    return Amendment(mrn, issued_at, tuple(sorted((i for i in items if i is not None), key=lambda item: item.item)))


def _refuse(reader: Reader, element: etree._Element | None) -> None:
    if element is not None:
        reader.fault(element, "amendment.not-carried", "an amendment of this part is not taken by pointers")


def _places(reader: Reader, element: etree._Element) -> dict[int, list[tuple[int, etree._Element]]]:
    """For each item the places of its documents that pointers name, in order, each once, with the pointer."""
    places: dict[int, list[tuple[int, etree._Element]]] = {}
    for amendment in reader.children(element, "Amendment"):
        item: int | None = None
        for pointer in reader.children(amendment, "Pointer"):
            section = reader.text(pointer, "DocumentSectionCode")
            place = reader.value(pointer, "SequenceNumeric", integer(1, 9_999))
            if section == _ITEM:
                item = place
            if section == _DOCUMENT and item is not None and place is not None:
                known = places.setdefault(item, [])
                if place not in {p for p, _ in known}:
                    known.append((place, pointer))
    return places


def _item(
    reader: Reader, element: etree._Element, places: dict[int, list[tuple[int, etree._Element]]]
) -> ItemAmendment | None:
    number = reader.needed(element, "SequenceNumeric", integer(1, 9_999))
    for path in _NOT_CARRIED_OF_ITEM:
        _refuse(reader, next(iter(reader.children(element, path)), None))
    documents = [document(reader, e) for e in reader.children(element, "AdditionalDocument")]
    commodity = reader.child(element, "Commodity")
    code = classification(reader, commodity, needed=False)
    description = reader.value(commodity, "Description", free_text(512))
    net_mass = reader.value(commodity, "GoodsMeasure/NetNetWeightMeasure", formats.number(16, 6))
    value = reader.value(element, "StatisticalValueAmount", formats.number(16, 2))
    if number is None or None in documents:
        return None
    return ItemAmendment(
        item=number,
        commodity_code=code,
        description=description,
        net_mass_kg=net_mass,
        statistical_value=value,
        documents=_placed(reader, element, [d for d in documents if d is not None], places.get(number, [])),
    )


def _placed(
    reader: Reader, element: etree._Element, documents: list[Document], places: list[tuple[int, etree._Element]]
) -> tuple[DocumentAmendment, ...]:
    """The nth document of the delta stands at the nth place pointed at; without places, type and reference tell."""
    if len(places) > len(documents):
        detail = f"{len(places)} documents are pointed at, {len(documents)} are given"
        reader.fault(element, "amendment.deletion", detail)
        return ()
    positions: list[int | None] = [place for place, _ in places]
    if len(places) < len(documents):
        positions = [None] * len(documents)
    return tuple(DocumentAmendment(position=p, document=d) for p, d in zip(positions, documents, strict=True))
