"""Refused exports as authorities publish them: a CSV table of goods, years and destinations, without parties.

A row of several years or destinations is one refusal for each of them; its value is the total and goes with the first.
The day of a decision is not published: the last of its year stands for it. Who applied is not published either.
"""

import csv
import io
from itertools import zip_longest
from typing import Any

from services.core.errors import Fault, Refused
from services.core.values import parse_country, parse_decimal

COLUMNS = ("goods", "years", "count", "value_eur", "destinations", "ground")
GROUNDS = {
    "unknown": ("unknown",),
    "necessary guarantees of civil end use missing": ("end-use-guarantee-missing",),
    "no federal authorisation; intended end use and risk of diversion": (
        "no-federal-authorisation",
        "end-use",
        "diversion-risk",
    ),
}
"""The words of the published table, in the codes of the vocabulary."""
GOODS = (
    ("parts for plants", "0B005", "847989"),
    ("special fissionable", "0C002", "284420"),
    ("aluminium", "1C202.a", "760820"),
    ("grinding", "2B201.b", "846023"),
    ("dies", "2B204.b", "848079"),
    ("isostatic", "2B204", "847983"),
)
"""Words in the published goods, with the entry of Annex I and the HS subheading under which they are declared."""


def read_refusals(text: str, authority: str) -> list[dict[str, Any]]:
    """The requests of `POST /v1/refusals`, in the order of the table. Refused 422 with row and column of each fault."""
    reader = csv.DictReader(io.StringIO(text))
    if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
        raise Refused(422, "The table is not complete", (Fault("row 1", "column-missing", ", ".join(missing)),))
    faults: list[Fault] = []
    bodies: list[dict[str, Any]] = []
    for row in reader:
        found = list(_faults(row, f"row {reader.line_num}"))
        faults += found
        if not found:
            bodies += _refusals(row, authority, len(bodies))
    if faults:
        raise Refused(422, "The table is not acceptable", tuple(faults))
    return bodies


def _faults(row: dict[Any, Any], place: str) -> list[Fault]:
    faults = [Fault(f"{place} {c}", "missing", "must not be empty") for c in COLUMNS if not row.get(c)]
    if None in row:
        faults.append(Fault(place, "too-many", "more cells than the header names"))
    if faults:
        return faults
    cells: dict[str, str] = {column: row[column] for column in COLUMNS}
    if cells["ground"] not in GROUNDS:
        faults.append(Fault(f"{place} ground", "ground", f"not a published ground: {cells['ground']!r}"))
    years = cells["years"].split(";")
    if not all(len(year) == 4 and year.isascii() and year.isdigit() and year >= "1970" for year in years):
        faults.append(Fault(f"{place} years", "year", "years of four digits, from 1970, separated by ;"))
    if cells["count"] != str(len(years)):
        faults.append(Fault(f"{place} count", "count", f"{len(years)} years are listed"))
    if len(cells["destinations"].split(";")) > len(years):
        faults.append(Fault(f"{place} destinations", "too-many", "more destinations than years"))
    for column, parse in (("value_eur", parse_decimal), ("destinations", _parse_countries)):
        try:
            parse(cells[column])
        except ValueError as error:
            faults.append(Fault(f"{place} {column}", column, str(error)))
    return faults


def _parse_countries(text: str) -> list[str]:
    return [parse_country(country) for country in text.split(";")]


def _refusals(row: dict[str, str], authority: str, before: int) -> list[dict[str, Any]]:
    years, places = row["years"].split(";"), row["destinations"].split(";")
    pairs = zip_longest(years, places, fillvalue=places[-1])
    control, commodity = next(((c, n) for word, c, n in GOODS if word in row["goods"].lower()), (None, None))
    return [
        {
            "ref": f"REF/{year}/{before + step + 1}",
            "authority": authority,
            "decided_at": f"{year}-12-31",
            "applicant": {},
            "consignees": [],
            "end_users": [],
            "destination": place,
            "grounds": list(GROUNDS[row["ground"]]),
            "text": row["ground"],
            "goods": [
                {
                    "description": row["goods"],
                    "control_code": control,
                    "commodity_codes": [] if commodity is None else [commodity],
                    "value": row["value_eur"] if step == 0 else None,
                    "currency": "EUR" if step == 0 else None,
                }
            ],
        }
        for step, (year, place) in enumerate(pairs)
    ]
