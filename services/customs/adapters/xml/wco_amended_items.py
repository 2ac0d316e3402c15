"""The goods items that a WCO-DMS amendment changes, adds or removes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from lxml import etree

from services.core.messages import Document, DocumentAmendment, DocumentRemoval, ItemAmendment
from services.core.values import CountryCode, parse_country
from services.customs.adapters.xml import formats
from services.customs.adapters.xml.formats import Parse, free_text, integer
from services.customs.adapters.xml.reader import Reader
from services.customs.adapters.xml.wco_declaration import classification, document, item, party, procedure
from services.customs.adapters.xml.wco_pointers import ITEM, Target

T = TypeVar("T")

DOCUMENT: Final = f"{ITEM}/AdditionalDocument"

_CODE = "Commodity/Classification"
_DESCRIPTION = "Commodity/Description"
_NET_MASS = "Commodity/GoodsMeasure/NetNetWeightMeasure"
_VALUE = "StatisticalValueAmount"
_PROCEDURE = "GovernmentProcedure"
_CONSIGNEE = "Consignee"
_DESTINATION = "Destination/CountryCode"
_NAMED = (_CODE, _DESCRIPTION, _NET_MASS, _VALUE, _PROCEDURE, _CONSIGNEE, _DESTINATION)

CARRIED_OF_ITEM: Final = (DOCUMENT, *(f"{ITEM}/{path}" for path in _NAMED))


def items(reader: Reader, shipment: etree._Element | None, named: Sequence[Target]) -> tuple[ItemAmendment, ...] | None:
    """The amended items, ascending; None after a fault."""
    elements = reader.children(shipment, "GovernmentAgencyGoodsItem")
    numbers = [reader.needed(element, "SequenceNumeric", integer(1, 9_999)) for element in elements]
    reader.unique(zip(elements, numbers, strict=True))
    given = {number: element for number, element in zip(numbers, elements, strict=True) if number is not None}
    by_item: dict[int, list[Target]] = {}
    for target in named:
        number = next(iter(given)) if target.item is None and len(given) == 1 else target.item
        if number is None:
            reader.fault(target.at, "amendment.place-missing", "which goods item is meant is not said")
        else:
            by_item.setdefault(number, []).append(target)
    changed = [_changed(reader, number, given, by_item[number]) for number in sorted(by_item)]
    whole = tuple(change for change in changed if change is not None)
    return whole if len(whole) == len(changed) and None not in numbers else None


def _changed(
    reader: Reader, number: int, given: Mapping[int, etree._Element], named: Sequence[Target]
) -> ItemAmendment | None:
    element, entire = given.get(number), any(target.path == ITEM for target in named)
    if element is None and entire:
        return ItemAmendment(item=number, removed=True)
    if element is not None and entire:
        return _entire(reader, element)
    return _Change(reader, element, named).made(number)


def _entire(reader: Reader, element: etree._Element) -> ItemAmendment | None:
    """An item that is new or stands in place of all it was before."""
    made = item(reader, element)
    if made is None:
        return None
    return ItemAmendment(
        item=made.item,
        whole=True,
        commodity_code=made.commodity_code,
        description=made.description,
        net_mass_kg=made.net_mass_kg,
        statistical_value=made.statistical_value,
        procedure=made.procedure,
        consignee=made.consignee,
        destination=made.destination,
        documents=tuple(DocumentAmendment(document=one) for one in made.documents),
    )


@dataclass(frozen=True)
class _Change:
    """Some parts of an item; without an `element` there is nothing to replace what pointers name."""

    reader: Reader
    element: etree._Element | None
    named: Sequence[Target]

    def made(self, number: int) -> ItemAmendment | None:
        reader, element = self.reader, self.element
        code = classification(reader, reader.child(element, "Commodity"), needed=True) if self._names(_CODE) else None
        requested = procedure(reader, element) if self._names(_PROCEDURE) and element is not None else None
        consignee = party(reader, reader.child(element, _CONSIGNEE)) if self._names(_CONSIGNEE) else None
        documents = self._documents()
        if documents is None:
            return None
        return ItemAmendment(
            item=number,
            commodity_code=code,
            description=self._value(_DESCRIPTION, free_text(512)),
            net_mass_kg=self._value(_NET_MASS, formats.number(16, 6)),
            statistical_value=self._value(_VALUE, formats.number(16, 2)),
            procedure=requested,
            consignee=consignee,
            destination=self._destination(),
            documents=documents[0],
            removed_documents=tuple(DocumentRemoval(position=place) for place in documents[1]),
        )

    def _destination(self) -> CountryCode | None:
        return self._value(_DESTINATION, parse_country)

    def _value(self, path: str, parse: Parse[T]) -> T | None:
        return self.reader.value(self.element, path, parse) if self._names(path) else None

    def _names(self, path: str) -> bool:
        """Whether a pointer names it and it is there; a fault when nothing stands in its place."""
        target = next((t for t in self.named if t.touches(f"{ITEM}/{path}")), None)
        if target is None:
            return False
        there = self.reader.first(self.element, path) is not None
        if not there and not target.above(f"{ITEM}/{path}"):
            detail = f"{path} of the item is pointed at, and nothing replaces it"
            self.reader.fault(target.at, "amendment.deletion", detail)
        return there

    def _documents(self) -> tuple[tuple[DocumentAmendment, ...], tuple[int, ...]] | None:
        """Documents that replace others or are added, and the places of removed ones; None after a fault."""
        pointed: dict[int, Target] = {}
        named = [target for target in self.named if target.within(DOCUMENT)]
        for target in named:
            pointed.setdefault(target.document or 1, target)
        given = [document(self.reader, e) for e in self.reader.children(self.element, "AdditionalDocument")]
        whole = [one for one in given if one is not None]
        if len(whole) != len(given):
            return None
        return _placed(self.reader, sorted(pointed), whole, named) if named else ((), ())


def _placed(
    reader: Reader, places: Sequence[int], given: Sequence[Document], named: Sequence[Target]
) -> tuple[tuple[DocumentAmendment, ...], tuple[int, ...]] | None:
    """Which document stands at which place that is pointed at.

    As many as places: in order. None: all those places become empty. More: the item is given whole, each stands at its
    own place. Fewer, but some: which of them is gone cannot be known.
    """
    if not given:
        return (), tuple(places)
    if len(given) < len(places):
        detail = f"{len(places)} documents are pointed at, {len(given)} are given: which are gone is not said"
        reader.fault(named[0].at, "amendment.ambiguous", detail)
        return None
    if len(given) == len(places):
        pairs = list(zip(places, given, strict=True))
    else:
        pairs = [(place, given[place - 1]) for place in places if place <= len(given)]
        gone = tuple(place for place in places if place > len(given))
        return tuple(DocumentAmendment(position=p, document=d) for p, d in pairs), gone
    return tuple(DocumentAmendment(position=p, document=d) for p, d in pairs), ()
