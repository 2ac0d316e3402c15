"""The declaration in a CC515C."""

from functools import cache

from lxml import etree

from services.core.messages import Document, Item, Party
from services.core.values import CommodityCode, parse_country, parse_currency, parse_eori
from services.customs.adapters.xml import formats
from services.customs.adapters.xml.formats import an, free_text, integer
from services.customs.adapters.xml.reader import Reader
from services.customs.domain.declaration import Declaration, in_order, with_common_documents

MOST_ITEMS = 999
_MOST_DOCUMENTS = 99


def read(reader: Reader, root: etree._Element) -> Declaration | None:
    """The declaration; None after a fault that leaves nothing to build."""
    shipment = reader.required(root, "GoodsShipment")
    office = reader.needed(root, "CustomsOfficeOfExport/referenceNumber", formats.office)
    exporter = party(reader, reader.required(root, "Exporter"))
    if shipment is None:
        return None
    destination = reader.needed(shipment, "countryOfDestination", parse_country)
    consignee = party(reader, reader.child(shipment, "Consignment/Consignee"), optional=True)
    elements = reader.children(shipment, "GoodsItem")
    if not 1 <= len(elements) <= MOST_ITEMS:
        reader.fault(shipment, "item.count", f"1 to {MOST_ITEMS} items, here are {len(elements)}", below="GoodsItem")
        return None
    items = [_item(reader, element) for element in elements]
    reader.unique(zip(elements, (item.item if item else None for item in items), strict=True))
    whole = [item for item in items if item is not None]
    common = _documents(reader, shipment, write_off=False)
    if len(whole) != len(items) or exporter is None or destination is None:
        return None
    return Declaration(
        office_of_export=office,
        procedure=whole[0].procedure,
        exporter=exporter,
        declarant=party(reader, reader.child(root, "Declarant"), optional=True),
        consignee=consignee,
        country_of_destination=destination,
        items=in_order(with_common_documents(whole, common)),
    )


def party(reader: Reader, element: etree._Element | None, *, optional: bool = False) -> Party | None:
    """A party by EORI, by name and address, or both. A fault when it has neither and is not optional."""
    if element is None:
        return None
    eori = reader.value(element, "identificationNumber", parse_eori)
    name = reader.value(element, "name", free_text(70))
    address = reader.child(element, "Address")
    lines = [reader.value(address, part, free_text(70)) for part in ("streetAndNumber", "postcode", "city")]
    country = reader.value(address, "country", parse_country)
    if eori is None and name is None:
        if not optional:
            reader.fault(element, "party.unknown", "a party has an identificationNumber or a name")
        return None
    return Party(name=name, eori=eori, address=", ".join(x for x in lines if x) or None, country=country)


def _item(reader: Reader, element: etree._Element) -> Item | None:
    number = reader.needed(element, "declarationGoodsItemNumber", integer(1, MOST_ITEMS))
    procedure = reader.needed(element, "Procedure/requestedProcedure", formats.procedure)
    commodity = reader.required(element, "Commodity")
    description = reader.needed(commodity, "descriptionOfGoods", free_text(512))
    code = _commodity_code(reader, commodity)
    net_mass = reader.value(commodity, "GoodsMeasure/netMass", formats.number(16, 6))
    value = reader.value(element, "statisticalValue", formats.number(16, 2))
    consignee = party(reader, reader.child(element, "Consignee"), optional=True)
    destination = reader.value(element, "countryOfDestination", parse_country)
    documents = _documents(reader, element, write_off=True)
    if number is None or procedure is None or description is None or code is None:
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
        documents=tuple(documents),
    )


def _commodity_code(reader: Reader, commodity: etree._Element | None) -> CommodityCode | None:
    """HS subheading (an6) and, when stated, the two digits of the combined nomenclature."""
    heading = reader.needed(commodity, "CommodityCode/harmonizedSystemSubHeadingCode", _digits(6))
    rest = reader.value(commodity, "CommodityCode/combinedNomenclatureCode", _digits(2))
    return None if heading is None else CommodityCode(heading + (rest or ""))


@cache
def _digits(count: int) -> formats.Parse[str]:
    def parse(text: str) -> str:
        if len(text) != count or not (text.isascii() and text.isdigit()):
            raise ValueError(f"not {count} digits: {text[:40]!r}")
        return text

    return parse


def _documents(reader: Reader, element: etree._Element, *, write_off: bool) -> list[Document]:
    """Supporting documents, then additional references (which carry no figures)."""
    supporting, references = (reader.children(element, name) for name in ("SupportingDocument", "AdditionalReference"))
    for found in (supporting, references):
        if len(found) > _MOST_DOCUMENTS:
            reader.fault(found[_MOST_DOCUMENTS], "document.count", f"at most {_MOST_DOCUMENTS} are taken")
            return []
    documents = [_document(reader, e, write_off=write_off) for e in supporting]
    documents += [_document(reader, e, write_off=False) for e in references]
    return [document for document in documents if document is not None]


def _document(reader: Reader, element: etree._Element, *, write_off: bool) -> Document | None:
    kind = reader.needed(element, "type", formats.document_type)
    is_reference = element.tag.endswith("AdditionalReference")
    stated = reader.value if is_reference else reader.needed
    reference = stated(element, "referenceNumber", an(70))
    line = reader.value(element, "documentLineItemNumber", integer(1, 99_999))
    unit = reader.value(element, "measurementUnitAndQualifier", formats.unit)
    quantity = reader.value(element, "quantity", formats.number(16, 6, positive=True))
    currency = reader.value(element, "currency", parse_currency)
    amount = reader.value(element, "amount", formats.number(16, 2))
    if not write_off and (quantity is not None or amount is not None):
        reader.fault(element, "write-off.level", "write-off figures stand at goods item level only")
    if quantity is not None and reader.child(element, "measurementUnitAndQualifier") is None:
        reader.fault(element, "unit.missing", "a quantity has a unit", below="measurementUnitAndQualifier")
    if amount is not None and reader.child(element, "currency") is None:
        reader.fault(element, "currency.missing", "an amount has a currency", below="currency")
    if kind is None or (reference is None and not is_reference):
        return None
    return Document(
        type=kind,
        reference=reference or "",
        line=line,
        quantity=quantity,
        unit=unit,
        amount=amount,
        currency=currency,
    )
