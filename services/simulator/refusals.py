"""Refused exports of nuclear and nuclear-related goods from Flanders, 2007-2017, as the authority would publish them.

Figures restated from the advice to the Flemish Parliament on nuclear dual-use export control. A row of several years or
destinations is one refusal here for each of them; its value is the total and goes with the first. The day of a decision
is not known: the last of its year stands for it.
"""

import csv
from importlib.resources import files
from itertools import zip_longest
from typing import Any

from services.simulator.goods import CONTROLLED
from services.simulator.parties import HOLDERS

_GOODS = (
    ("parts for plants", "fuel-parts"),
    ("special fissionable", "fissile"),
    ("aluminium", "alloy-tube"),
    ("grinding", "grinder"),
    ("dies", "die"),
    ("isostatic", "press"),
)
_GROUNDS = {
    "unknown": ("unknown",),
    "necessary guarantees of civil end use missing": ("end-use-guarantee-missing",),
    "no federal authorisation; intended end use and risk of diversion": (
        "no-federal-authorisation",
        "end-use",
        "diversion-risk",
    ),
}


def load_refusals() -> list[dict[str, Any]]:
    """The requests of `POST /v1/refusals`, in the order of the table."""
    text = files("services.simulator").joinpath("data/refusals-2007-2017.csv").read_text(encoding="utf-8")
    bodies: list[dict[str, Any]] = []
    for row in csv.DictReader(text.splitlines()):
        years, places = row["years"].split(";"), row["destinations"].split(";")
        for step, (year, place) in enumerate(zip_longest(years, places, fillvalue=places[-1])):
            value = row["value_eur"] if step == 0 else None
            bodies.append(_refusal(row, len(bodies) + 1, int(year), place, value))
    return bodies


def _refusal(row: dict[str, str], number: int, year: int, destination: str, value: str | None) -> dict[str, Any]:
    goods = CONTROLLED[next(key for word, key in _GOODS if word in row["goods"].lower())]
    applicant = HOLDERS[number % len(HOLDERS)]
    return {
        "ref": f"REF/{year}/{number}",
        "authority": "BE-VLG",
        "decided_at": f"{year}-12-31",
        "applicant": {"eori": applicant.eori, "name": applicant.name},
        "consignees": [],
        "end_users": [],
        "destination": destination,
        "grounds": list(_GROUNDS[row["ground"]]),
        "text": row["ground"],
        "goods": [
            {
                "description": row["goods"],
                "control_code": goods.control_code,
                "commodity_codes": [goods.commodity_code[:6]],
                "value": value,
                "currency": None if value is None else "EUR",
            }
        ],
    }
