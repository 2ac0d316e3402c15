"""A declaration in the JSON of the HTTP contract."""

import json
from typing import Any

from services.core.messages import DeclarationAccepted, Document, Item, Party


def messages(made: DeclarationAccepted) -> tuple[bytes, ...]:
    fields = _given(
        kind="declaration",
        sender="somebody",
        message_id="m-1",
        mrn=made.mrn,
        lrn=made.lrn,
        version=made.version,
        accepted_at=made.accepted_at.isoformat(),
        form=made.form.value.lower().replace("_", "-"),
        pre_lodged=made.pre_lodged,
        completes=list(made.completes) or None,
        office_of_export=made.office_of_export,
        office_of_exit=made.office_of_exit,
        border_mode=made.border_mode,
        containerised=made.containerised,
        procedure=made.procedure,
        exporter=_party(made.exporter),
        declarant=_party(made.declarant),
        consignee=_party(made.consignee),
        country_of_destination=made.country_of_destination,
        items=[_item(item, made.procedure) for item in made.items],
    )
    return (json.dumps(fields, ensure_ascii=False).encode(),)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _party(party: Party | None) -> dict[str, Any] | None:
    if party is None:
        return None
    return _given(name=party.name, eori=party.eori, address=party.address, country=party.country)


def _item(item: Item, procedure: str) -> dict[str, Any]:
    return _given(
        item=item.item,
        commodity_code=item.commodity_code,
        description=item.description,
        net_mass_kg=_figure(item.net_mass_kg),
        statistical_value=_figure(item.statistical_value),
        procedure=None if item.procedure == procedure else item.procedure,
        consignee=_party(item.consignee),
        country_of_destination=item.destination,
        documents=[_document(document) for document in item.documents],
    )


def _document(document: Document) -> dict[str, Any]:
    return _given(
        type=document.type,
        reference=document.reference,
        line=document.line,
        quantity=_figure(document.quantity),
        unit=document.unit,
        amount=_figure(document.amount),
        currency=document.currency,
    )


def _figure(figure: Any) -> str | None:
    return None if figure is None else f"{figure:f}"
