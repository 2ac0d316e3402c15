"""Re-issue under a new number: which licence may be replaced, and what is recorded on it.

The balance itself is moved by the ledger, which reads `replaces`.
"""

from collections.abc import Iterable
from dataclasses import replace

from services.core.errors import Fault, Refused
from services.core.messages import Licence, LicenceStatus
from services.licensing.domain.registered import Registered
from services.licensing.domain.status import status_at

_NOTHING_LEFT = frozenset({LicenceStatus.REVOKED, LicenceStatus.ANNULLED})


def replaced_by(known: Registered | None, new: Licence) -> Registered:
    """The replaced licence at its next revision. Refused 409 when nothing can go over, 422 when it does not fit."""
    if known is None:
        fault = Fault("/replaces", "replaced-unknown", f"there is no licence {new.replaces}")
        raise Refused(422, "The request is not acceptable", (fault,))
    old = known.current
    if old.replaced_by is not None:
        fault = Fault("/replaces", "replaced-already", f"{old.ref} was replaced by {old.replaced_by}")
        raise Refused(409, "The licence is replaced already", (fault,))
    if (status := status_at(old.statuses, new.changed_at)) in _NOTHING_LEFT:
        fault = Fault("/replaces", "replaced-ended", f"{old.ref} is {status.lower()}: nothing is carried over")
        raise Refused(409, "The licence has ended", (fault,))
    if faults := tuple(_unlike(old, new)):
        raise Refused(422, "The request is not acceptable", faults)
    at = max(new.changed_at, old.changed_at)
    made = replace(old, revision=old.revision + 1, replaced_by=new.ref, changed_at=at, change=new.change)
    return replace(known, current=made)


def _unlike(old: Licence, new: Licence) -> Iterable[Fault]:
    """A balance goes over to the same holder, line by line, in the same measure."""
    for name in ("authority", "type"):
        if getattr(old, name) != getattr(new, name):
            yield Fault(f"/{name}", "replaced-unlike", f"{old.ref} has another")
    if old.holder.eori != new.holder.eori:
        yield Fault("/holder/eori", "replaced-unlike", f"{old.ref} has another holder")
    before = {line.line: line for line in old.lines}
    for place, line in enumerate(new.lines):
        was = before.get(line.line)
        for name in ("basis", "unit", "currency"):
            if was is not None and getattr(was, name) != getattr(line, name):
                yield Fault(f"/lines/{place}/{name}", "replaced-unlike", f"line {line.line} of {old.ref} has another")
