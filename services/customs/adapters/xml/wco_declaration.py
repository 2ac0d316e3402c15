"""The declaration in a WCO-DMS `Declaration` of function 9."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

from lxml import etree

from services.core.messages import DeclarationForm, Document, Item, Party
from services.core.transliteration import transliterated
from services.core.values import (
    CommodityCode,
    CountryCode,
    Mrn,
    parse_country,
    parse_currency,
    parse_eori,
    parse_mrn,
)
from services.customs.adapters.xml import formats
from services.customs.adapters.xml.formats import an, free_text, integer, office, one_of
from services.customs.adapters.xml.reader import Reader
from services.customs.domain.consignment import reference
from services.customs.domain.declaration import Declaration, in_order, with_common_documents

T = TypeVar("T")

_REQUESTED = re.compile(r"[0-9]{2}")
_CLEARANCE_REQUESTS = ("J", "K")
_NO_CODE = CommodityCode("000000")
_MOST_REFERENCES = 999
_EXPORTS = re.compile(r"[123][0-9]|7[67]")

KINDS: Final[Mapping[str, tuple[DeclarationForm, bool]]] = {
    "A": (DeclarationForm.STANDARD, False),
    "B": (DeclarationForm.SIMPLIFIED, False),
    "C": (DeclarationForm.SIMPLIFIED, False),
    "D": (DeclarationForm.STANDARD, True),
    "E": (DeclarationForm.SIMPLIFIED, True),
    "F": (DeclarationForm.SIMPLIFIED, True),
    "J": (DeclarationForm.STANDARD, False),
    "K": (DeclarationForm.STANDARD, True),
    "R": (DeclarationForm.RETROSPECTIVE, False),
    "U": (DeclarationForm.SUPPLEMENTARY, False),
    "V": (DeclarationForm.SUPPLEMENTARY, False),
    "X": (DeclarationForm.SUPPLEMENTARY, False),
    "Y": (DeclarationForm.SUPPLEMENTARY, False),
    "Z": (DeclarationForm.SUPPLEMENTARY, False),
}
"""Additional declaration type (DE 11 02) -> form, and whether it is pre-lodged. J and K: British clearance requests."""

BORDER_MODES: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9")
"""Modes of transport at the border (DE 19 03); British senders write 6 for a ferry (roll-on/roll-off)."""


def read(reader: Reader, element: etree._Element, kind: str) -> Declaration | None:
    """The declaration; None after a fault that leaves nothing to build. `kind`: its TypeCode, such as EXA.

    Some senders state the destination per item only; then the first item's is the declaration's.
    """
    exporter = party(reader, reader.required(element, "Exporter"))
    shipment = reader.required(element, "GoodsShipment")
    elements = reader.children(shipment, "GovernmentAgencyGoodsItem")
    if shipment is None or not elements:
        below = "GoodsShipment/GovernmentAgencyGoodsItem"
        reader.fault(element, "item.count", "a declaration has goods items", below=below)
        return None
    request = kind[2] in _CLEARANCE_REQUESTS
    items = [item(reader, one, uncoded=request) for one in elements]
    reader.unique(zip(elements, (one.item if one else None for one in items), strict=True))
    whole = [one for one in items if one is not None]
    if kind.startswith("CO"):
        _refuse_imports(reader, elements)
    destination = _destination(reader, shipment, whole)
    common = [d for d in (document(reader, e) for e in reader.children(element, "AdditionalDocument")) if d is not None]
    completes = tuple(sorted(set(_completed(reader, shipment, elements))))
    if len(whole) != len(items) or exporter is None or destination is None:
        return None
    form, pre_lodged = KINDS[kind[2]]
    return Declaration(
        office_of_export=reader.value(element, "DeclarationOfficeID", an(17)),
        procedure=whole[0].procedure,
        exporter=exporter,
        declarant=party(reader, reader.child(element, "Declarant")),
        consignee=party(reader, reader.child(shipment, "Consignee")),
        country_of_destination=destination,
        items=in_order(with_common_documents(whole, common)),
        form=form,
        pre_lodged=pre_lodged,
        completes=completes if form is DeclarationForm.SUPPLEMENTARY else (),
        office_of_exit=reader.value(element, "ExitOffice/ID", office),
        border_mode=reader.value(element, "BorderTransportMeans/ModeCode", one_of(*BORDER_MODES)),
        containerised=bool(reader.value(shipment, "Consignment/ContainerCode", container)),
        references=_references(reader, shipment, elements),
    )


def container(text: str) -> bool:
    return one_of("0", "1")(text) == "1"


def _refuse_imports(reader: Reader, elements: Sequence[etree._Element]) -> None:
    """CO (trade with special fiscal territories) is declared on entry and on exit alike: the procedure tells."""
    for element in elements:
        for one in reader.children(element, "GovernmentProcedure"):
            code = reader.text(one, "CurrentCode") or ""
            if _REQUESTED.fullmatch(code) and not _EXPORTS.fullmatch(code):
                reader.fault(one, "not-an-export", f"procedure {code} is no export procedure", below="CurrentCode")


def _completed(reader: Reader, shipment: etree._Element, elements: Sequence[etree._Element]) -> Iterator[Mrn]:
    """MRNs of the simplified declarations that a supplementary one names as initial ones (category Y)."""
    for parent in (shipment, *elements):
        for one in reader.children(parent, "PreviousDocument"):
            if reader.text(one, "CategoryCode") == "Y":
                try:
                    yield parse_mrn(reader.text(one, "ID") or "")
                except ValueError:
                    continue  # such as the day of an entry in the declarant's records, which has no MRN


def _references(reader: Reader, shipment: etree._Element, elements: Sequence[etree._Element]) -> tuple[str, ...]:
    """The consignment references (UCR) that previous documents name; the number of a part belongs to its declaration's.

    DCR: the declaration's own; DCS: its part; MCR: the master reference that it is consolidated under.
    """
    found: dict[str, set[str]] = {"DCR": set(), "DCS": set(), "MCR": set()}
    for parent in (shipment, *elements):
        for one in reader.children(parent, "PreviousDocument"):
            ucr = reader.text(one, "ID")
            if ucr is not None:
                found.get(reader.text(one, "TypeCode") or "", set()).add(ucr)
    parts: Sequence[str | None] = sorted(found["DCS"]) or [None]
    named = {reference(ucr, part) for ucr in found["DCR"] for part in parts} | {reference(ucr) for ucr in found["MCR"]}
    if len(named) > _MOST_REFERENCES:
        detail = f"{len(named)} consignment references: of more than {_MOST_REFERENCES} none is followed"
        reader.warn(shipment, "references.many", detail)
        return ()
    return tuple(sorted(named))


def _destination(reader: Reader, shipment: etree._Element, items: list[Item]) -> CountryCode | None:
    stated = reader.value(shipment, "Destination/CountryCode", parse_country)
    if stated is None and reader.child(shipment, "Destination/CountryCode") is None:
        stated = next((one.destination for one in items if one.destination is not None), None)
        if stated is None:
            reader.fault(shipment, "element.missing", "no country of destination", below="Destination/CountryCode")
    return stated


def party(reader: Reader, element: etree._Element | None) -> Party | None:
    """A party by EORI, by name and address, or both; an ID that is no EORI is a fault."""
    if element is None:
        return None
    eori = reader.value(element, "ID", parse_eori)
    name = reader.value(element, "Name", free_text(512))
    address = reader.child(element, "Address")
    lines = [reader.value(address, part, free_text(512)) for part in ("Line", "PostcodeID", "CityName")]
    country = reader.value(address, "CountryCode", parse_country)
    if eori is None and name is None:
        reader.fault(element, "party.unknown", "a party has an ID or a Name")
        return None
    address_line = ", ".join(line for line in lines if line) or None
    return Party(name=name, eori=eori, address=address_line, country=country, transliteration=transliterated(name))


def item(reader: Reader, element: etree._Element, *, uncoded: bool = False) -> Item | None:
    """A goods item. `uncoded`: it need not state a tariff code, and then has the one that no nomenclature has."""
    number = reader.needed(element, "SequenceNumeric", integer(1, 9_999))
    commodity = reader.required(element, "Commodity")
    description = reader.needed(commodity, "Description", free_text(512))
    code = classification(reader, commodity, needed=not uncoded)
    if uncoded and code is None:
        code = _NO_CODE
    requested = procedure(reader, element)
    net_mass = reader.value(commodity, "GoodsMeasure/NetNetWeightMeasure", formats.number(16, 6))
    value = reader.value(element, "StatisticalValueAmount", formats.number(16, 2))
    consignee = party(reader, reader.child(element, "Consignee"))
    destination = reader.value(element, "Destination/CountryCode", parse_country)
    documents = [document(reader, e) for e in reader.children(element, "AdditionalDocument")]
    if number is None or description is None or code is None or requested is None:
        return None
    return Item(
        item=number,
        commodity_code=code,
        description=description,
        procedure=requested,
        consignee=consignee,
        destination=destination,
        net_mass_kg=net_mass,
        statistical_value=value,
        documents=tuple(d for d in documents if d is not None),
    )


def classification(reader: Reader, commodity: etree._Element | None, *, needed: bool) -> CommodityCode | None:
    """The tariff code (TSP) among the classifications; the others are additional codes."""
    for one in reader.children(commodity, "Classification"):
        if reader.text(one, "IdentificationTypeCode") == "TSP":
            return reader.needed(one, "ID", formats.commodity)
    if needed and commodity is not None:
        reader.fault(commodity, "element.missing", "a Classification of type TSP is missing", below="Classification/ID")
    return None


def procedure(reader: Reader, element: etree._Element) -> str | None:
    """The requested procedure; further GovernmentProcedure elements are additional procedures of three characters."""
    codes = [reader.text(one, "CurrentCode") for one in reader.children(element, "GovernmentProcedure")]
    found = next((code for code in codes if code and _REQUESTED.fullmatch(code)), None)
    if found is None:
        reader.fault(element, "element.missing", "no requested procedure", below="GovernmentProcedure/CurrentCode")
    return found


def document(reader: Reader, element: etree._Element) -> Document | None:
    """A document with its write-off. Category and type together are the TARIC type (`X` + `002`)."""
    category, kind = reader.text(element, "CategoryCode") or "", reader.text(element, "TypeCode") or ""
    if not category or not kind:
        reader.fault(element, "document.type", "a document has a CategoryCode and a TypeCode")
        return None
    write_off = reader.child(element, "WriteOff")
    quantity = reader.value(write_off, "QuantityQuantity", formats.number(16, 6, positive=True))
    amount = reader.value(write_off, "AmountAmount", formats.number(16, 3))
    return Document(
        type=category + kind,
        reference=reader.value(element, "ID", free_text(70)) or "",
        quantity=quantity,
        unit=_attribute(reader, write_off, "QuantityQuantity", "unitCode", formats.unit),
        amount=amount,
        currency=_attribute(reader, write_off, "AmountAmount", "currencyID", parse_currency),
    )


def _attribute(
    reader: Reader, write_off: etree._Element | None, name: str, attribute: str, parse: formats.Parse[T]
) -> T | None:
    """The unit or currency of a figure: a figure without one says nothing."""
    figure = reader.child(write_off, name)
    if figure is None:
        return None
    text = figure.get(attribute)
    if text is None:
        reader.fault(figure, f"{attribute}.missing", f"{name} has a {attribute}", below=f"@{attribute}")
        return None
    try:
        return parse(text)
    except ValueError as error:
        reader.fault(figure, "value.invalid", str(error), below=f"@{attribute}")
        return None
