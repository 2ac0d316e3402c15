"""Refused exports of nuclear and nuclear-related goods from Flanders, 2007-2017, as the authority would record them.

Figures restated from the advice to the Flemish Parliament on nuclear dual-use export control. Who applied was not
published: holders of the scenario stand in.
"""

from importlib.resources import files
from typing import Any

from services.licensing.adapters.refusal_table import read_refusals
from services.simulator.parties import HOLDERS


def load_refusals() -> list[dict[str, Any]]:
    """The requests of `POST /v1/refusals`, in the order of the table."""
    text = files("services.simulator").joinpath("data/refusals-2007-2017.csv").read_text(encoding="utf-8")
    bodies = read_refusals(text, "BE-VLG")
    for number, body in enumerate(bodies, 1):
        holder = HOLDERS[number % len(HOLDERS)]
        body["applicant"] = {"eori": holder.eori, "name": holder.name}
    return bodies
