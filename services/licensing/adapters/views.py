"""Licences and refusals as JSON, in the register and in answers. Amounts stay as the authority wrote them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.core.message import plain
from services.core.messages import (
    Change,
    EndUser,
    Licence,
    LicenceLine,
    Party,
    Refusal,
    RefusedGoods,
    Requirements,
    StatusChange,
)
from services.licensing.adapters.bodies import StoredLicence
from services.licensing.adapters.words import word
from services.licensing.domain.status import standing

_UNSAID = {
    name: field.get_default(call_default_factory=True)
    for name, field in StoredLicence.model_fields.items()
    if not field.is_required() and name != "requires"
}
"""Fields that a stored revision may lack, and what that stands for: nothing, or an empty list."""


def licence_view(licence: Licence, now: datetime) -> dict[str, Any]:
    """The answer of the door; `status` is the one in force at `now`."""
    return {**licence_content(licence), "status": word(standing(licence, now))}


def licence_content(licence: Licence) -> dict[str, Any]:
    """A revision with every field; `bodies.StoredLicence` reads it."""
    return {
        "ref": licence.ref,
        "revision": licence.revision,
        "type": word(licence.type),
        "authority": licence.authority,
        "holder": _party(licence.holder),
        "consignees": [_party(party) for party in licence.consignees],
        "end_users": [_end_user(user) for user in licence.end_users],
        "destinations": list(licence.destinations),
        "procedures": list(licence.procedures),
        "valid_from": licence.valid_from.isoformat(),
        "valid_to": day_text(licence.valid_to),
        "time_zone": licence.time_zone,
        "requires": _requires(licence.requires),
        "lines": [_line(line) for line in licence.lines],
        "statuses": [step_view(step) for step in licence.statuses],
        "changed_at": time_text(licence.changed_at),
        **_scope(licence),
        **_boxes(licence),
    }


def as_stored(content: Mapping[str, Any]) -> dict[str, Any]:
    """The same without the fields that say nothing, which are a third of it."""
    return {name: value for name, value in content.items() if value or name not in _UNSAID}


def as_shown(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a stored one; one of an earlier release may lack, or have, any field that says nothing."""
    return {**_UNSAID, **stored}


def _requires(requires: Requirements) -> dict[str, Any]:
    return {
        "federal_authorisation": requires.federal_authorisation,
        "end_use_certificate": requires.end_use_certificate,
        "state_guarantee": requires.state_guarantee,
    }


def _scope(licence: Licence) -> dict[str, Any]:
    return {
        "general": licence.general and word(licence.general),
        "registered_at": day_text(licence.registered_at),
        "first_use_notified_at": day_text(licence.first_use_notified_at),
        "excluded_destinations": list(licence.excluded_destinations),
        "excluded_items": list(licence.excluded_items),
        "conditions": [plain(condition) for condition in licence.conditions],
        "references": [
            {"kind": word(one.kind), "ref": one.ref, "dated": day_text(one.dated)} for one in licence.references
        ],
        "replaces": licence.replaces,
        "split_from": licence.split_from,
        "replaced_by": licence.replaced_by,
        "change": licence.change and change_view(licence.change),
    }


def _boxes(licence: Licence) -> dict[str, Any]:
    return {
        "representative": licence.representative and _party(licence.representative),
        "contact": licence.contact,
        "country_of_consignment": licence.country_of_consignment,
        "country_of_location": licence.country_of_location,
        "country_of_entry": licence.country_of_entry,
        "additional_information": licence.additional_information,
    }


def change_view(change: Change) -> dict[str, Any]:
    return {
        "actor": change.actor,
        "reason": change.reason,
        "legal_basis": change.legal_basis,
        "effective_at": time_text(change.effective_at),
        "party": change.party,
    }


def refusal_view(refusal: Refusal) -> dict[str, Any]:
    """The answer of the door and what is stored; `bodies.StoredRefusal` reads it."""
    return {
        "ref": refusal.ref,
        "revision": refusal.revision,
        "authority": refusal.authority,
        "decided_at": refusal.decided_at.isoformat(),
        "applicant": _party(refusal.applicant),
        "consignees": [_party(party) for party in refusal.consignees],
        "end_users": [_end_user(user) for user in refusal.end_users],
        "destination": refusal.destination,
        "grounds": list(refusal.grounds),
        "text": refusal.text,
        "goods": [goods_view(goods) for goods in refusal.goods],
        "changed_at": time_text(refusal.changed_at),
    }


def step_view(step: StatusChange) -> dict[str, Any]:
    return {
        "status": word(step.status),
        "effective_at": time_text(step.effective_at),
        "reason": step.reason,
        "actor": step.actor,
        "legal_basis": step.legal_basis,
    }


def time_text(instant: datetime) -> str:
    """RFC 3339 in UTC."""
    return instant.isoformat().replace("+00:00", "Z")


def day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def amount_text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _party(party: Party) -> dict[str, Any]:
    return {
        "eori": party.eori,
        "name": party.name,
        "address": party.address,
        "country": party.country,
        "transliteration": party.transliteration,
    }


def _end_user(user: EndUser) -> dict[str, Any]:
    return {"name": user.name, "country": user.country, "kind": user.kind, "end_use": user.end_use}


def _line(line: LicenceLine) -> dict[str, Any]:
    return {
        "line": line.line,
        "description": line.description,
        "control_code": line.control_code,
        "commodity_codes": list(line.commodity_codes),
        "basis": word(line.basis),
        "quantity": amount_text(line.quantity),
        "unit": line.unit,
        "value": amount_text(line.value),
        "currency": line.currency,
        "tolerance": amount_text(line.tolerance),
        "periods": [
            {"days": limit.days, "quantity": amount_text(limit.quantity), "value": amount_text(limit.value)}
            for limit in line.periods
        ],
        "technical_specification": line.technical_specification,
        "end_use": line.end_use,
        "cas_number": line.cas_number,
        "country_of_origin": line.country_of_origin,
    }


def goods_view(goods: RefusedGoods) -> dict[str, Any]:
    return {
        "description": goods.description,
        "control_code": goods.control_code,
        "commodity_codes": list(goods.commodity_codes),
        "value": amount_text(goods.value),
        "currency": goods.currency,
    }
