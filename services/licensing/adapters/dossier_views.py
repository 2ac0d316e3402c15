"""Dossiers as JSON. Notes are no part of one: they are shown by themselves, to the authority that wrote them."""

from datetime import datetime
from typing import Any

from services.core.messages import Authorisation, Dossier, DossierAdvice, DossierCheck, DossierStep, Licence
from services.licensing.adapters.views import day_text, time_text
from services.licensing.adapters.words import word
from services.licensing.domain.dossier_clocks import overdue
from services.licensing.domain.dossier_notes import Note
from services.licensing.domain.legs import Leg, is_live
from services.licensing.domain.status import status_at


def dossier_view(of: Dossier, now: datetime) -> dict[str, Any]:
    """What both authorities see. `overdue`: the clocks that are over at `now`, and whose turn it is."""
    late = overdue(of, now)
    names = {clock.check for clock in late}
    return {
        "ref": of.ref,
        "revision": of.revision,
        "state": "open" if of.outcome is None else "closed",
        "outcome": of.outcome and word(of.outcome),
        "application": of.application,
        "licence": of.licence,
        "federal_authorisation": of.federal_authorisation,
        "authority": of.authority,
        "federal": of.federal,
        "involvement": word(of.involvement),
        "goods": list(of.goods),
        "time_zone": of.time_zone,
        "checks": [_check(check, late=check.name in names) for check in of.checks],
        "advice": of.advice and _advice(of.advice, late=None in names),
        "overdue": [
            {"what": clock.check or "advice", "side": word(clock.side), "due": day_text(clock.due)} for clock in late
        ],
        "changed_at": time_text(of.changed_at),
    }


def steps_view(of: Dossier) -> list[dict[str, Any]]:
    """All steps; what a kind of step does not state is left out."""
    return [{name: value for name, value in _step(step).items() if value not in (None, [])} for step in of.steps]


def legs_view(legs: tuple[Leg, ...], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "kind": word(leg.kind),
            "required": leg.required,
            "live": leg.stands(now),
            "entered": [_entered(of, now) for of in leg.entered],
        }
        for leg in legs
    ]


def licence_status(licence: Licence | None, now: datetime) -> str | None:
    """None: it is not entered yet."""
    return None if licence is None else word(status_at(licence.statuses, now))


def note_view(note: Note) -> dict[str, Any]:
    return {"number": note.number, "actor": note.actor, "text": note.text, "noted_at": time_text(note.noted_at)}


def _check(of: DossierCheck, *, late: bool) -> dict[str, Any]:
    return {
        "name": of.name,
        "kind": "technical" if of.technical else "administrative",
        "side": word(of.side),
        "state": "todo" if of.result is None else "done",
        "result": of.result and word(of.result),
        "statement": of.statement,
        "done_by": of.done_by and {"side": word(of.done_by), "actor": of.done_by_actor},
        "done_at": of.done_at and time_text(of.done_at),
        "due": day_text(of.due),
        "overdue": late,
    }


def _advice(of: DossierAdvice, *, late: bool) -> dict[str, Any]:
    return {
        "state": word(of.state),
        "opinion": of.opinion and word(of.opinion),
        "conditions": list(of.conditions),
        "decision": of.decision and word(of.decision),
        "due": day_text(of.due),
        "overdue": late,
    }


def _step(of: DossierStep) -> dict[str, Any]:
    return {
        "revision": of.revision,
        "step": word(of.kind),
        "side": of.side and word(of.side),
        "actor": of.actor,
        "reason": of.reason,
        "check": of.check,
        "to": of.to and word(of.to),
        "agreed_with": of.agreed_with,
        "result": of.result and word(of.result),
        "statement": of.statement,
        "opinion": of.opinion and word(of.opinion),
        "conditions": list(of.conditions),
        "decision": of.decision and word(of.decision),
        "licence": of.licence,
        "federal_authorisation": of.federal_authorisation,
        "outcome": of.outcome and word(of.outcome),
        "at": time_text(of.at),
    }


def _entered(of: Authorisation, now: datetime) -> dict[str, Any]:
    return {
        "ref": of.ref,
        "issued_by": of.issued_by,
        "status": word(status_at(of.statuses, now)),
        "valid_from": of.valid_from.isoformat(),
        "valid_to": day_text(of.valid_to),
        "live": is_live(of, now),
    }
