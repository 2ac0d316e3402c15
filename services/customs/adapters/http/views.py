"""The JSON bodies of the door's answers: amounts as strings, times as RFC 3339 in UTC, codes in lower case."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from services.core.facts import Fact
from services.core.message import Record
from services.core.message import plain as fields_of
from services.core.messages import (
    ArrivedAtExit,
    DeclarationAccepted,
    DeclarationAmended,
    ExitReleased,
    ExitStopped,
    GoodsExited,
    Item,
    ItemVerdict,
    Stage,
    Verdict,
    VerdictKind,
)
from services.core.values import format_amount
from services.customs.adapters.queries import MessageView, ShipmentView
from services.customs.adapters.register import Receipt
from services.customs.domain.answer import Answer

Json = dict[str, Any]

_OF_DECLARATION = (
    "lrn",
    "accepted_at",
    "amended_at",
    "form",
    "pre_lodged",
    "completes",
    "office_of_export",
    "office_of_exit",
    "border_mode",
    "containerised",
    "procedure",
    "exporter",
    "declarant",
    "consignee",
    "country_of_destination",
)


def receipt(row: Mapping[str, Any]) -> Json:
    names = ("id", "message_id", "kind", "mrn", "lrn", "sha256")
    return {
        **{name: row[name] for name in names},
        "received_at": moment(row["received_at"]),
        "warnings": row["warnings"],
    }


def taken(answer: Receipt) -> Json:
    """What the sender of a message is told."""
    return receipt(answer.row) | ({"duplicate": True} if answer.duplicate else {})


def message(view: MessageView) -> Json:
    """A receipt with where the message stands, why, and which shipment and fact it belongs to."""
    row = view.row
    return {
        **receipt(row),
        "state": view.standing.value,
        "reason": view.note,
        "shipment": row["shipment"],
        "fact_id": row["fact_id"],
    }


def verdict(mrn: str, version: int | None, answer: Answer | None, *, settled: bool) -> Json:
    """The verdict, or `pending` when there is none or the caller waits for a later one."""
    given = None if answer is None else answer.verdict
    if given is None or not settled:
        return {
            "mrn": mrn,
            "version": version,
            "verdict": code(VerdictKind.PENDING),
            "phase": None if given is None else code(given.phase),
            "stage": None if given is None or given.stage is None else code(given.stage),
            "items": [],
            "overrides": [],
            "rule_set": None,
            "decided_at": None,
            "respond_by": None if given is None or given.respond_by is None else moment(given.respond_by),
        }
    return final_verdict(given)


def final_verdict(given: Verdict) -> Json:
    """A verdict as it was decided."""
    return {
        "mrn": given.mrn,
        "version": given.version,
        "verdict": code(given.verdict),
        "phase": code(given.phase),
        "stage": None if given.stage is None else code(given.stage),
        "items": [_item_verdict(item) for item in given.items],
        "overrides": [plain(override) for override in given.overrides],
        "rule_set": given.rule_set,
        "decided_at": moment(given.decided_at),
        "respond_by": None if given.respond_by is None else moment(given.respond_by),
    }


def _item_verdict(item: ItemVerdict) -> Json:
    return {
        "item": item.item,
        "licence": item.licence,
        "line": item.line,
        "verdict": code(item.verdict),
        "reasons": list(item.reasons),
    }


def shipment(view: ShipmentView) -> Json:
    """A declaration as last received in whole, its answer per item, and every message about it in order of receipt."""
    declaration = view.declaration
    given = None if view.answer is None else view.answer.verdict
    phase = None if declaration is None else "accepted"
    return {
        "mrn": view.mrn,
        "version": view.version if given is None else max(given.version, view.version or 0),
        "phase": phase if given is None else code(given.phase),
        "stage": _stage(declaration, given),
        **_declaration(declaration),
        "exit": _exit(declaration, view.messages),
        "items": [] if declaration is None else [_item(item, given) for item in declaration.items],
        "verdict": verdict(view.mrn, view.version, view.answer, settled=given is not None),
        "history": [_history(m) for m in view.messages],
    }


def _declaration(declaration: DeclarationAccepted | None) -> Json:
    if declaration is None:
        return dict.fromkeys(_OF_DECLARATION)
    fields = plain(declaration) | {"form": code(declaration.form)}
    return {name: fields[name] for name in _OF_DECLARATION}


def _stage(declaration: DeclarationAccepted | None, given: Verdict | None) -> str | None:
    """As the last verdict says; before the first, as the declaration alone gives it."""
    if given is not None and given.stage is not None:
        return code(given.stage)
    if declaration is None:
        return None
    return code(Stage.LODGED if declaration.pre_lodged else Stage.ACCEPTED)


def _exit(declaration: DeclarationAccepted | None, messages: Iterable[MessageView]) -> Json:
    """The office of exit that was declared, and where the goods were seen, in order: diverted is information only."""
    seen = sorted(place for view in messages if (place := _place_of_exit(view.fact)) is not None)
    offices = list(dict.fromkeys(office for _, office in seen))
    declared = None if declaration is None else declaration.office_of_exit
    expected = {declared} - {None} or set(offices[:1])
    return {"declared": declared, "offices": offices, "diverted": bool(set(offices) - expected)}


def _place_of_exit(fact: Fact | None) -> tuple[datetime, str] | None:
    """When and where a fact happened at an office of exit."""
    match fact:
        case ArrivedAtExit(arrived_at=at, office_of_exit=str(office)):
            return at, office
        case ExitReleased(released_at=at, office_of_exit=str(office)):
            return at, office
        case ExitStopped(stopped_at=at, office_of_exit=str(office)):
            return at, office
        case GoodsExited(exited_at=at, office_of_exit=str(office)):
            return at, office
    return None


def _item(item: Item, given: Verdict | None) -> Json:
    fields = plain(item)
    fields["country_of_destination"] = fields.pop("destination")
    answers = () if given is None else given.items
    return {**fields, "cover": [_item_verdict(one) for one in answers if one.item == item.item]}


def _history(view: MessageView) -> Json:
    fact = view.fact
    entry = {**message(view), "fact": None if fact is None else type(fact).__name__}
    if isinstance(fact, DeclarationAmended):
        entry["amendment"] = plain(fact)
        del entry["amendment"]["sources"]
    if isinstance(fact, DeclarationAccepted):
        entry["version"] = fact.version
    return entry


def plain(record: Record) -> Json:
    """A record as JSON values."""
    made: Json = _plain(fields_of(record))
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return format_amount(value)
    return moment(value) if isinstance(value, datetime) else value


def moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def code(value: Enum) -> str:
    """`NOT_CONTROLLED` as `not-controlled`."""
    return str(value.value).lower().replace("_", "-")
