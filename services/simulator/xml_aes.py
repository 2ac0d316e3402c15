"""Messages of the EU Automated Export System: CC515C, CC528C, CC513C, CC504C, CC529C, CC551C, CC509C, CC599C.

Tree, order and formats as AES trader systems emit them (DDNXA 5.15, appendices Q2 and R): prefix on the root, children
unqualified; header first; times without zone, as the clock in Belgium shows them; unit and qualifier in one (`KGMG`).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from services.simulator.declarations import Declaration, Document, Exit, Format, Item, Outgoing
from services.simulator.parties import Party
from services.simulator.xml_text import DECLARATION, branch, leaf

NAMESPACE = "http://ecs.dgtaxud.ec"
OFFICE = "NECA.BE"
_BELGIUM = ZoneInfo("Europe/Brussels")
# Additional references carry no write-off: Y codes and the like.
_REFERENCES = ("Y",)


def lodge(declaration: Declaration) -> tuple[Outgoing, ...]:
    """The trader's declaration without MRN, and the office's answer with it: they join by LRN and declarant."""
    lodged = leaf("LRN", declaration.lrn)
    return _declared(declaration, "CC515C", declaration.accepted_at, lodged, mrn=""), _accepted(declaration)


def amend(declaration: Declaration, item: int) -> tuple[Outgoing, ...]:  # noqa: ARG001 - the whole declaration is sent again
    """The trader's whole declaration again, for its MRN, and that the office accepted it."""
    at = declaration.amended_at or declaration.accepted_at
    amended = _declared(declaration, "CC513C", at, leaf("MRN", declaration.mrn), mrn=declaration.mrn)
    accepted = _operation(declaration, leaf("amendmentAcceptanceDateAndTime", _time(at)))
    return amended, _answer(declaration, "CC504C", at, (accepted,))


def release(declaration: Declaration, at: datetime) -> Outgoing:
    day = leaf("releaseDate", _day(at))
    return _answer(declaration, "CC529C", at, (_operation(declaration, _accepted_on(declaration), day),))


def refuse_release(declaration: Declaration, at: datetime, reason: str) -> Outgoing:
    operation = _operation(
        declaration,
        leaf("noReleaseMotivationCode", "B1"),
        leaf("noReleaseMotivationText", reason),
    )
    control = branch("ControlResult", leaf("code", "B1"), leaf("date", _day(at)))
    return _answer(declaration, "CC551C", at, (operation,), control)


def invalidate(declaration: Declaration, at: datetime, reason: str) -> Outgoing:
    decision = branch(
        "Invalidation",
        leaf("requestDateAndTime", _time(at)),
        leaf("decisionDateAndTime", _time(at)),
        leaf("decision", 1),
        leaf("initiatedByCustoms", 0),
        leaf("justification", reason),
    )
    return _answer(declaration, "CC509C", at, (_operation(declaration), decision))


def leave(declaration: Declaration, exit_: Exit) -> Outgoing:
    """The export notification after exit. It states the result of the control, not amounts."""
    day = leaf("exitDate", _day(exit_.at))
    office = branch("CustomsOfficeOfExitActual", leaf("referenceNumber", declaration.office_of_exit))
    result = branch("ExitControlResult", leaf("code", exit_.result), leaf("date", _day(exit_.at)))
    return _answer(declaration, "CC599C", exit_.at, (_operation(declaration, day),), office, result)


def _accepted(declaration: Declaration) -> Outgoing:
    return _answer(
        declaration, "CC528C", declaration.accepted_at, (_operation(declaration, _accepted_on(declaration)),)
    )


def _operation(declaration: Declaration, *details: str) -> str:
    return branch("ExportOperation", leaf("LRN", declaration.lrn), leaf("MRN", declaration.mrn), *details)


def _declared(declaration: Declaration, kind: str, at: datetime, number: str, *, mrn: str) -> Outgoing:
    """The whole declaration under the number it is known by."""
    body = (
        _operation_declared(declaration, number),
        branch("CustomsOfficeOfExport", leaf("referenceNumber", declaration.office_of_export)),
        branch("CustomsOfficeOfExitDeclared", leaf("referenceNumber", declaration.office_of_exit)),
        branch("Exporter", leaf("identificationNumber", declaration.exporter.eori)),
        _declarant(declaration),
        _shipment(declaration),
    )
    return _message(declaration, kind, at, body, sender=_trader(declaration), mrn=mrn)


def _operation_declared(declaration: Declaration, number: str) -> str:
    return branch(
        "ExportOperation",
        number,
        leaf("declarationType", "EX"),
        leaf("additionalDeclarationType", "A"),
        leaf("security", 0),
        leaf("totalAmountInvoiced", declaration.invoiced),
        leaf("invoiceCurrency", "EUR"),
    )


def _accepted_on(declaration: Declaration) -> str:
    return leaf("declarationAcceptanceDate", _day(declaration.accepted_at))


def _declarant(declaration: Declaration) -> str:
    contact = branch("ContactPerson", leaf("name", "Customs desk"), leaf("phoneNumber", "+32 3 000 00 00"))
    return branch("Declarant", leaf("identificationNumber", declaration.declarant.eori), contact)


