"""Amendments that take effect later as JSON: in the register, in answers, and laid over a licence."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter

from services.core.messages import Change, Licence
from services.licensing.adapters.bodies import StoredLicence
from services.licensing.adapters.views import change_view, licence_content, time_text
from services.licensing.domain.pending import Pending, State, Terms

_STORED = TypeAdapter(Pending)


def stored(pending: Pending) -> dict[str, Any]:
    """What is kept; `pending_of` reads it."""
    kept: dict[str, Any] = _STORED.dump_python(pending, mode="json")
    return kept


def pending_of(content: Mapping[str, Any]) -> Pending:
    """A stored one. A message takes its times in UTC itself, not in a zone that is equal to it."""
    one = _STORED.validate_python(content)
    change = replace(one.change, effective_at=one.change.effective_at.astimezone(UTC))
    settled_at = one.settled_at and one.settled_at.astimezone(UTC)
    closed = one.closed and replace(one.closed, effective_at=one.closed.effective_at.astimezone(UTC))
    recorded_at = one.recorded_at.astimezone(UTC)
    return replace(one, change=change, recorded_at=recorded_at, settled_at=settled_at, closed=closed)


def pending_view(pending: Pending) -> dict[str, Any]:
    """The answer of the door. `changes`: the terms that were sent."""
    return {
        "id": pending.id,
        "licence": pending.ref,
        "state": pending.state.value,
        **change_view(pending.change),
        "changes": dict(pending.sent),
        "recorded_at": time_text(pending.recorded_at),
        "settled_at": pending.settled_at and time_text(pending.settled_at),
        "revision": pending.revision,
        "faults": [{"path": one.path, "code": one.code, "detail": one.detail} for one in pending.faults],
        "withdrawn": pending.closed and change_view(pending.closed),
    }


def identity(ref: str, allowed: Iterable[int], sent: Terms, change: Change) -> str:
    """The same request again has the same."""
    told = json.dumps([ref, sorted(allowed), sent, change_view(replace(change, party=None))], sort_keys=True)
    return sha256(told.encode()).hexdigest()[:32]


def overlaid(licence: Licence, terms: Iterable[Terms]) -> StoredLicence:
    """The licence with terms laid over it, one after the other."""
    content = licence_content(licence)
    for one in terms:
        content |= one
    return StoredLicence.model_validate(content)


def waiting_before(found: Iterable[Pending], effective_at: datetime) -> list[Pending]:
    """Those that will have taken effect by then, in their order."""
    return [one for one in found if one.state is State.WAITING and one.change.effective_at <= effective_at]
