"""A declaration in the WCO data model 3.6 (DEC-DMS), and the notification of its acceptance (RES-DMS)."""

from datetime import datetime

from services.core.messages import DeclarationAccepted, Document, Item, Party
from services.simulator.xml_text import DECLARATION, branch, leaf
from tests.contract.canonical import SEPARATOR, TYPES

_META = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
_DEC = {"xmlns": "urn:wco:datamodel:WCO:DEC-DMS:2", "xmlns:ds": "urn:wco:datamodel:WCO:Declaration_DS:DMS:2"}
_RES = {"xmlns": "urn:wco:datamodel:WCO:RES-DMS:2", "xmlns:ds": "urn:wco:datamodel:WCO:Response_DS:DMS:2"}


def messages(made: DeclarationAccepted) -> tuple[bytes, ...]:
    return _lodged(made), _accepted(made)


def _lodged(made: DeclarationAccepted) -> bytes:
    shipment = branch(
        "GoodsShipment",
        leaf("TransactionNatureCode", 11),
        _party("Consignee", made.consignee),
        branch("Consignment", leaf("ContainerCode", int(made.containerised))),
        branch("Destination", leaf("CountryCode", made.country_of_destination)),
        branch("ExportCountry", leaf("ID", "BE")),
        *map(_item, made.items),
        *(
            branch("PreviousDocument", leaf("CategoryCode", "Y"), leaf("ID", mrn), leaf("TypeCode", "MRN"))
            for mrn in made.completes
        ),
    )
    declaration = branch(
        "Declaration",
        leaf("FunctionCode", 9),
        leaf("FunctionalReferenceID", made.lrn),
        branch("IssueDateTime", _time(made.accepted_at)),
        leaf("TypeCode", f"EX{TYPES[made.form, made.pre_lodged]}"),
        leaf("GoodsItemQuantity", len(made.items)),
        leaf("DeclarationOfficeID", made.office_of_export),
        branch("BorderTransportMeans", leaf("ModeCode", made.border_mode)),
        _party("Declarant", made.declarant),
        branch("ExitOffice", leaf("ID", made.office_of_exit)),
        _party("Exporter", made.exporter),
        shipment,
        **_DEC,
    )
    return _whole(declaration, "DEC")


def _accepted(made: DeclarationAccepted) -> bytes:
    """DMSACC; of a pre-lodged declaration DMSRCV, which registers it."""
    accepted = "" if made.pre_lodged else branch("AcceptanceDateTime", _time(made.accepted_at))
    about = branch(
        "Declaration",
        accepted,
        leaf("FunctionalReferenceID", made.lrn),
        leaf("ID", made.mrn),
        leaf("VersionID", made.version),
    )
    response = branch(
        "Response",
        leaf("FunctionCode", "02" if made.pre_lodged else "01"),
        leaf("FunctionalReferenceID", "r-1"),
        branch("IssueDateTime", _time(made.accepted_at)),
        about,
        **_RES,
    )
    return _whole(response, "RES")


def _party(name: str, party: Party | None) -> str:
    if party is None:
        return ""
    street, postcode, city = party.address.split(SEPARATOR) if party.address else (None, None, None)
    address = branch(
        "Address",
        leaf("CityName", city),
        leaf("CountryCode", party.country),
        leaf("Line", street),
        leaf("PostcodeID", postcode),
    )
    return branch(name, leaf("Name", party.name), leaf("ID", party.eori), address)


def _item(item: Item) -> str:
    commodity = branch(
        "Commodity",
        leaf("Description", item.description),
        branch("Classification", leaf("ID", item.commodity_code), leaf("IdentificationTypeCode", "TSP")),
        branch("GoodsMeasure", leaf("NetNetWeightMeasure", item.net_mass_kg)),
    )
    return branch(
        "GovernmentAgencyGoodsItem",
        leaf("SequenceNumeric", item.item),
        leaf("StatisticalValueAmount", item.statistical_value, currencyID="EUR"),
        *map(_document, item.documents),
        commodity,
        _party("Consignee", item.consignee),
        branch("Destination", leaf("CountryCode", item.destination)),
        branch("GovernmentProcedure", leaf("CurrentCode", item.procedure), leaf("PreviousCode", "00")),
    )


def _document(document: Document) -> str:
    unit = {} if document.unit is None else {"unitCode": document.unit}
    currency = {} if document.currency is None else {"currencyID": document.currency}
    return branch(
        "AdditionalDocument",
        leaf("CategoryCode", document.type[:1]),
        leaf("ID", document.reference),
        leaf("TypeCode", document.type[1:]),
        branch(
            "WriteOff",
            leaf("QuantityQuantity", document.quantity, **unit),
            leaf("AmountAmount", document.amount, **currency),
        ),
    )


def _whole(content: str, model: str) -> bytes:
    head = leaf("md:WCODataModelVersionCode", "3.6") + leaf("md:WCOTypeName", model)
    return (DECLARATION + branch("md:MetaData", head, content, **{"xmlns:md": _META})).encode()


def _time(at: datetime) -> str:
    return leaf("ds:DateTimeString", f"{at:%Y%m%d%H%M%S}Z", formatCode="304")