def _shipment(declaration: Declaration) -> str:
    return branch(
        "GoodsShipment",
        leaf("natureOfTransaction", 11),
        leaf("countryOfExport", "BE"),
        leaf("countryOfDestination", declaration.destination),
        branch("DeliveryTerms", leaf("incotermCode", "FCA"), leaf("UNLocode", "BEANR")),
        branch(
            "Consignment",
            leaf("containerIndicator", 0),
            leaf("inlandModeOfTransport", 3),
            leaf("modeOfTransportAtTheBorder", 1),
            leaf("grossMass", declaration.gross_mass_kg),
            leaf("referenceNumberUCR", f"6BE{declaration.lrn}"),
            _consignee(declaration.consignee),
            branch(
                "LocationOfGoods",
                leaf("typeOfLocation", "B"),
                leaf("qualifierOfIdentification", "Y"),
                leaf("authorisationNumber", "BETST343000"),
            ),
            _routing(declaration),
        ),
        *(_item(declaration, item) for item in declaration.items),
    )


def _routing(declaration: Declaration) -> str:
    return "".join(
        branch("CountryOfRoutingOfConsignment", leaf("sequenceNumber", place), leaf("country", country))
        for place, country in enumerate(("BE", declaration.destination), start=1)
    )


def _consignee(party: Party) -> str:
    address = branch(
        "Address",
        leaf("streetAndNumber", party.street),
        leaf("postcode", party.postcode),
        leaf("city", party.city),
        leaf("country", party.country),
    )
    return branch("Consignee", leaf("name", party.name), address)


def _item(declaration: Declaration, item: Item) -> str:
    code = item.commodity_code
    commodity = branch(
        "Commodity",
        leaf("descriptionOfGoods", item.description),
        branch(
            "CommodityCode",
            leaf("harmonizedSystemSubHeadingCode", code[:6]),
            leaf("combinedNomenclatureCode", code[6:8]),
        ),
        branch("GoodsMeasure", leaf("grossMass", item.net_mass_kg), leaf("netMass", item.net_mass_kg)),
    )
    packaging = branch(
        "Packaging",
        leaf("sequenceNumber", 1),
        leaf("typeOfPackages", "CT"),
        leaf("numberOfPackages", item.packages),
        leaf("shippingMarks", declaration.lrn),
    )
    return branch(
        "GoodsItem",
        leaf("declarationGoodsItemNumber", item.number),
        leaf("statisticalValue", item.statistical_value),
        branch("Procedure", leaf("requestedProcedure", declaration.procedure), leaf("previousProcedure", "00")),
        branch("Origin", leaf("countryOfOrigin", "BE")),
        commodity,
        packaging,
        *_documents("SupportingDocument", [d for d in item.documents if not d.type.startswith(_REFERENCES)]),
        *_documents("AdditionalReference", [d for d in item.documents if d.type.startswith(_REFERENCES)]),
    )


def _documents(name: str, documents: list[Document]) -> list[str]:
    return [
        branch(
            name,
            leaf("sequenceNumber", place),
            leaf("type", document.type),
            leaf("referenceNumber", document.reference or None),
            leaf("documentLineItemNumber", document.line),
            leaf("measurementUnitAndQualifier", _unit(document.unit)),
            leaf("quantity", document.quantity),
            leaf("currency", document.currency),
            leaf("amount", document.amount),
        )
        for place, document in enumerate(documents, start=1)
    ]


def _answer(declaration: Declaration, kind: str, at: datetime, body: tuple[str, ...], *after: str) -> Outgoing:
    """`after`: what follows the parties."""
    exporter = branch("Exporter", leaf("identificationNumber", declaration.exporter.eori))
    content = (*body, exporter, branch("Declarant", leaf("identificationNumber", declaration.declarant.eori)), *after)
    return _message(declaration, kind, at, content, sender=OFFICE, mrn=declaration.mrn)


def _message(
    declaration: Declaration, kind: str, at: datetime, body: tuple[str, ...], *, sender: str, mrn: str
) -> Outgoing:
    identity = f"{declaration.lrn}-{kind[2:5]}-{at:%m%d%H%M}"
    header = (
        leaf("messageSender", sender),
        leaf("messageRecipient", OFFICE if sender != OFFICE else _trader(declaration)),
        leaf("preparationDateAndTime", _time(at)),
        leaf("messageIdentification", identity),
        leaf("messageType", kind),
    )
    text = branch("ecs:" + kind, *header, *body, **{"xmlns:ecs": NAMESPACE})
    return Outgoing(identity, kind, Format.AES, mrn, (DECLARATION + text).encode())


def _trader(declaration: Declaration) -> str:
    return str(declaration.declarant.eori)


def _time(at: datetime) -> str:
    return f"{at.astimezone(_BELGIUM):%Y-%m-%dT%H:%M:%S}"


def _day(at: datetime) -> str:
    return f"{at.astimezone(_BELGIUM):%Y-%m-%d}"


def _unit(unit: str | None) -> str | None:
    return None if unit is None else unit.replace("#", "")
