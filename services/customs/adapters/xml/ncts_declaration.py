"""The transit declaration in a CC015C or CC013C: consignment, house consignments, items."""

from collections.abc import Sequence
from dataclasses import replace

from services.core.messages import DeclarationForm, Document, Item, Party
from services.core.values import CountryCode
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

_PRE_LODGED = "D"


def read(message: Received) -> Declaration | None:
    """The declaration; None after a fault that leaves nothing to build.

    Who exports is the consignor, where one is stated, else the holder of the procedure. Without any country of
    destination it is that of the office of destination, which a warning tells.
    """
    reader, node, operation = message.reader, message.node, message.operation
    holder = _party(reader, node.node("HolderOfTheTransitProcedure"))
    consignment, procedure = node.node("Consignment"), operation.text("declarationType")
    if consignment is None or procedure is None:
        return None
    houses = consignment.nodes("HouseConsignment")
    consignors = [_party(reader, one.node("Consignor")) for one in (consignment, *houses)]
    items = _items(reader, consignment, procedure)
    destination = country(consignment, "countryOfDestination") or _destination(message, consignment, items)
    exporter = next((consignor for consignor in consignors if consignor), holder)
    if not items or destination is None or exporter is None:
        if exporter is None:
            reader.fault(node.element, "party.unknown", "neither a Consignor nor the holder of the procedure is named")
        return None
    return Declaration(
        office_of_export=message.office("CustomsOfficeOfDeparture"),
        procedure=procedure,
        exporter=exporter,
        declarant=holder,
        consignee=_party(reader, consignment.node("Consignee")),
        country_of_destination=destination,
        items=in_order(items),
        form=DeclarationForm.TRANSIT,
        pre_lodged=operation.text("additionalDeclarationType") == _PRE_LODGED,
        office_of_exit=_office_of_exit(node),
        border_mode=consignment.text("modeOfTransportAtTheBorder"),
        containerised=consignment.text("containerIndicator") == "1",
    )


def _party(reader: Reader, node: Node | None) -> Party | None:
    return party(reader, node, eori_alone=False)


def _destination(message: Received, consignment: Node, items: Sequence[Item]) -> CountryCode | None:
    stated = next((item.destination for item in items if item.destination is not None), None)
    office = message.office("CustomsOfficeOfDestinationDeclared")
    if stated is None and office is not None:
        path = f"{message.reader.path(consignment.element)}/countryOfDestination"
        detail = f"no country of destination: that of the office of destination {office} is taken"
        message.reader.warn_at(path, "destination.assumed", detail)
        return CountryCode(office[:2])
    return stated


def _office_of_exit(node: Node) -> str | None:
    offices = node.nodes("CustomsOfficeOfExitForTransitDeclared")
    return offices[0].text("referenceNumber") if offices else None


def _items(reader: Reader, consignment: Node, procedure: str) -> Sequence[Item]:
    """The items of all house consignments with what these and the consignment state; empty when one is at fault."""
    houses = consignment.nodes("HouseConsignment")
    nodes = [item for house in houses for item in house.nodes("ConsignmentItem")]
    unique(reader, nodes)
    common = documents(reader, consignment, write_off=False)
    items = [item for house in houses for item in _of_house(reader, house, common, procedure)]
    return items if len(items) == len(nodes) else ()


def _of_house(reader: Reader, house: Node, common: Sequence[Document], procedure: str) -> Sequence[Item]:
    consignee, destination = _party(reader, house.node("Consignee")), country(house, "countryOfDestination")
    found = [_item(reader, one, procedure) for one in house.nodes("ConsignmentItem")]
    items = [
        replace(
            item,
            consignee=item.consignee or consignee,
            destination=item.destination or destination,
        )
        for item in found
        if item is not None
    ]
    return with_common_documents(items, [*documents(reader, house, write_off=False), *common])


def _item(reader: Reader, node: Node, procedure: str) -> Item | None:
    number, commodity = node.integer("declarationGoodsItemNumber"), node.node("Commodity")
    cited = documents(reader, node, write_off=True)
    description = None if commodity is None else commodity.text("descriptionOfGoods")
    if number is None or commodity is None or description is None:
        return None
    measure = commodity.node("GoodsMeasure")
    return Item(
        item=number,
        commodity_code=commodity_code(commodity) or CODE_NOT_DECLARED,
        description=description,
        procedure=node.text("declarationType") or procedure,
        consignee=_party(reader, node.node("Consignee")),
        destination=country(node, "countryOfDestination"),
        net_mass_kg=None if measure is None else measure.number("netMass"),
        documents=tuple(cited),
    )
