"""What was refused before: exports from Flanders, 2007-2017, and a denial that another state has notified.

Figures restated from the advice to the Flemish Parliament on nuclear dual-use export control. Who applied was not
published, and of who was to receive the goods only what the press of 2017 was refused for: companies of the scenario
stand in there. The denial is invented.
"""

from importlib.resources import files
from typing import Any, Final

from services.licensing.adapters.refusal_table import read_refusals
from services.simulator.parties import DENIED_END_USER, REFUSED_APPLICANT, REFUSED_END_USER

_PRESS_OF_2017: Final = "152 mm"


def load_refusals() -> list[dict[str, Any]]:
    """The requests of `POST /v1/refusals`, in the order of the table."""
    text = files("services.simulator").joinpath("data/refusals-2007-2017.csv").read_text(encoding="utf-8")
    bodies = read_refusals(text, "BE-VLG")
    [press] = [body for body in bodies if _PRESS_OF_2017 in body["goods"][0]["description"]]
    press["applicant"] = {"eori": REFUSED_APPLICANT.eori, "name": REFUSED_APPLICANT.name}
    press["end_users"] = [{"name": REFUSED_END_USER.name, "country": REFUSED_END_USER.country}]
    return bodies


def denials() -> list[dict[str, Any]]:
    """The requests of `POST /v1/denials`."""
    party = {"role": "end_user", "name": DENIED_END_USER.name, "country": DENIED_END_USER.country}
    goods = {"description": "Flow forming machine", "control_code": "2B209", "commodity_codes": ["846390"]}
    return [
        {
            "ref": "DN/2025/0031",
            "notifying_state": "FI",
            "denied_at": "2025-06-12",
            "parties": [party],
            "goods": [goods],
            "destination": DENIED_END_USER.country,
            "end_use": "turbine casings",
            "grounds": "risk of diversion to military end use",
        }
    ]
