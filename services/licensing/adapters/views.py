"""Licences and refusals as JSON, in the register and in answers. Amounts stay as the authority wrote them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from services.core.message import plain
from services.core.messages import EndUser, Licence, LicenceLine, Party, Refusal, RefusedGoods, StatusChange
from services.licensing.adapters.bodies import word
from services.licensing.domain.status import status_at


def licence_view(licence: Licence, now: datetime) -> dict[str, Any]:
    """The answer of the door; `status` is the one in force at `now`."""
    return {**licence_content(licence), "status": word(status_at(licence.statuses, now))}


def licence_content(licence: Licence) -> dict[str, Any]:
    """A revision as it is stored; `bodies.StoredLicence` reads it."""
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
        "valid_to": None if licence.valid_to is None else licence.valid_to.isoformat(),
        "time_zone": licence.time_zone,
        "requires": plain(licence.requires),
        "lines": [_line(line) for line in licence.lines],
        "statuses": [step_view(step) for step in licence.statuses],
        "changed_at": time_text(licence.changed_at),
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
        "goods": [_goods(goods) for goods in refusal.goods],
        "changed_at": time_text(refusal.changed_at),
    }


def step_view(step: StatusChange) -> dict[str, Any]:
    return {"status": word(step.status), "effective_at": time_text(step.effective_at), "reason": step.reason}


def time_text(instant: datetime) -> str:
    """RFC 3339 in UTC."""
    return instant.isoformat().replace("+00:00", "Z")


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _party(party: Party) -> dict[str, Any]:
    names = ("eori", "name", "address", "country", "transliteration")
    return {name: getattr(party, name) for name in names}


def _end_user(user: EndUser) -> dict[str, Any]:
    return {"name": user.name, "country": user.country, "kind": user.kind, "end_use": user.end_use}


def _line(line: LicenceLine) -> dict[str, Any]:
    return {
        "line": line.line,
        "description": line.description,
        "control_code": line.control_code,
        "commodity_codes": list(line.commodity_codes),
        "basis": word(line.basis),
        "quantity": _amount(line.quantity),
        "unit": line.unit,
        "value": _amount(line.value),
        "currency": line.currency,
    }


def _goods(goods: RefusedGoods) -> dict[str, Any]:
    return {
        "description": goods.description,
        "control_code": goods.control_code,
        "commodity_codes": list(goods.commodity_codes),
        "value": _amount(goods.value),
        "currency": goods.currency,
    }
