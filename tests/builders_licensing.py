"""A licence and a refusal as an authority sends them."""

from copy import deepcopy
from typing import Any

LICENCE: dict[str, Any] = {
    "ref": "VL/2026/000123",
    "type": "individual",
    "authority": "BE-VLG",
    "holder": {"eori": "BE0314595348", "name": "Presses NV"},
    "consignees": [{"name": "Bharat Forge", "country": "IN"}],
    "end_users": [{"name": "Bharat Forge", "country": "IN", "kind": "industry", "end_use": "turbine discs"}],
    "destinations": ["IN"],
    "procedures": ["10"],
    "valid_from": "2026-01-15",
    "valid_to": "2028-01-14",
    "requires": {"federal_authorisation": True, "end_use_certificate": True, "state_guarantee": False},
    "lines": [
        {
            "line": 1,
            "description": "isostatic press",
            "control_code": "2B204",
            "commodity_codes": ["847983"],
            "basis": "both",
            "quantity": "2",
            "unit": "NAR",
            "value": "250000.00",
            "currency": "EUR",
        }
    ],
}
REFUSAL: dict[str, Any] = {
    "ref": "REF/2026/17",
    "authority": "BE-VLG",
    "decided_at": "2026-02-10",
    "applicant": {"eori": "BE0314595348"},
    "consignees": [{"name": "Bharat Forge", "country": "IN"}],
    "end_users": [{"name": "Bharat Forge", "country": "IN", "end_use": "turbine discs"}],
    "destination": "IN",
    "grounds": ["diversion-risk", "no-federal-authorisation"],
    "text": "…",
    "goods": [{"description": "isostatic press", "control_code": "2B204", "value": "1150000.00", "currency": "EUR"}],
}


def changed(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**deepcopy(document), **changes}
