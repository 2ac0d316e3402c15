"""What an amendment of a licence may change: the terms, never what its ledger is counted by."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.core.decision import Decision
from services.core.errors import Fault, Refused
from services.core.messages import Change, Licence, LicenceLine
from services.licensing.domain.registered import Registered
from services.licensing.domain.status import FINAL, standing, status_at

_FIXED = ("ref", "type", "authority", "general", "replaces", "split_from")
_FIXED_OF_LINE = ("basis", "unit", "currency")


@dataclass(frozen=True, slots=True)
class AmendLicence:
    """A licence with other terms, made from the revision that `expected` allows; its history is not part of it."""

    terms: Licence
    change: Change
    expected: frozenset[int]
    at: datetime


def amend(known: Registered | None, asked: AmendLicence) -> Decision[Registered]:
    """Make the next revision. The same amendment again is a repeat, even when `expected` is outdated by it.

    Refused 404, 412, 409 when the licence has ended, 422 when something fixed would change.
    """
    if known is None:
        raise Refused(404, "No such licence")
    current = known.current
    made = replace(
        asked.terms,
        revision=current.revision + 1,
        time_zone=current.time_zone,
        statuses=current.statuses,
        changed_at=max(asked.at, current.changed_at),
        replaced_by=current.replaced_by,
        change=asked.change,
    )
    if _is_repeat(current, made):
        return Decision(known)
    if current.revision not in asked.expected:
        fault = Fault("If-Match", "revision", f"the licence is at revision {current.revision}")
        raise Refused(412, "The licence has changed since", (fault,))
    if faults := tuple(ended_faults(current, asked.change.effective_at, asked.at)):
        raise Refused(409, "The licence has ended", faults)
    if faults := tuple(fixed_faults(current, made)):
        raise Refused(422, "The request is not acceptable", faults)
    return Decision(replace(known, current=made), (made,))


def ended_faults(current: Licence, effective_at: datetime, at: datetime) -> Iterable[Fault]:
    """What has ended by a decision is not amended; what has expired, only by what took effect before it did."""
    if (status := status_at(current.statuses, at)) in FINAL:
        yield Fault("", "ended", f"the licence is {status.lower()}")
    elif (status := standing(current, effective_at)) in FINAL:
        yield Fault("", "ended", f"the licence is {status.lower()} when this takes effect; issue one that replaces it")


def fixed_faults(current: Licence, made: Licence) -> Iterable[Fault]:
    """What would change and never may: the ledger counts by it, and another holder is another licence."""
    for name in _FIXED:
        if getattr(current, name) != getattr(made, name):
            yield Fault(f"/{name}", "fixed", "never changes; issue another licence that replaces this one")
    if current.holder.eori != made.holder.eori:
        yield Fault("/holder/eori", "fixed", "a licence is not transferred; issue another")
    places = {line.line: place for place, line in enumerate(made.lines)}
    for line in current.lines:
        if line.line not in places:
            yield Fault("/lines", "line-dropped", f"line {line.line} stays: lower what it authorises instead")
        else:
            yield from _fixed_of_line(line, made.lines[places[line.line]])


def _fixed_of_line(line: LicenceLine, made: LicenceLine) -> Iterable[Fault]:
    for name in _FIXED_OF_LINE:
        if (before := getattr(line, name)) != getattr(made, name):
            yield Fault("/lines", f"{name}-fixed", f"line {line.line}: {name} {before} never changes")


def _is_repeat(current: Licence, made: Licence) -> bool:
    """At once means another instant each time it is asked: only who, why and by what right are compared."""
    told, asked = current.change, made.change
    if told is None or asked is None or current.revision == 1:
        return False
    same = replace(asked, effective_at=told.effective_at) == told
    return same and current == replace(
        made, revision=current.revision, changed_at=current.changed_at, change=current.change
    )
