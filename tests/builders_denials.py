"""Denials as other states notify them, in JSON and as a table."""

from datetime import UTC, datetime
from typing import Any

from services.core.messages import Denial
from services.licensing.adapters.denial_bodies import DenialBody

RECORDED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
DENIAL: dict[str, Any] = {
    "ref": "DN2024/0017",
    "regime_ref": "AB-CD-EF-017",
    "notifying_state": "DE",
    "denied_at": "2024-02-29",
    "parties": [{"role": "end_user", "name": "Bharat Forge Ltd", "address": "Pune", "country": "IN"}],
    "goods": [
        {"description": "Isostatic press, chamber 180 mm", "control_code": "2B204.a", "commodity_codes": ["847983"]}
    ],
    "destination": "IN",
    "end_use": "turbine discs",
    "grounds": "risk of diversion",
}
HEADER = (
    "reference,regime_reg_ref,name,address,notifying_government,country,denial_cle,item_description,end_use,"
    "reason_for_refusal,entity_type\n"
)
TABLE = (
    HEADER
    + 'DN2000/0000,AB-CD-EF-000,Organisation Name,"1000 Street Name, City Name",Country Name,Country Name,0A00100,'
    "Medium Size Widget,Used in industry,Risk of outcome,end_user\n"
    + ',AB-XY-EF-900,The Widget Company,"2 Example Road, Example City",Example Country,Country Name X,"catch all",'
    "Extra Large Size Widget,Used in unknown industry,Risk of outcome 4,end_user\n"
    + 'DN4103/0001,AB-CD-EF-500,c/o ltd,"forward slash",Country Name 5,IN,0A0050,Large Size Widget,'
    "Used in other industry,Risk of outcome 2,third_party\n"
)


def a_denial(at: datetime = RECORDED, **changes: Any) -> Denial:
    return DenialBody.model_validate({**DENIAL, **changes}).denial(at)
