"""The declaration in a CC515C, CC513C, CC570C or CC573C."""

from collections.abc import Sequence

from services.core.messages import DeclarationForm, Item, Party
from services.core.values import CountryCode, Mrn, parse_mrn
from services.customs.adapters.xml.eu_declaration import (
    CODE_NOT_DECLARED,
    commodity_code,
    country,
    documents,
    party,
    unique,
)
from services.customs.adapters.xml.eu_message import Received
from services.customs.adapters.xml.reader import Reader
from services.customs.adapters.xml.schema import Node
from services.customs.domain.declaration import Declaration, in_order, with_common_documents

# Additional declaration types (EUCDM 11 02 001).
_STANDARD, _PRE_LODGED = "A", "DEF"
_RE_EXPORT = "31"
# GEONOM: countries and territories not specified.
_NOT_SPECIFIED = CountryCode("QU")
_FORMS = {
    **dict.fromkeys("AD", DeclarationForm.STANDARD),
    **dict.fromkeys("BCEF", DeclarationForm.SIMPLIFIED),
    **dict.fromkeys("XYZUV", DeclarationForm.SUPPLEMENTARY),
    "R": DeclarationForm.RETROSPECTIVE,
}
# Types of previous documents that name a declaration by its MRN.
_BY_MRN = ("N830", "NMRN")


def read(message: Received) -> Declaration | None:
    """The declaration; None after a fault that leaves nothing to build."""
    kind = message.operation.text("additionalDeclarationType") or "A"
    form, shipment = _FORMS[kind], message.node.node("GoodsShipment")
    completes: tuple[Mrn, ...] = ()
    if form is DeclarationForm.SUPPLEMENTARY and shipment is not None:
        completes = _completes(message.reader, shipment)
    return _declaration(message, form, pre_lodged=kind in _PRE_LODGED, completes=completes)


def check_invoice(message: Received) -> None:
    """A standard declaration states what was invoiced."""
    operation = message.operation
    if operation.text("additionalDeclarationType") == _STANDARD:
        for name in ("totalAmountInvoiced", "invoiceCurrency"):
            if name not in operation:
                detail = f"{name} is missing in a declaration of type {_STANDARD}"
                message.reader.fault(operation.element, "invoice.missing", detail, below=name)


def read_notification(message: Received) -> Declaration | None:
    """The goods of a re-export notification, which names no exporter of its own: the declarant re-exports.

    Without a GoodsShipment they are its consignment: one item whose code and destination are not stated.
    """
    node, reader = message.node, message.reader
    consignment = node.node("Consignment")
    if node.node("GoodsShipment") is not None or consignment is None:
        if consignment is None and "GoodsShipment" not in node:
            detail = "neither GoodsShipment nor Consignment is there"
            reader.fault(node.element, "element.missing", detail, below="GoodsShipment")
        return _declaration(message, DeclarationForm.RE_EXPORT_NOTIFICATION)
    declarant = _declarant(reader, node.node("Declarant"))
    exporter = party(reader, node.node("Exporter"), needed=True) or declarant
    goods = Item(
        item=1,
        commodity_code=CODE_NOT_DECLARED,
        description="goods of a re-export notification",
        procedure=_RE_EXPORT,
        documents=tuple(documents(reader, consignment, write_off=False)),
    )
    if exporter is None:
        return None
    return Declaration(
        office_of_export=None,
        procedure=_RE_EXPORT,
        exporter=exporter,
        declarant=declarant,
        consignee=None,
        country_of_destination=_NOT_SPECIFIED,
        items=(goods,),
        form=DeclarationForm.RE_EXPORT_NOTIFICATION,
        office_of_exit=message.office("CustomsOfficeOfExitDeclared"),
        border_mode=consignment.text("modeOfTransportAtTheBorder"),
        containerised=consignment.text("containerIndicator") == "1",
    )


