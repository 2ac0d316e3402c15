"""The declaration in a WCO-DMS `Declaration` of function 9."""

import re
from typing import TypeVar

from lxml import etree

from services.core.messages import Document, Item, Party
from services.core.values import CommodityCode, CountryCode, parse_country, parse_currency, parse_eori
from services.customs.adapters.xml import formats
from services.customs.adapters.xml.formats import an, free_text, integer
from services.customs.adapters.xml.reader import Reader
from services.customs.domain.declaration import Declaration, in_order, with_common_documents

T = TypeVar("T")

_REQUESTED = re.compile(r"[0-9]{2}")


def read(reader: Reader, element: etree._Element) -> Declaration | None:
    """The declaration; None after a fault that leaves nothing to build.

    Some senders state the destination per item only; then the first item's is the declaration's.
    """
    exporter = party(reader, reader.required(element, "Exporter"))
    shipment = reader.required(element, "GoodsShipment")
    elements = reader.children(shipment, "GovernmentAgencyGoodsItem")
    if shipment is None or not elements:
        below = "GoodsShipment/GovernmentAgencyGoodsItem"
        reader.fault(element, "item.count", "a declaration has goods items", below=below)
        return None
    items = [_item(reader, one) for one in elements]
    reader.unique(zip(elements, (item.item if item else None for item in items), strict=True))
    whole = [item for item in items if item is not None]
    destination = _destination(reader, shipment, whole)
    common = [d for d in (document(reader, e) for e in reader.children(element, "AdditionalDocument")) if d is not None]
    if len(whole) != len(items) or exporter is None or destination is None:
        return None
    return Declaration(
        office_of_export=reader.value(element, "DeclarationOfficeID", an(17)),
        procedure=whole[0].procedure,
        exporter=exporter,
        declarant=party(reader, reader.child(element, "Declarant")),
        consignee=party(reader, reader.child(shipment, "Consignee")),
        country_of_destination=destination,
        items=in_order(with_common_documents(whole, common)),
    )


def _destination(reader: Reader, shipment: etree._Element, items: list[Item]) -> CountryCode | None:
    stated = reader.value(shipment, "Destination/CountryCode", parse_country)
    if stated is None and reader.child(shipment, "Destination/CountryCode") is None:
        stated = next((item.destination for item in items if item.destination is not None), None)
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
    return Party(name=name, eori=eori, address=", ".join(x for x in lines if x) or None, country=country)


def _item(reader: Reader, element: etree._Element) -> Item | None:
    number = reader.needed(element, "SequenceNumeric", integer(1, 9_999))
    commodity = reader.required(element, "Commodity")
    description = reader.needed(commodity, "Description", free_text(512))
    code = classification(reader, commodity, needed=True)
    procedure = _procedure(reader, element)
    net_mass = reader.value(commodity, "GoodsMeasure/NetNetWeightMeasure", formats.number(16, 6))
    value = reader.value(element, "StatisticalValueAmount", formats.number(16, 2))
    consignee = party(reader, reader.child(element, "Consignee"))
    destination = reader.value(element, "Destination/CountryCode", parse_country)
    documents = [document(reader, e) for e in reader.children(element, "AdditionalDocument")]
    if number is None or description is None or code is None or procedure is None:
        return None
    return Item(
        item=number,
        commodity_code=code,
        description=description,
        procedure=procedure,
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


def _procedure(reader: Reader, element: etree._Element) -> str | None:
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
        reference=reader.value(element, "ID", an(70)) or "",
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
