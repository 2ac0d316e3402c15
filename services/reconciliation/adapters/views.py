"""Ledgers, entries and findings as JSON (API.md): amounts as strings, codes in lower case, times in RFC 3339."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from services.core.messages import (
    Amounts,
    Authorisation,
    Basis,
    Entry,
    Finding,
    HeldDraw,
    HeldShipment,
    Ledger,
    LicenceLine,
    LineBalance,
)
from services.core.values import format_amount
from services.reconciliation.domain.validity import status_at


def ledger_view(ledger: Ledger, now: datetime) -> dict[str, Any]:
    """A licence's columns and what draws on it; `status` is the one in force at `now`.

    `unknown`: shipments cite it, the authority has not issued it. Every draw then waits, refused.
    """
    terms = ledger.terms
    balances = {balance.line: balance for balance in ledger.balances}
    return {
        "ref": ledger.licence,
        "revision": ledger.revision,
        "hash": ledger.hash,
        "status": "unknown" if terms is None else word(status_at(terms, now)),
        "lines": [] if terms is None else [_line(line, balances.get(line.line)) for line in terms.lines],
        "authorisations": [_authorisation(of, now) for of in ledger.authorisations],
        "draws": list(_draws(ledger.shipments)),
    }


def _authorisation(of: Authorisation, now: datetime) -> dict[str, Any]:
    """What stands beside the licence: both authorities see its status here."""
    return {
        "kind": word(of.kind),
        "ref": of.ref,
        "revision": of.revision,
        "issued_by": of.issued_by,
        "status": word(status_at(of, now)),
        "valid_from": of.valid_from.isoformat(),
        "valid_to": None if of.valid_to is None else of.valid_to.isoformat(),
        "mrn": of.mrn,
    }


def _line(line: LicenceLine, balance: LineBalance | None) -> dict[str, Any]:
    return {
        "line": line.line,
        "basis": word(line.basis),
        "unit": line.unit,
        "currency": line.currency,
        "quantity": None if balance is None else _columns(balance.quantity, authorised=_says(line, line.quantity)),
        "value": None if balance is None else _columns(balance.value, authorised=_says(line, line.value)),
    }


def _says(line: LicenceLine, figure: Decimal | None) -> bool:
    """Whether the line says how much may be drawn; an open one only records."""
    return line.basis is not Basis.OPEN and figure is not None


def _columns(amounts: Amounts | None, *, authorised: bool) -> dict[str, str | None] | None:
    """`authorised` and `available` are null where nothing says how much: then there is no balance to fall below."""
    if amounts is None:
        return None
    available = amounts.authorised - amounts.reserved - amounts.consumed
    return {
        "authorised": format_amount(amounts.authorised) if authorised else None,
        "reserved": format_amount(amounts.reserved),
        "consumed": format_amount(amounts.consumed),
        "exited": format_amount(amounts.exited),
        "available": format_amount(available) if authorised else None,
    }


def _draws(shipments: Iterable[HeldShipment]) -> Iterator[dict[str, Any]]:
    """In order of arrival, then item and line."""
    for shipment in sorted(shipments, key=lambda s: s.arrival):
        for held in shipment.draws:
            yield {
                "mrn": shipment.mrn,
                "arrival": shipment.arrival,
                "phase": word(shipment.demand.phase),
                "version": shipment.demand.version,
                "item": held.draw.item,
                "line": held.line or None,
                "verdict": word(held.verdict),
                "reasons": list(held.reasons),
                "listed_only": held.listed_only,
                "quantity": _held(held, "quantity"),
                "value": _held(held, "value"),
            }


def _held(held: HeldDraw, dimension: str) -> dict[str, str]:
    columns = ("reserved", "consumed", "exited")
    return {column: format_amount(getattr(held, f"{column}_{dimension}")) for column in columns}


def entry_view(entry: Entry) -> dict[str, Any]:
    """An entry with everything its hash covers."""
    return {field.name: json_value(getattr(entry, field.name)) for field in fields(entry)}


def finding_view(finding: Finding) -> dict[str, Any]:
    """A finding with its evidence."""
    return {field.name: json_value(getattr(finding, field.name)) for field in fields(finding)}


def json_value(value: Any) -> Any:
    """A field of a message as JSON."""
    match value:
        case Decimal():
            return format_amount(value)
        case StrEnum():
            return word(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case tuple():
            return [json_value(part) for part in value]
        case _ if is_dataclass(value):
            return {field.name: json_value(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value


def word(code: StrEnum) -> str:
    """A code as outside systems write it: `NOT_CONTROLLED` is `not-controlled`."""
    return code.value.lower().replace("_", "-")
