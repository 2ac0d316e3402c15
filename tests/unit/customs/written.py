"""Messages as senders write them, each with one interesting part: the rest is plausible and the same every time."""

import json
from typing import Any

from services.core.values import Mrn

MRN = Mrn("26BE343000000001A1")
OTHER_MRN = Mrn("26BE343000ZZZZZZA9")
LRN = "ANR-2026-77"
DECLARANT = "BE0314595348"
AES = "http://ecs.dgtaxud.ec"

OPERATION = (
    "<declarationType>EX</declarationType><additionalDeclarationType>A</additionalDeclarationType>"
    "<security>0</security><totalAmountInvoiced>100000.00</totalAmountInvoiced><invoiceCurrency>EUR</invoiceCurrency>"
)

DOCUMENT = """
<SupportingDocument>
  <sequenceNumber>1</sequenceNumber><type>X060</type><referenceNumber>VL/2026/000123</referenceNumber>
  <documentLineItemNumber>1</documentLineItemNumber><measurementUnitAndQualifier>NAR</measurementUnitAndQualifier>
  <quantity>1</quantity><currency>EUR</currency><amount>100000.00</amount>
</SupportingDocument>"""

ITEM = f"""
<GoodsItem>
  <declarationGoodsItemNumber>1</declarationGoodsItemNumber><statisticalValue>100000.00</statisticalValue>
  <Procedure><requestedProcedure>10</requestedProcedure><previousProcedure>00</previousProcedure></Procedure>
  <Commodity>
    <descriptionOfGoods>isostatic press</descriptionOfGoods>
    <CommodityCode>
      <harmonizedSystemSubHeadingCode>847983</harmonizedSystemSubHeadingCode>
      <combinedNomenclatureCode>00</combinedNomenclatureCode>
    </CommodityCode>
    <GoodsMeasure><grossMass>1300.000</grossMass><netMass>1200.000000</netMass></GoodsMeasure>
  </Commodity>{DOCUMENT}
</GoodsItem>"""


def aes(
    kind: str, body: str, *, identification: str, sender: str = "NECA.BE", at: str = "2026-03-02T09:15:00"
) -> bytes:
    """An AES message with its header."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ecs:{kind} xmlns:ecs="{AES}">
<messageSender>{sender}</messageSender><messageRecipient>X</messageRecipient>
<preparationDateAndTime>{at}</preparationDateAndTime>
<messageIdentification>{identification}</messageIdentification><messageType>{kind}</messageType>
{body}
</ecs:{kind}>""".encode()


def cc515c(
    *,
    lrn: str = LRN,
    declarant: str = DECLARANT,
    items: str = ITEM,
    identification: str = "m-515",
    at: str = "2026-03-02T09:10:00",
    common: str = "",
) -> bytes:
    body = f"""
<ExportOperation><LRN>{lrn}</LRN>{OPERATION}</ExportOperation>
<CustomsOfficeOfExport><referenceNumber>BE343000</referenceNumber></CustomsOfficeOfExport>
<Exporter><identificationNumber>BE0314595348</identificationNumber></Exporter>
<Declarant><identificationNumber>{declarant}</identificationNumber></Declarant>
<GoodsShipment>
  <countryOfDestination>IN</countryOfDestination>{common}
  <Consignment><Consignee><name>Bharat Presses</name>
    <Address><streetAndNumber>1 Mill Road</streetAndNumber><postcode>400001</postcode><city>Mumbai</city>
    <country>IN</country></Address></Consignee></Consignment>{items}
</GoodsShipment>"""
    return aes("CC515C", body, identification=identification, sender=declarant, at=at)


def cc528c(
    *,
    lrn: str = LRN,
    mrn: str = MRN,
    declarant: str | None = DECLARANT,
    identification: str = "m-528",
    at: str = "2026-03-02T09:15:00",
    correlates: str = "",
) -> bytes:
    who = f"<Declarant><identificationNumber>{declarant}</identificationNumber></Declarant>" if declarant else ""
    which = f"<correlationIdentifier>{correlates}</correlationIdentifier>" if correlates else ""
    day = "<declarationAcceptanceDate>2026-03-02</declarationAcceptanceDate>"
    body = f"{which}<ExportOperation><LRN>{lrn}</LRN><MRN>{mrn}</MRN>{day}</ExportOperation>{who}"
    return aes("CC528C", body, identification=identification, at=at)


def about(kind: str, operation: str = "", more: str = "", *, mrn: str = MRN) -> bytes:
    """An AES message about an MRN: CC529C, CC509C, CC551C, CC599C."""
    body = f"<ExportOperation><MRN>{mrn}</MRN>{operation}</ExportOperation>{more}"
    return aes(kind, body, identification=f"m-{kind}-{mrn}")


def declaration(**changed: Any) -> dict[str, Any]:
    """The JSON declaration of the HTTP contract."""
    document = {
        "type": "X060",
        "reference": "VL/2026/000123",
        "line": 1,
        "quantity": "1",
        "unit": "NAR",
        "amount": "100000.00",
        "currency": "EUR",
    }
    item = {
        "item": 1,
        "commodity_code": "84798300",
        "description": "isostatic press",
        "net_mass_kg": "1200.000",
        "statistical_value": "100000.00",
        "documents": [document],
    }
    fields = {
        "kind": "declaration",
        "sender": "BE.CUSTOMS",
        "message_id": "m-1001",
        "mrn": MRN,
        "lrn": LRN,
        "version": 1,
        "accepted_at": "2026-03-02T08:15:00Z",
        "office_of_export": "BE343000",
        "procedure": "10",
        "exporter": {"eori": DECLARANT, "name": "Press Works"},
        "consignee": {"name": "Bharat Presses", "address": "1 Mill Road, Mumbai", "country": "IN"},
        "country_of_destination": "IN",
        "items": [item],
    }
    return fields | changed


def event(kind: str, **fields: Any) -> dict[str, Any]:
    """A JSON message about the declaration: release, no-release, invalidation, exit."""
    return {"kind": kind, "sender": "BE.CUSTOMS", "message_id": f"m-{kind}", "mrn": MRN} | fields


def as_json(fields: Any) -> bytes:
    return json.dumps(fields).encode()
