"""The legs that goods stand on beside their licence: federal authorisation, end-use certificate, state guarantee.

The licence says which it requires. One of each kind must be live at acceptance: its status and its days then, the
licence line covered, and its own limit kept. A limit counts all that is drawn of the lines it covers, whenever it was
accepted: an authorisation that replaces one states the total.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from services.core.authorisations import OF_SHIPMENTS
from services.core.days import zone
from services.core.errors import Rejected
from services.core.messages import Authorisation, AuthorisationKind, Comparison, Licence, LicenceLine
from services.core.values import ZERO
from services.reconciliation.domain.case import Case, Mismatch
from services.reconciliation.domain.columns import drawn
from services.reconciliation.domain.measures import converted, shown
from services.reconciliation.domain.validity import may_be_drawn_on, standing

FEDERAL: Final = AuthorisationKind.FEDERAL_AUTHORISATION
CERTIFICATE: Final = AuthorisationKind.END_USE_CERTIFICATE
GUARANTEE: Final = AuthorisationKind.STATE_GUARANTEE

LEGS: Final = {
    FEDERAL: "federal-authorisation.missing",
    CERTIFICATE: "end-use-certificate.missing",
    GUARANTEE: "state-guarantee.missing",
}
"""The reason for which a shipment lacking a leg is refused."""


def check_authorisation(of: Authorisation) -> None:
    """Rejected when it cannot be judged by."""
    if of.kind not in LEGS and (of.kind not in OF_SHIPMENTS or of.mrn is None):
        raise Rejected(f"{of.ref}: {of.kind.value} is no kind that this release judges by")
    try:
        zone(of.time_zone)
    except (ValueError, KeyError, OSError) as error:
        raise Rejected(f"{of.ref}: time_zone {of.time_zone!r} is not an IANA time zone") from error


def with_authorisation(beside: tuple[Authorisation, ...], of: Authorisation) -> tuple[Authorisation, ...]:
    """What stands beside the licence once this is known, by kind and reference."""
    others = [other for other in beside if (other.kind, other.ref) != (of.kind, of.ref)]
    return tuple(sorted([*others, of], key=lambda each: (each.kind.value, each.ref)))


def known_of(beside: Iterable[Authorisation], of: Authorisation) -> Authorisation | None:
    """The same one as it was known before."""
    return next((other for other in beside if (other.kind, other.ref) == (of.kind, of.ref)), None)


def leg_lacks(case: Case, kind: AuthorisationKind) -> Mismatch | None:
    """Each of the kind that is there, and why it does not do; a line the licence does not have is judged elsewhere."""
    if case.terms is None or case.line is None or not requires(case.terms, kind):
        return None
    name = _name(kind)
    faults: list[Mismatch] = []
    for of in case.beside:
        if of.kind is kind:
            fault = _not_live(of, case, name) or _not_covering(of, case.line, name) or _beyond(of, case, name)
            if fault is None:
                return None
            faults.append(fault)
    if not faults:
        return Mismatch((Comparison(what=name, declared="none", licensed="required by the licence"),))
    compared = tuple(one for fault in faults for one in fault.compared)
    return Mismatch(compared, tuple(one for fault in faults for one in fault.passing))


def legs_lacking(case: Case, moment: datetime) -> list[str]:
    """The codes of the legs that the draw would lack were it accepted at this moment; limits are not judged."""
    then = replace(case, demand=replace(case.demand, accepted_at=moment), columns=None)
    return [code for kind, code in LEGS.items() if leg_lacks(then, kind) is not None]


def requires(terms: Licence, kind: AuthorisationKind) -> bool:
    """Whether the licence asks for a leg of this kind."""
    asked = terms.requires
    if kind is FEDERAL:
        return asked.federal_authorisation
    if kind is CERTIFICATE:
        return asked.end_use_certificate
    return kind is GUARANTEE and asked.state_guarantee


def _name(kind: AuthorisationKind) -> str:
    return kind.value.lower().replace("_", " ")


def _wrong(what: str, declared: str, licensed: str, *passing: Comparison) -> Mismatch:
    return Mismatch((Comparison(what=what, declared=declared, licensed=licensed),), passing)


def _not_live(of: Authorisation, case: Case, name: str) -> Mismatch | None:
    moment = case.demand.accepted_at
    if may_be_drawn_on(of, moment):
        return None
    at = standing(of, moment)
    term = f"{at.status.value.lower()}, {of.valid_from} to {of.valid_to or 'no end'}, {of.time_zone}"
    return _wrong(f"{name} {of.ref} at acceptance", at.day, term)


def _covers(of: Authorisation, line: LicenceLine) -> bool:
    code = line.control_code
    entry = not of.items or any(code == item or code.startswith(f"{item}.") for item in of.items)
    return entry and of.line in (None, line.line)


def _not_covering(of: Authorisation, line: LicenceLine, name: str) -> Mismatch | None:
    if _covers(of, line):
        return None
    goods = ", ".join(of.items) or "all goods"
    licensed = goods if of.line is None else f"{goods} of line {of.line}"
    return _wrong(f"goods of {name} {of.ref}", f"{line.control_code}, line {line.line}", licensed)


def _beyond(of: Authorisation, case: Case, name: str) -> Mismatch | None:
    """Its own limit; who holds an amount already keeps it."""
    if of.quantity is None or of.unit is None or case.keeps or case.columns is None:
        return None
    takes, others = _in_its_unit(of, case.line, case.takes.quantity, case), _drawn_by_others(of, case)
    what = f"quantity of {name} {of.ref}"
    if takes is None or others is None:
        return _wrong(what, f"in {(case.line and case.line.unit) or 'no unit'}", f"in {of.unit}")
    if others + takes <= of.quantity:
        return None
    at_most = shown(of.quantity, of.unit)
    others_drew = Comparison(what=f"{what} drawn by others", declared=shown(others, of.unit), licensed=at_most)
    return _wrong(what, shown(takes, of.unit), at_most, others_drew)


def _drawn_by_others(of: Authorisation, case: Case) -> Decimal | None:
    total = ZERO
    for line in case.terms.lines if case.terms else ():
        if _covers(of, line) and case.columns is not None:
            amount = _in_its_unit(of, line, drawn(case.columns.of(line.line).quantity), case)
            if amount is None:
                return None
            total += amount
    return total


def _in_its_unit(of: Authorisation, line: LicenceLine | None, amount: Decimal | None, case: Case) -> Decimal | None:
    if amount is None or of.unit is None or line is None or line.unit is None:
        return None
    return converted(amount, line.unit, of.unit, case.rules.codes.as_of(case.demand.accepted_at))
