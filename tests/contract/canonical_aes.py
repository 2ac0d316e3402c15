"""A declaration as an AES trader writes it (CC515C), and as the office answers it (CC528C)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from services.core.messages import DeclarationAccepted, Document, Item, Party
from services.simulator.xml_text import DECLARATION, branch, leaf
from tests.contract.canonical import SEPARATOR, TYPES

ZONE = ZoneInfo("Europe/Brussels")
NAMESPACE = "http://ecs.dgtaxud.ec"


def messages(made: DeclarationAccepted) -> tuple[bytes, ...]:
    return _lodged(made), _accepted(made)


def _lodged(made: DeclarationAccepted) -> bytes:
    shipment = branch(
        "GoodsShipment",
        leaf("natureOfTransaction", 11),
        leaf("countryOfExport", "BE"),
        leaf("countryOfDestination", made.country_of_destination),
        *(
            branch("PreviousDocument", leaf("sequenceNumber", n), leaf("type", "NMRN"), leaf("referenceNumber", mrn))
            for n, mrn in enumerate(made.completes, start=1)
        ),
        branch(
            "Consignment",
            leaf("containerIndicator", int(made.containerised)),
            leaf("modeOfTransportAtTheBorder", made.border_mode),
            _party("Consignee", made.consignee),
        ),
        *map(_item, made.items),
    )
    operation = branch(
        "ExportOperation",
        leaf("LRN", made.lrn),
        leaf("declarationType", "EX"),
        leaf("additionalDeclarationType", TYPES[made.form, made.pre_lodged]),
        leaf("security", 0),
        leaf("totalAmountInvoiced", "1.00"),
        leaf("invoiceCurrency", "EUR"),
    )
    office = branch("CustomsOfficeOfExport", leaf("referenceNumber", made.office_of_export))
    exit_ = branch("CustomsOfficeOfExitDeclared", leaf("referenceNumber", made.office_of_exit))
    parties = _party("Exporter", made.exporter) + _party("Declarant", made.declarant)
    return _message("CC515C", "trader", made.accepted_at, operation, office, exit_, parties, shipment)


def _accepted(made: DeclarationAccepted) -> bytes:
    day = f"{made.accepted_at.astimezone(ZONE):%Y-%m-%d}"
    operation = branch(
        "ExportOperation", leaf("LRN", made.lrn), leaf("MRN", made.mrn), leaf("declarationAcceptanceDate", day)
    )
    return _message("CC528C", "office", made.accepted_at, operation, _party("Declarant", made.declarant))


def _party(name: str, party: Party | None) -> str:
    if party is None:
        return ""
    street, postcode, city = party.address.split(SEPARATOR) if party.address else (None, None, None)
    address = branch(
        "Address",
        leaf("streetAndNumber", street),
        leaf("postcode", postcode),
        leaf("city", city),
        leaf("country", party.country),
    )
    return branch(name, leaf("identificationNumber", party.eori), leaf("name", party.name), address)


def _item(item: Item) -> str:
    code = item.commodity_code
    commodity = branch(
        "Commodity",
        leaf("descriptionOfGoods", item.description),
        branch(
            "CommodityCode",
            leaf("harmonizedSystemSubHeadingCode", code[:6]),
            leaf("combinedNomenclatureCode", code[6:] or None),
        ),
        branch("GoodsMeasure", leaf("netMass", item.net_mass_kg)),
    )
    references = [document.type.startswith("Y") for document in item.documents]
    return branch(
        "GoodsItem",
        leaf("declarationGoodsItemNumber", item.item),
        leaf("statisticalValue", item.statistical_value),
        leaf("countryOfDestination", item.destination),
        branch("Procedure", leaf("requestedProcedure", item.procedure), leaf("previousProcedure", "00")),
        _party("Consignee", item.consignee),
        commodity,
        *(
            _document("AdditionalReference" if is_reference else "SupportingDocument", place, document)
            for place, (document, is_reference) in enumerate(zip(item.documents, references, strict=True), start=1)
        ),
    )


def _document(name: str, place: int, document: Document) -> str:
    return branch(
        name,
        leaf("sequenceNumber", place),
        leaf("type", document.type),
        leaf("referenceNumber", document.reference),
        leaf("documentLineItemNumber", document.line),
        leaf("measurementUnitAndQualifier", document.unit and document.unit.replace("#", "")),
        leaf("quantity", document.quantity),
        leaf("currency", document.currency),
        leaf("amount", document.amount),
    )


def _message(kind: str, sender: str, at: datetime, *content: str) -> bytes:
    """Times without zone are of the clock in Belgium, except in the hour that is there twice."""
    local = at.astimezone(ZONE)
    stamp = f"{local:%Y-%m-%dT%H:%M:%S}" if not local.fold else f"{at:%Y-%m-%dT%H:%M:%S}Z"
    header = (
        leaf("messageSender", sender),
        leaf("messageRecipient", "somebody"),
        leaf("preparationDateAndTime", stamp),
        leaf("messageIdentification", f"m-{kind}"),
        leaf("messageType", kind),
    )
    return (DECLARATION + branch(f"ecs:{kind}", *header, *content, **{"xmlns:ecs": NAMESPACE})).encode()
