"""WCO-DMS messages: the declaration (EXA), its amendment (COR), and DMSACC, DMSREJ, DMSROG, DMSINV, DMSREQ and DMSEOG.

Valid against the official WCO 3.6 DEC-DMS and RES-DMS schemas. The model has no element for the licence line: a
document means the only line of its licence.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from services.simulator.declarations import Declaration, Document, Exit, Format, Item, Outgoing
from services.simulator.xml_text import DECLARATION, branch, leaf

_META = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
_DEC = "urn:wco:datamodel:WCO:DEC-DMS:2"
_DEC_TYPES = "urn:wco:datamodel:WCO:Declaration_DS:DMS:2"
_RES = "urn:wco:datamodel:WCO:RES-DMS:2"
_RES_TYPES = "urn:wco:datamodel:WCO:Response_DS:DMS:2"


@dataclass(frozen=True, slots=True)
class _Kind:
    """A notification: its name and function code (WCO code list 1225 as DMS uses it)."""

    name: str
    function: str


_GRANTED = "39"

ACCEPTED = _Kind("DMSACC", "01")
REJECTED = _Kind("DMSREJ", "03")
RELEASED = _Kind("DMSROG", "08")
INVALIDATED = _Kind("DMSINV", "10")
ANSWERED = _Kind("DMSREQ", "11")
LEFT = _Kind("DMSEOG", "16")


def lodge(declaration: Declaration) -> tuple[Outgoing, ...]:
    """The declaration under its LRN, and the notification that gives its MRN."""
    at = branch("AcceptanceDateTime", _time("ds", declaration.accepted_at))
    return _declaration(declaration), _notification(declaration, ACCEPTED, declaration.accepted_at, accepted=at)


def reject(declaration: Declaration) -> tuple[Outgoing, ...]:
    """A declaration that customs rejects before it has an MRN: it never existed for anybody else."""
    error = branch(
        "Error",
        leaf("ValidationCode", "CDS12005"),
        branch("Pointer", leaf("DocumentSectionCode", "42A")),
    )
    at = branch("RejectionDateTime", _time("ds", declaration.accepted_at))
    rejection = _notification(declaration, REJECTED, declaration.accepted_at, details=error, rejected=at)
    return _declaration(declaration), rejection


def amend(declaration: Declaration, item: int) -> tuple[Outgoing, ...]:
    """A correction by pointers, which customs grants: the first document of one item as it now stands, nothing else."""
    changed = next(one for one in declaration.items if one.number == item)
    pointers = (
        branch("Pointer", leaf("SequenceNumeric", 1), leaf("DocumentSectionCode", "42A")),
        branch("Pointer", leaf("SequenceNumeric", 1), leaf("DocumentSectionCode", "67A")),
        branch("Pointer", leaf("SequenceNumeric", item), leaf("DocumentSectionCode", "68A")),
        branch("Pointer", leaf("SequenceNumeric", 1), leaf("DocumentSectionCode", "02A")),
    )
    at = declaration.amended_at or declaration.accepted_at
    body = (
        leaf("FunctionCode", 13),
        leaf("FunctionalReferenceID", declaration.lrn),
        leaf("ID", declaration.mrn),
        branch("IssueDateTime", _time("p1", at)),
        leaf("TypeCode", "COR"),
        branch(
            "AdditionalInformation",
            leaf("StatementDescription", "Write-off corrected"),
            leaf("StatementTypeCode", "AES"),
        ),
        branch("Amendment", leaf("ChangeReasonCode", 32), *pointers),
        branch("Declarant", leaf("ID", declaration.declarant.eori)),
        branch(
            "GoodsShipment",
            branch("GovernmentAgencyGoodsItem", leaf("SequenceNumeric", item), _document(changed.documents[0])),
        ),
    )
    asked = _outgoing(declaration, "COR", at, "DEC", branch("Declaration", *body), declaration.mrn)
    return asked, _notification(declaration, ANSWERED, at, details=branch("Status", leaf("NameCode", _GRANTED)))


def release(declaration: Declaration, at: datetime) -> Outgoing:
    result = branch("AdditionalInformation", leaf("StatementCode", "A1"), leaf("StatementTypeCode", "AFB"))
    return _notification(declaration, RELEASED, at, details=result)


def invalidate(declaration: Declaration, at: datetime, reason: str) -> Outgoing:
    why = branch("AdditionalInformation", leaf("StatementDescription", reason), leaf("StatementTypeCode", "AFB"))
    cancelled = branch("CancellationDateTime", _time("ds", at))
    return _notification(declaration, INVALIDATED, at, details=why, cancelled=cancelled)


def leave(declaration: Declaration, exit_: Exit) -> Outgoing:
    """The exit result; a notification states no amounts."""
    office = branch(
        "AdditionalInformation",
        leaf("StatementDescription", declaration.office_of_exit),
        leaf("StatementTypeCode", "CEX"),
    )
    status = branch("Status", branch("EffectiveDateTime", _time("ds", exit_.at)), leaf("NameCode", exit_.result))
    return _notification(declaration, LEFT, exit_.at, details=office + status)


def refuse_release(declaration: Declaration, at: datetime, reason: str) -> Outgoing:
    """DMS has no notification for it."""
    raise NotImplementedError(f"WCO-DMS: no release of {declaration.mrn} at {at} ({reason})")


def _declaration(declaration: Declaration) -> Outgoing:
    at = declaration.accepted_at
    body = (
        branch("AcceptanceDateTime", _time("p1", at)),
        leaf("FunctionCode", 9),
        leaf("FunctionalReferenceID", declaration.lrn),
        branch("IssueDateTime", _time("p1", at)),
        leaf("TypeCode", "EXA"),
        leaf("GoodsItemQuantity", len(declaration.items)),
        leaf("DeclarationOfficeID", declaration.office_of_export),
        leaf("InvoiceAmount", declaration.invoiced, currencyID="EUR"),
        leaf("TotalGrossMassMeasure", declaration.gross_mass_kg),
        leaf("TotalPackageQuantity", sum(item.packages for item in declaration.items)),
        branch("Declarant", leaf("ID", declaration.declarant.eori)),
        branch("ExitOffice", leaf("ID", declaration.office_of_exit)),
        branch("Exporter", leaf("ID", declaration.exporter.eori)),
        _shipment(declaration),
    )
    return _outgoing(declaration, "EXA", at, "DEC", branch("Declaration", *body), "")


def _shipment(declaration: Declaration) -> str:
    party = declaration.consignee
    address = branch(
        "Address",
        leaf("CityName", party.city),
        leaf("CountryCode", party.country),
        leaf("Line", party.street),
        leaf("PostcodeID", party.postcode),
    )
    return branch(
        "GoodsShipment",
        leaf("TransactionNatureCode", 11),
        branch("Consignee", leaf("Name", party.name), address),
        branch("Consignment", leaf("ContainerCode", 0)),
        branch("Destination", leaf("CountryCode", declaration.destination)),
        branch("ExportCountry", leaf("ID", "BE")),
        *(_item(declaration, item) for item in declaration.items),
        branch("UCR", leaf("TraderAssignedReferenceID", f"6BE{declaration.lrn}")),
    )


def _item(declaration: Declaration, item: Item) -> str:
    commodity = branch(
        "Commodity",
        leaf("Description", item.description),
        branch("Classification", leaf("ID", item.commodity_code), leaf("IdentificationTypeCode", "TSP")),
        branch(
            "GoodsMeasure",
            leaf("GrossMassMeasure", item.net_mass_kg),
            leaf("NetNetWeightMeasure", item.net_mass_kg),
        ),
    )
    return branch(
        "GovernmentAgencyGoodsItem",
        leaf("SequenceNumeric", item.number),
        leaf("StatisticalValueAmount", item.statistical_value, currencyID="EUR"),
        *map(_document, item.documents),
        commodity,
        branch("GovernmentProcedure", leaf("CurrentCode", declaration.procedure), leaf("PreviousCode", "00")),
        branch("GovernmentProcedure", leaf("CurrentCode", "000")),
        branch("Origin", leaf("CountryCode", "BE")),
        branch(
            "Packaging",
            leaf("SequenceNumeric", 1),
            leaf("MarksNumbersID", declaration.lrn),
            leaf("QuantityQuantity", item.packages),
            leaf("TypeCode", "CT"),
        ),
    )


def _document(document: Document) -> str:
    quantity = {} if document.unit is None else {"unitCode": document.unit}
    amount = {} if document.currency is None else {"currencyID": document.currency}
    return branch(
        "AdditionalDocument",
        leaf("CategoryCode", document.type[:1]),
        leaf("ID", document.reference or None),
        leaf("TypeCode", document.type[1:]),
        branch(
            "WriteOff",
            leaf("QuantityQuantity", document.quantity, **quantity),
            leaf("AmountAmount", document.amount, **amount),
        ),
    )


def _notification(
    declaration: Declaration,
    kind: _Kind,
    at: datetime,
    *,
    details: str = "",
    accepted: str = "",
    cancelled: str = "",
    rejected: str = "",
) -> Outgoing:
    about = branch(
        "Declaration",
        accepted,
        cancelled,
        leaf("FunctionalReferenceID", declaration.lrn),
        leaf("ID", None if rejected else declaration.mrn),
        rejected,
        leaf("VersionID", declaration.version),
    )
    reference = sha256(f"{declaration.mrn}{kind.name}{at.isoformat()}".encode()).hexdigest()[:32]
    response = branch(
        "Response",
        leaf("FunctionCode", kind.function),
        leaf("FunctionalReferenceID", reference),
        branch("IssueDateTime", _time("ds", at)),
        details,
        about,
    )
    return _outgoing(declaration, kind.name, at, "RES", response, "" if rejected else declaration.mrn)


def _outgoing(declaration: Declaration, kind: str, at: datetime, model: str, content: str, mrn: str) -> Outgoing:
    namespaces = {
        "DEC": {"xmlns": _DEC, "xmlns:p1": _DEC_TYPES},
        "RES": {"xmlns": _RES, "xmlns:ds": _RES_TYPES},
    }[model]
    root, rest = content.split(">", 1)
    attributes = "".join(f' {name}="{uri}"' for name, uri in namespaces.items())
    text = branch(
        "md:MetaData",
        leaf("md:WCODataModelVersionCode", "3.6"),
        leaf("md:WCOTypeName", model),
        leaf("md:ResponsibleCountryCode", "BE"),
        leaf("md:ResponsibleAgencyName", "AAD"),
        leaf("md:AgencyAssignedCustomizationVersionCode", "v2.1"),
        f"{root}{attributes}>{rest}",
        **{"xmlns:md": _META},
    )
    return Outgoing(f"{declaration.lrn}-{kind}-{at:%m%d%H%M}", kind, Format.WCO, mrn, (DECLARATION + text).encode())


def _time(prefix: str, at: datetime) -> str:
    """Format 304: CCYYMMDDHHMMSS with zone."""
    return leaf(f"{prefix}:DateTimeString", f"{at:%Y%m%d%H%M%S}Z", formatCode="304")
