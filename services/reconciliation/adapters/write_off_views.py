"""The write-off table of a licence as JSON and as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.core.messages import Ledger, LicenceLine, Party
from services.core.values import format_amount
from services.reconciliation.adapters.views import json_value, word
from services.reconciliation.domain.write_offs import Figures, WriteOff

FIGURES: Final = ("before", "granted", "written_off", "remaining")


@dataclass(frozen=True, slots=True)
class WriteOffTable:
    """All rows of a licence as of one revision of its ledger: the same revision gives the same table, whenever."""

    ledger: Ledger
    as_of: datetime
    rows: Sequence[WriteOff]

    @property
    def lines(self) -> Mapping[int, LicenceLine]:
        return {} if self.ledger.terms is None else {line.line: line for line in self.ledger.terms.lines}


def as_json(table: WriteOffTable) -> dict[str, Any]:
    """`hash` is that of the last entry, which covers all before it."""
    terms = table.ledger.terms
    return {
        "ref": table.ledger.licence,
        "revision": table.ledger.revision,
        "hash": table.ledger.hash,
        "as_of": json_value(table.as_of),
        "holder": None if terms is None else _party(terms.holder),
        "lines": [_line(table, number, line) for number, line in sorted(table.lines.items())],
    }


def _party(party: Party) -> dict[str, Any]:
    return {"eori": party.eori, "name": party.name}


def _line(table: WriteOffTable, number: int, line: LicenceLine) -> dict[str, Any]:
    return {
        "line": number,
        "description": line.description,
        "control_code": line.control_code,
        "basis": word(line.basis),
        "unit": line.unit,
        "currency": line.currency,
        "write_offs": [_row(row) for row in table.rows if row.line == number],
    }


def _row(row: WriteOff) -> dict[str, Any]:
    return {
        "revision": row.revision,
        "recorded_at": json_value(row.recorded_at),
        "document": row.document,
        "member_state": row.state,
        "quantity": _figures(row.quantity),
        "value": _figures(row.value),
        "hash": row.hash,
    }


def _figures(figures: Figures | None) -> dict[str, str | None] | None:
    return None if figures is None else {name: json_value(getattr(figures, name)) for name in FIGURES}


def as_csv(table: WriteOffTable) -> str:
    """A row for each line of each entry, in order of entry."""
    out = io.StringIO()
    writer = csv.writer(out)
    ends = [f"{dimension}_{name}" for dimension in ("quantity", "value") for name in FIGURES]
    writer.writerow(
        ["licence", "line", "revision", "recorded_at", "document", "member_state", "unit", "currency", *ends, "hash"]
    )
    for row in table.rows:
        line = table.lines.get(row.line)
        place = (table.ledger.licence, row.line, row.revision, json_value(row.recorded_at), row.document, row.state)
        measures = (None, None) if line is None else (line.unit, line.currency)
        writer.writerow([*place, *measures, *_cells(row.quantity), *_cells(row.value), row.hash])
    return out.getvalue()


def _cells(figures: Figures | None) -> list[str]:
    amounts = [None if figures is None else getattr(figures, name) for name in FIGURES]
    return ["" if amount is None else format_amount(amount) for amount in amounts]