def _declaration(
    message: Received, form: DeclarationForm, *, pre_lodged: bool = False, completes: tuple[Mrn, ...] = ()
) -> Declaration | None:
    reader, node = message.reader, message.node
    declarant = _declarant(reader, node.node("Declarant"))
    exporter = party(reader, node.node("Exporter"), needed=True)
    if form is DeclarationForm.RE_EXPORT_NOTIFICATION:
        exporter = exporter or declarant
    shipment = node.node("GoodsShipment")
    items = () if shipment is None else _items(reader, shipment)
    destination = country(shipment, "countryOfDestination")
    if shipment is None or exporter is None or destination is None or not items:
        return None
    consignment = shipment.node("Consignment")
    return Declaration(
        office_of_export=message.office("CustomsOfficeOfExport"),
        procedure=items[0].procedure,
        exporter=exporter,
        declarant=declarant,
        consignee=_consignee(reader, consignment),
        country_of_destination=destination,
        items=in_order(items),
        form=form,
        pre_lodged=pre_lodged,
        completes=completes,
        office_of_exit=message.office("CustomsOfficeOfExitDeclared"),
        border_mode=None if consignment is None else consignment.text("modeOfTransportAtTheBorder"),
        containerised=consignment is not None and consignment.text("containerIndicator") == "1",
    )


def _declarant(reader: Reader, node: Node | None) -> Party | None:
    """By EORI: it tells declarants apart who use the same LRN."""
    if node is not None and "identificationNumber" not in node:
        detail = "identificationNumber is missing"
        reader.fault(node.element, "element.missing", detail, below="identificationNumber")
    return party(reader, node)


def _consignee(reader: Reader, node: Node | None) -> Party | None:
    return None if node is None else party(reader, node.node("Consignee"))


def _completes(reader: Reader, shipment: Node) -> tuple[Mrn, ...]:
    """The declarations that previous documents of the shipment or of its items name. Without any it stands alone."""
    found = [_mrn(one) for part in (shipment, *shipment.nodes("GoodsItem")) for one in part.nodes("PreviousDocument")]
    mrns = tuple(dict.fromkeys(mrn for mrn in found if mrn is not None))
    if not mrns:
        path = f"{reader.path(shipment.element)}/PreviousDocument"
        types = " or ".join(_BY_MRN)
        reader.warn_at(path, "completes.missing", f"no previous document ({types}) names the declaration it completes")
    return mrns


def _mrn(node: Node) -> Mrn | None:
    if node.text("type") not in _BY_MRN:
        return None
    try:
        return parse_mrn(node.text("referenceNumber") or "")
    except ValueError:
        return None


def _items(reader: Reader, shipment: Node) -> Sequence[Item]:
    """The items with the documents of the whole shipment; empty when one is at fault."""
    nodes = shipment.nodes("GoodsItem")
    unique(reader, nodes)
    items = [_item(reader, one) for one in nodes]
    common = documents(reader, shipment, write_off=False)
    whole = [item for item in items if item is not None]
    return with_common_documents(whole, common) if len(whole) == len(items) else ()


def _item(reader: Reader, node: Node) -> Item | None:
    number, procedure, commodity = (
        node.integer("declarationGoodsItemNumber"),
        node.node("Procedure"),
        node.node("Commodity"),
    )
    cited = documents(reader, node, write_off=True)
    consignee = party(reader, node.node("Consignee"))
    requested = None if procedure is None else procedure.text("requestedProcedure")
    description = None if commodity is None else commodity.text("descriptionOfGoods")
    code = None if commodity is None else commodity_code(commodity)
    measure = None if commodity is None else commodity.node("GoodsMeasure")
    if number is None or requested is None or description is None or code is None:
        return None
    return Item(
        item=number,
        commodity_code=code,
        description=description,
        procedure=requested,
        consignee=consignee,
        destination=country(node, "countryOfDestination"),
        net_mass_kg=None if measure is None else measure.number("netMass"),
        statistical_value=node.number("statisticalValue"),
        documents=tuple(cited),
    )
