"""Messages in the JSON of API.md, as a customs system without XML would send them."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.simulator.declarations import Declaration, Document, Exit, Format, Item, Outgoing

SENDER = "BE.CUSTOMS"


def lodge(declaration: Declaration) -> tuple[Outgoing, ...]:
    """The accepted declaration: one message."""
    return (_declaration(declaration),)


def amend(declaration: Declaration, item: int) -> tuple[Outgoing, ...]:  # noqa: ARG001 - the whole is sent again
    """The whole declaration again, at a higher version."""
    return (_declaration(declaration),)


def release(declaration: Declaration, at: datetime) -> Outgoing:
    return _event(declaration, "release", at, released_at=_time(at))


def refuse_release(declaration: Declaration, at: datetime, reason: str) -> Outgoing:
    return _event(declaration, "no-release", at, decided_at=_time(at), reason=reason)


def invalidate(declaration: Declaration, at: datetime, reason: str) -> Outgoing:
    return _event(declaration, "invalidation", at, invalidated_at=_time(at), reason=reason)


def leave(declaration: Declaration, exit_: Exit) -> Outgoing:
    """The exit result; amounts are totals so far."""
    items = [
        {"item": item.number, "quantity": _figure(item.quantity), "amount": _figure(item.amount)}
        for item in exit_.items
    ]
    return _event(
        declaration, "exit", exit_.at, exited_at=_time(exit_.at), result=exit_.result, final=exit_.final, items=items
    )


def _declaration(declaration: Declaration) -> Outgoing:
    at = declaration.amended_at or declaration.accepted_at
    amended = {"amended_at": _time(at)} if declaration.amended_at else {}
    return _event(
        declaration,
        "declaration",
        at,
        lrn=declaration.lrn,
        version=declaration.version,
        accepted_at=_time(declaration.accepted_at),
        **amended,
        office_of_export=declaration.office_of_export,
        procedure=declaration.procedure,
        exporter={"eori": declaration.exporter.eori, "name": declaration.exporter.name},
        consignee={
            "name": declaration.consignee.name,
            "address": declaration.consignee.address,
            "country": declaration.consignee.country,
        },
        country_of_destination=declaration.destination,
        items=[_item(item) for item in declaration.items],
    )


def _item(item: Item) -> dict[str, Any]:
    return {
        "item": item.number,
        "commodity_code": item.commodity_code,
        "description": item.description,
        "net_mass_kg": str(item.net_mass_kg),
        "statistical_value": str(item.statistical_value),
        "documents": [_document(document) for document in item.documents],
    }


def _document(document: Document) -> dict[str, Any]:
    fields = {
        "type": document.type,
        "reference": document.reference,
        "line": document.line,
        "quantity": _figure(document.quantity),
        "unit": document.unit,
        "amount": _figure(document.amount),
        "currency": document.currency,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _event(declaration: Declaration, kind: str, at: datetime, **fields: Any) -> Outgoing:
    message_id = f"{declaration.mrn}-{kind}-{at:%m%d%H%M%S}"
    body = {"kind": kind, "sender": SENDER, "message_id": message_id, "mrn": declaration.mrn, **fields}
    text = json.dumps(body, ensure_ascii=False)
    return Outgoing(message_id, kind, Format.JSON, declaration.mrn, text.encode())


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _figure(figure: Decimal | None) -> str | None:
    return None if figure is None else f"{figure:f}"
