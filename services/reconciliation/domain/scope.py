"""Rules on what a licence is for: destinations, items it excludes, registration under a general authorisation.

Which countries and items a general authorisation covers is data of the licence, as the register states it (Reg. (EU)
2021/821 annex II, parts 1 and 2 of each section), not of this program.
"""

from datetime import date
from typing import Final

from services.core.days import years_after
from services.core.messages import GeneralAuthorisation, Licence, LicenceType, Reference, ReferenceKind
from services.reconciliation.domain.case import Case, Mismatch, differs
from services.reconciliation.domain.validity import judged_day

ORIGINAL_YEARS: Final = 5
GENERAL: Final = frozenset({LicenceType.UNION_GENERAL, LicenceType.NATIONAL_GENERAL})


def _wrong_destination(case: Case, terms: Licence) -> Mismatch | None:
    to = case.draw.destination
    if to is not None and to in terms.excluded_destinations:
        return differs("country of destination", to, f"any but {', '.join(terms.excluded_destinations)}")
    if not terms.destinations or to in terms.destinations:
        return None
    return differs("country of destination", to, terms.destinations)


def destination_is_allowed(case: Case) -> Mismatch | None:
    """An excluded country is refused even when it is allowed too; of a general authorisation another rule says so."""
    if case.terms is None or case.terms.type in GENERAL:
        return None
    return _wrong_destination(case, case.terms)


def is_under(terms: Licence, general: GeneralAuthorisation) -> bool:
    """Whether the licence is a registration under this authorisation of the Union."""
    return terms.type is LicenceType.UNION_GENERAL and terms.general is general


def general_covers_destination(case: Case) -> Mismatch | None:
    if case.terms is None or case.terms.type not in GENERAL:
        return None
    return _wrong_destination(case, case.terms)


def _day(case: Case, terms: Licence) -> date:
    return judged_day(case.demand.judged_at or case.demand.accepted_at, terms.time_zone)


def general_is_registered(case: Case) -> Mismatch | None:
    """The holder must be registered on the day the licence is judged at, in the zone of the authority."""
    terms = case.terms
    if terms is None or terms.type not in GENERAL:
        return None
    day = _day(case, terms)
    if terms.registered_at is not None and terms.registered_at <= day:
        return None
    since = "not registered" if terms.registered_at is None else f"registered from {terms.registered_at}"
    return differs("day of registration", day.isoformat(), since)


def _originals(terms: Licence | None) -> tuple[Reference, ...]:
    """The licences that goods which return from repair first left under; none under another licence."""
    if terms is None or not is_under(terms, GeneralAuthorisation.EU003):
        return ()
    return tuple(one for one in terms.references if one.kind is ReferenceKind.ORIGINAL_LICENCE)


def repair_is_in_time(case: Case) -> Mismatch | None:
    """Goods return within 5 years after their first licence was granted, of several the latest (annex II section C)."""
    originals = _originals(case.terms)
    if not originals or case.terms is None:
        return None
    granted = max((one.dated for one in originals if one.dated is not None), default=None)
    day = _day(case, case.terms)
    if granted is not None and day <= years_after(granted, ORIGINAL_YEARS):
        return None
    licensed = f"within {ORIGINAL_YEARS} years after {granted or 'a day that is not stated'}"
    return differs("day of return from repair", day.isoformat(), licensed)


def original_is_named(case: Case) -> Mismatch | None:
    """The declaration mentions the reference of the initial authorisation (annex II section C part 3 point 3(a))."""
    originals = {one.ref for one in _originals(case.terms)}
    if not originals or not originals.isdisjoint(case.draw.named):
        return None
    return differs("initial authorisation named", ", ".join(case.draw.named), sorted(originals))


def item_is_not_excluded(case: Case) -> Mismatch | None:
    """By the control code of the line, because a declaration states none; 0C001 excludes 0C001.a."""
    if case.terms is None or case.line is None or not case.terms.excluded_items:
        return None
    excluded = [code for code in case.terms.excluded_items if case.line.control_code.startswith(code)]
    return differs("control code", case.line.control_code, f"any but {', '.join(excluded)}") if excluded else None
