"""Examples of the OpenAPI description: one message of each kind, each taken by the door as it stands."""

from typing import Any, Final

Json = dict[str, Any]

_MRN: Final = "26BE343000000001A1"
_PAPER_MRN: Final = "26BE343000ZZZZZZA9"


def _message(number: int, kind: str, **fields: Any) -> Json:
    head = {"kind": kind, "sender": "BE.CUSTOMS", "message_id": f"m-{1000 + number}", "mrn": _MRN}
    return {"summary": kind, "value": head | fields}


_DOCUMENT: Final[Json] = {
    "type": "X060",
    "reference": "VL/2026/000123",
    "line": 1,
    "quantity": "1",
    "unit": "NAR",
    "amount": "100000.00",
    "currency": "EUR",
}
_ITEM: Final[Json] = {
    "item": 1,
    "commodity_code": "84798300",
    "description": "isostatic press",
    "net_mass_kg": "1200.000",
    "statistical_value": "100000.00",
    "documents": [_DOCUMENT],
}
_WRITE_OFF: Final[Json] = {
    "licence": "VL/2026/000123",
    "type": "X060",
    "line": 1,
    "quantity": "1",
    "unit": "NAR",
    "amount": "100000.00",
    "currency": "EUR",
    "commodity_code": "84798300",
    "description": "isostatic press",
}
_EXPORTER: Final[Json] = {"eori": "BE0314595348", "name": "Press Works NV"}
_CONSIGNEE: Final[Json] = {"name": "Bharat Presses", "address": "1 Mill Road, Mumbai", "country": "IN"}

JSON_EXAMPLES: Final[Json] = {
    "declaration": _message(
        1,
        "declaration",
        lrn="ANR-2026-77",
        version=1,
        accepted_at="2026-03-02T08:15:00Z",
        form="standard",
        pre_lodged=True,
        office_of_export="BE343000",
        office_of_exit="BE343000",
        border_mode="1",
        containerised=True,
        procedure="10",
        exporter=_EXPORTER,
        consignee=_CONSIGNEE,
        country_of_destination="IN",
        items=[_ITEM],
    ),
    "presentation": _message(2, "presentation", presented_at="2026-03-02T08:40:00Z"),
    "release": _message(3, "release", released_at="2026-03-02T09:00:00Z"),
    "no-release": _message(4, "no-release", decided_at="2026-03-02T09:00:00Z", reason="seized"),
    "override": _message(
        5, "override", decided_at="2026-03-02T09:05:00Z", officer="BE-ANR-17", reason="licence seen on paper"
    ),
    "invalidation": _message(6, "invalidation", invalidated_at="2026-03-02T12:00:00Z", reason="lodged twice"),
    "arrival": _message(7, "arrival", arrived_at="2026-03-03T06:10:00Z", office_of_exit="BE343000"),
    "exit-release": _message(8, "exit-release", released_at="2026-03-03T11:00:00Z", office_of_exit="BE343000"),
    "exit-stop": _message(9, "exit-stop", stopped_at="2026-03-03T11:00:00Z", reason="seal broken"),
    "exit": _message(
        10,
        "exit",
        exited_at="2026-03-03T17:40:00Z",
        result="A1",
        final=True,
        proof="exit",
        items=[{"item": 1, "quantity": "1", "amount": "100000.00"}],
    ),
    "paper-write-off": _message(
        11,
        "paper-write-off",
        mrn=_PAPER_MRN,
        reference="SAD 2026/4711",
        version=1,
        written_off_at="2026-03-04T10:00:00Z",
        office="BE343000",
        officer="BE-ANR-17",
        procedure="10",
        exporter=_EXPORTER,
        consignee=_CONSIGNEE,
        country_of_destination="IN",
        write_offs=[_WRITE_OFF],
    ),
}

_DMSROG: Final = """<?xml version="1.0" encoding="UTF-8"?>
<MetaData><WCODataModelVersionCode>3.6</WCODataModelVersionCode><WCOTypeName>RES</WCOTypeName><Response>
<FunctionCode>08</FunctionCode><FunctionalReferenceID>b850b7f5b53a4e69</FunctionalReferenceID>
<IssueDateTime><DateTimeString formatCode="304">20260302090000Z</DateTimeString></IssueDateTime>
<Declaration><FunctionalReferenceID>ANR-2026-78</FunctionalReferenceID><ID>26BE343000000003A0</ID></Declaration>
</Response></MetaData>
"""
_CC529C: Final = """<?xml version="1.0" encoding="UTF-8"?>
<ecs:CC529C xmlns:ecs="http://ecs.dgtaxud.ec"><messageSender>NECA.BE</messageSender>
<messageRecipient>BE0314595348</messageRecipient><preparationDateAndTime>2026-03-02T10:00:00</preparationDateAndTime>
<messageIdentification>ex-529-1</messageIdentification><messageType>CC529C</messageType>
<ExportOperation><LRN>ANR-2026-79</LRN><MRN>26BE343000000003A0</MRN><releaseDate>2026-03-02</releaseDate>
</ExportOperation></ecs:CC529C>
"""
XML_EXAMPLES: Final[Json] = {
    "DMSROG": {"summary": "WCO-DMS: customs released the goods", "value": _DMSROG},
    "CC529C": {"summary": "AES: customs released the goods", "value": _CC529C},
}
