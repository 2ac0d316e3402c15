"""Reports of use as they are sent: one JSON object, a list of them, or CSV with a header; with where each stands."""

import csv
import io
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from pydantic import ValidationError

from services.core.errors import Fault, Refused
from services.licensing.adapters.faults import NOT_ACCEPTABLE
from services.licensing.adapters.usage_bodies import UNTYPED, UsageBody

MOST = 1_000
MOST_COLUMNS = 100
MOST_FAULTS = 1_000
"""Reports are looked at until so many are found; a report more may have as many as it has fields."""
REQUIRED = tuple(name for name, field in UsageBody.model_fields.items() if field.is_required())
Placed = tuple[str, UsageBody]
"""What is written before the name of a field of it: `/`, `/3/` or `row 5 `."""


def read_json(document: Any) -> list[Placed]:
    """Refused 422 with a JSON pointer for each fault."""
    if isinstance(document, list):
        return _read((f"/{place}/", one) for place, one in enumerate(_few(document)))
    return _read([("/", document)])


def read_table(body: bytes) -> list[Placed]:
    """Refused 400 when it is no CSV, 422 with row and column of each fault. An empty cell is a field left out."""
    try:
        reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        header = reader.fieldnames or ()
        if missing := [column for column in REQUIRED if column not in header]:
            detail = UNTYPED if missing == ["kind"] else ", ".join(missing)
            raise Refused(422, NOT_ACCEPTABLE, (Fault("row 1", "column-missing", detail),))
        if len(set(header)) != len(header):
            raise Refused(422, NOT_ACCEPTABLE, (Fault("row 1", "column-repeated", "a column is there twice"),))
        if len(header) > MOST_COLUMNS:
            raise Refused(422, NOT_ACCEPTABLE, (Fault("row 1", "columns", f"at most {MOST_COLUMNS}"),))
        rows = _few([(f"row {reader.line_num} ", row) for row in islice(reader, MOST + 1)])
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(400, "The body is not CSV in UTF-8", (Fault("", "csv-invalid", str(error)),)) from error
    broken = [place for place, row in rows if None in row or None in row.values()]
    if broken:
        detail = f"the header names {len(header)} cells"
        raise Refused(422, NOT_ACCEPTABLE, tuple(Fault(place.strip(), "cells", detail) for place in broken))
    return _read((place, _document(row)) for place, row in rows)


def _few(reports: list[Any]) -> list[Any]:
    if not 0 < len(reports) <= MOST:
        raise Refused(422, NOT_ACCEPTABLE, (Fault("", "how-many", f"1 to {MOST} reports; send more in parts"),))
    return reports


def _document(row: Mapping[str, str]) -> dict[str, Any]:
    cells: dict[str, Any] = {name: cell.strip() for name, cell in row.items() if cell.strip()}
    line = cells.get("line", "")
    if line.isascii() and line.isdigit() and len(line) < 10:
        cells["line"] = int(line)
    return cells


def _read(documents: Iterable[tuple[str, Any]]) -> list[Placed]:
    faults: list[Fault] = []
    read: list[Placed] = []
    for place, document in documents:
        try:
            read.append((place, UsageBody.model_validate(document)))
        except ValidationError as error:
            faults += [_fault(place, one) for one in error.errors()]
            if len(faults) >= MOST_FAULTS:
                break
    if faults:
        raise Refused(422, NOT_ACCEPTABLE, tuple(faults))
    return read


def _fault(place: str, error: Mapping[str, Any]) -> Fault:
    name = "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in error["loc"])
    if error["type"] == "missing" and name == "kind":
        return Fault(f"{place}kind", "untyped", UNTYPED)
    path = f"{place}{name}" if name else place.removesuffix("/")
    return Fault(path, str(error["type"]).replace("_", "-"), str(error["msg"]))
