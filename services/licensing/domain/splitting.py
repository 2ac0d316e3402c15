"""Splitting of a global licence: a part of what it authorises becomes a licence with a number of its own.

What is drawn already is known to the ledger alone: it says so when what is left is less.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from services.core.errors import Fault, Refused
from services.core.messages import Change, Licence, LicenceLine, LicenceStatus, LicenceType
from services.licensing.domain.registered import Registered
from services.licensing.domain.status import standing
from services.licensing.domain.terms import lowered_faults

_LIVE = frozenset({LicenceStatus.ISSUED, LicenceStatus.REINSTATED})
_SAME_OF_LINE = ("control_code", "basis", "unit", "currency")
_LONGEST = 4_000


def split_off(known: Registered | None, new: Licence) -> Registered:
    """The licence that is split, at its next revision: its lines lowered by those of the new one.

    Refused 409 when it is not live or was replaced, 422 when the new licence would allow more than it does.
    """
    if known is None:
        fault = Fault("/split_from", "split-unknown", f"there is no licence {new.split_from}")
        raise Refused(422, "The request is not acceptable", (fault,))
    whole = known.current
    status = standing(whole, new.changed_at)
    if status not in _LIVE or whole.replaced_by is not None:
        how = status.lower() if whole.replaced_by is None else f"replaced by {whole.replaced_by}"
        fault = Fault("/split_from", "split-not-live", f"{whole.ref} is {how}: nothing is split off")
        raise Refused(409, "The licence cannot be split", (fault,))
    if faults := (*_unlike(whole, new), *_wider(whole, new), *_more(whole, new)):
        raise Refused(422, "The request is not acceptable", faults)
    given = {line.line: line for line in new.lines}
    lines = tuple(_lowered(line, given[line.line]) if line.line in given else line for line in whole.lines)
    if faults := tuple(_left(whole.ref, lines)):
        raise Refused(422, "The request is not acceptable", faults)
    at = max(new.changed_at, whole.changed_at)
    made = replace(whole, revision=whole.revision + 1, lines=lines, changed_at=at, change=_change(new))
    return replace(known, current=made)


def _unlike(whole: Licence, new: Licence) -> Iterable[Fault]:
    if whole.type is not LicenceType.GLOBAL:
        yield Fault("/split_from", "split-kind", f"{whole.ref} is not a global licence")
    if new.type is not LicenceType.GLOBAL:
        yield Fault("/type", "split-unlike", "what is split off a global licence is one")
    if new.replaces is not None:
        yield Fault("/replaces", "split-and-replaces", "a licence is split off or replaces another, not both")
    if whole.authority != new.authority:
        yield Fault("/authority", "split-unlike", f"{whole.ref} has another")
    if whole.holder.eori != new.holder.eori:
        yield Fault("/holder/eori", "split-unlike", f"{whole.ref} has another holder; a licence is not transferred")


def _wider(whole: Licence, new: Licence) -> Iterable[Fault]:
    """A part allows nothing that the whole does not. Named recipients are the authority's to choose again."""
    ends = whole.valid_to
    if new.valid_from < whole.valid_from:
        yield Fault("/valid_from", "split-wider", f"{whole.ref} is valid from {whole.valid_from}")
    if ends is not None and (new.valid_to is None or new.valid_to > ends):
        yield Fault("/valid_to", "split-wider", f"{whole.ref} is valid to {ends}")
    for name in ("destinations", "procedures"):
        allowed, asked = set(getattr(whole, name)), set(getattr(new, name))
        if allowed and (not asked or asked - allowed):
            yield Fault(f"/{name}", "split-wider", f"{whole.ref} allows {', '.join(sorted(allowed))}")
    for name in ("federal_authorisation", "end_use_certificate", "state_guarantee"):
        if getattr(whole.requires, name) and not getattr(new.requires, name):
            yield Fault(f"/requires/{name}", "split-wider", f"{whole.ref} requires it")


def _more(whole: Licence, new: Licence) -> Iterable[Fault]:
    """Line by line, in the same measure, and no more than is authorised."""
    before = {line.line: line for line in whole.lines}
    for place, line in enumerate(new.lines):
        path, was = f"/lines/{place}", before.get(line.line)
        if was is None:
            yield Fault(f"{path}/line", "split-line-unknown", f"{whole.ref} has no line {line.line}")
            continue
        for name in _SAME_OF_LINE:
            if getattr(was, name) != getattr(line, name):
                yield Fault(f"{path}/{name}", "split-unlike", f"line {line.line} of {whole.ref} has another")
        for name in ("quantity", "value"):
            asked, most = getattr(line, name), getattr(was, name)
            if asked is not None and (most is None or asked > most):
                detail = f"line {line.line} of {whole.ref} authorises {'no ' + name if most is None else most}"
                yield Fault(f"{path}/{name}", "split-above", detail)


def _lowered(line: LicenceLine, given: LicenceLine) -> LicenceLine:
    return replace(line, quantity=_minus(line.quantity, given.quantity), value=_minus(line.value, given.value))


def _minus(whole: Decimal | None, part: Decimal | None) -> Decimal | None:
    return whole if whole is None or part is None else whole - part


def _left(ref: str, lines: Iterable[LicenceLine]) -> Iterable[Fault]:
    """What is left must be a licence that can be amended: a limit of a period above it is lowered first."""
    for place, line in enumerate(lines):
        for fault in lowered_faults(place, line):
            yield Fault("/split_from", fault.code, f"line {line.line} of {ref} would not stand: {fault.detail}")


def _change(new: Licence) -> Change | None:
    """By whom and by what right the new one is; what is left counts at once, whenever that one begins."""
    if new.change is None:
        return None
    reason = f"{new.ref} was split off" + (f": {new.change.reason}" if new.change.reason else "")
    return replace(new.change, reason=reason[:_LONGEST], effective_at=new.changed_at)
