"""Denials as CSV: a row for each party of a denial, in the columns in which licensing authorities exchange them.

Rows of one reference are one denial. States are written by name there and kept as written; only a code of two letters
is one to compare by. `catch all` is goods on no list.
"""

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from pydantic import ValidationError

from services.core.errors import Fault, Refused
from services.core.messages import Denial
from services.licensing.adapters.denial_bodies import DenialBody

COLUMNS = (
    *("reference", "regime_reg_ref", "name", "address", "notifying_government", "country", "denial_cle"),
    *("item_description", "end_use", "reason_for_refusal", "entity_type"),
)
MOST = 10_000
MOST_COLUMNS = 100
"""More than those above are passed over, as a spreadsheet may have them."""
_LISTS = ("parties", "goods")
_COLUMN_OF = {
    "ref": "reference",
    "notifying_state": "notifying_government",
    "regime_ref": "regime_reg_ref",
    "description": "item_description",
    "control_code": "denial_cle",
    "grounds": "reason_for_refusal",
    "role": "entity_type",
    "destination": "country",
}


def read_denials(body: bytes, at: datetime) -> list[tuple[str, Denial]]:
    """Denials with the row each begins in (`row 2`). Refused 400 when it is no CSV, 422 with row and column of faults.

    A row without a reference is known by that of the regime.
    """
    first: dict[str, Begun] = {}
    faults: list[Fault] = []
    for place, row in _rows(body):
        try:
            document = _document(row)
            DenialBody.model_validate(document)
        except ValidationError as error:
            faults += [_fault(place, one) for one in error.errors()]
            continue
        if (begun := first.get(document["ref"])) is None:
            first[document["ref"]] = Begun(place, document)
        else:
            faults += begun.joined(document, place)
    if faults:
        raise Refused(422, "The denials are not acceptable", tuple(faults))
    return [(one.place, DenialBody.model_validate(one.document).denial(at)) for one in first.values()]


def _rows(body: bytes) -> list[tuple[str, Mapping[str, str]]]:
    try:
        reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        header = reader.fieldnames or ()
        if missing := [column for column in COLUMNS if column not in header]:
            raise Refused(422, "The columns are not complete", (Fault("row 1", "column-missing", ", ".join(missing)),))
        if len(header) > MOST_COLUMNS:
            raise Refused(422, "Too many columns", (Fault("row 1", "columns", f"at most {MOST_COLUMNS}"),))
        found = islice(reader, MOST + 1)
        rows: list[tuple[str, Mapping[str, str]]] = [(f"row {reader.line_num}", row) for row in found]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(400, "The body is not CSV in UTF-8", (Fault("", "csv-invalid", str(error)),)) from error
    if len(rows) > MOST:
        raise Refused(422, "Too many rows", (Fault("", "too-many", f"at most {MOST}; send several files"),))
    for place, row in rows:
        if None in row or any(cell is None for cell in row.values()):
            raise Refused(422, "A row is not whole", (Fault(place, "cells", f"the header names {len(header)} cells"),))
    return rows


def _document(row: Mapping[str, str]) -> dict[str, Any]:
    """The JSON document of a row; its fields are judged as those of any."""
    cells = {column: row[column].strip() for column in COLUMNS}
    country = cells["country"] if len(cells["country"]) == 2 else None
    where = ", ".join(filter(None, (cells["address"], None if country else cells["country"])))
    control = None if cells["denial_cle"].lower() in ("", "catch all", "catch-all") else cells["denial_cle"]
    return {
        "ref": cells["reference"] or cells["regime_reg_ref"],
        "regime_ref": cells["regime_reg_ref"],
        "notifying_state": cells["notifying_government"],
        "parties": [
            {"role": cells["entity_type"].lower(), "name": cells["name"], "address": where or None, "country": country}
        ],
        "goods": [{"description": cells["item_description"], "control_code": control}],
        "destination": country,
        "end_use": cells["end_use"] or None,
        "grounds": cells["reason_for_refusal"] or None,
    }


class Begun:
    """A denial as its first row has it, which further rows add to."""

    def __init__(self, place: str, document: dict[str, Any]) -> None:
        self.place = place
        self.document = document
        # Told apart by their cells, so that it takes no longer the more there are.
        self._there = {(name, *one.values()) for name in _LISTS for one in document[name]}

    def joined(self, more: Mapping[str, Any], place: str) -> list[Fault]:
        """Adds the parties and goods of a further row. All else must be the same."""
        whole = self.document
        other = [name for name in whole if name not in _LISTS and whole[name] != more[name]]
        for name in _LISTS:
            for one in more[name]:
                if (cells := (name, *one.values())) not in self._there:
                    self._there.add(cells)
                    whole[name].append(one)
        differs = f"not as in {self.place} of {whole['ref']}"
        return [Fault(f"{place} {_COLUMN_OF.get(name, name)}", "differs", differs) for name in other]


def _fault(place: str, error: Mapping[str, Any]) -> Fault:
    name = next((str(part) for part in reversed(error["loc"]) if isinstance(part, str)), "")
    return Fault(f"{place} {_COLUMN_OF.get(name, name)}", str(error["type"]).replace("_", "-"), str(error["msg"]))
