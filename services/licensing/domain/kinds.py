"""What each kind of licence must satisfy: one table of rules, each with its article, judged at the door.

Articles are those of Reg. (EU) 2021/821; the table in docs/licences.md is held to this one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from services.core.days import years_after
from services.core.errors import Fault
from services.core.messages import Condition, GeneralAuthorisation, Licence, LicenceType, ReferenceKind
from services.core.values import CountryCode
from services.licensing.domain import annex_iv, places
from services.licensing.domain.places import within

G, T = GeneralAuthorisation, LicenceType
LARGE_PROJECT_YEARS: Final = 4
ORIGINAL_YEARS: Final = 5
RE_IMPORT: Final = Condition(
    code="re-import-within-120-days", text="Re-import within 120 days of the export, unchanged"
)

_DATED = frozenset({T.INDIVIDUAL, T.GLOBAL, T.LARGE_PROJECT})
_GENERAL = frozenset({T.UNION_GENERAL, T.NATIONAL_GENERAL})
_SECTION_I = frozenset({G.EU001, G.EU003, G.EU004, G.EU007})


@dataclass(frozen=True, slots=True)
class Rule:
    """`check` gives path and detail of each fault; `years` is how long the authority's own licences may run."""

    code: str
    article: str
    kinds: frozenset[LicenceType]
    check: Callable[[Licence, int], Iterable[tuple[str, str]]]


def kind_faults(licence: Licence, years: int) -> Iterable[Fault]:
    """Every fault under the rules of the licence's kind."""
    for rule in RULES:
        if licence.type in rule.kinds:
            for path, detail in rule.check(licence, years):
                yield Fault(path, rule.code, f"{detail} ({rule.article})")


def as_authorised(licence: Licence) -> Licence:
    """A registration with what its general authorisation itself says: where it may be used and what is left out."""
    of = licence.general
    if licence.type is not T.UNION_GENERAL or of is None:
        return licence
    out = set(licence.excluded_destinations) | (_countries(places.NOT_UNDER_EU008) if of is G.EU008 else set())
    items = set(licence.excluded_items) | (places.EXCLUDED if of in _SECTION_I else set())
    conditions = licence.conditions
    if of is G.EU004 and all(one.code != RE_IMPORT.code for one in conditions):
        conditions = (*conditions, RE_IMPORT)
    return replace(
        licence,
        destinations=licence.destinations or tuple(sorted(_countries(places.DESTINATIONS.get(of, frozenset())))),
        excluded_destinations=tuple(sorted(out)),
        excluded_items=tuple(sorted(items | places.ALSO_EXCLUDED.get(of, frozenset()))),
        conditions=conditions,
    )


def _countries(codes: frozenset[str]) -> set[CountryCode]:
    return {CountryCode(code) for code in codes}


def _ends(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    if licence.valid_to is None:
        yield "/valid_to", "a licence of this kind ends"


def _not_too_long(licence: Licence, years: int) -> Iterable[tuple[str, str]]:
    most = LARGE_PROJECT_YEARS if licence.type is T.LARGE_PROJECT else years
    if licence.valid_to is not None and licence.valid_to > years_after(licence.valid_from, most):
        yield "/valid_to", f"more than {most} years after valid_from"


def _has_recipient(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    if not licence.consignees and not licence.end_users:
        yield "/consignees", "name the consignee or the end user"


def _has_scope(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    if not licence.destinations and not licence.consignees and not licence.end_users:
        yield "/destinations", "name destinations, consignees or end users"


def _names_general(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    if licence.general is None:
        yield "/general", "name the general authorisation"
    elif (licence.general is G.NATIONAL) is not (licence.type is T.NATIONAL_GENERAL):
        yield "/general", f"{licence.general.lower()} is of another kind"


def _names_none(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    for name in ("general", "registered_at", "first_use_notified_at"):
        if getattr(licence, name) is not None:
            yield f"/{name}", "for general authorisations only"


def _registered_by_eori(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    if licence.registered_at is not None and licence.holder.eori is None:
        yield "/holder/eori", "an exporter is registered by EORI"


def _notified_when_registered(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    notified, registered = licence.first_use_notified_at, licence.registered_at
    if notified is not None and (registered is None or notified < registered):
        yield "/first_use_notified_at", "first use is notified by an exporter who is registered by then"


def _within_destinations(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    if licence.general is None:
        return
    allowed = places.DESTINATIONS.get(licence.general)
    for place, country in enumerate(licence.destinations):
        outside = allowed is not None and country not in allowed
        if outside or (licence.general is G.EU008 and country in places.NOT_UNDER_EU008):
            yield f"/destinations/{place}", f"{licence.general} does not cover {country}"


def _covers_items(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    of = licence.general
    if of is None:
        return
    listed, also = places.ITEMS.get(of), places.ALSO_EXCLUDED.get(of, frozenset())
    excluded = also | (places.EXCLUDED if of in _SECTION_I else frozenset())
    for place, line in enumerate(licence.lines):
        code, group = line.control_code, line.control_code[1]
        related = group in "DE"
        wrong_group = (of is G.EU007 and not related) or (of in {G.EU003, G.EU004} and group == "E")
        wrong_group |= of is G.EU003 and group == "D"
        if wrong_group or within(code, excluded) or (listed is not None and not within(code, listed)):
            yield f"/lines/{place}/control_code", f"{of} does not cover {code}"


def _original_known(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    if licence.general is not G.EU003:
        return
    originals = [(n, one) for n, one in enumerate(licence.references) if one.kind is ReferenceKind.ORIGINAL_LICENCE]
    if not originals:
        yield "/references", "name the original licence and its date"
    for place, one in originals:
        if one.dated is None or years_after(one.dated, ORIGINAL_YEARS) < licence.valid_from:
            yield f"/references/{place}/dated", f"granted within {ORIGINAL_YEARS} years before"


def _exhibition_known(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    if licence.general is not G.EU004:
        return
    shown = [one for one in licence.references if one.kind is ReferenceKind.EXHIBITION]
    if not shown or any(one.dated is None for one in shown):
        yield "/references", "name the exhibition or fair and its last day"


def _inside(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    if not licence.destinations:
        yield "/destinations", "name Member States"
    for place, country in enumerate(licence.destinations):
        if country not in places.UNION:
            yield f"/destinations/{place}", f"{country} is not in the Union"


def _annex_iv(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    for place, line in enumerate(licence.lines):
        code = line.control_code
        if not within(code, annex_iv.ALL):
            below = ", ".join(sorted(one for one in annex_iv.ALL if one.startswith(f"{code}.")))
            detail = (
                f"name the items: of {code} it is {below}" if below else f"{code} needs no licence inside the Union"
            )
            yield f"/lines/{place}/control_code", detail


def _not_excluded(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    """What a national general authorisation is for: exports, or transfers when it names Member States alone."""
    inside = bool(licence.destinations) and all(country in places.UNION for country in licence.destinations)
    for place, line in enumerate(licence.lines):
        if not inside and within(line.control_code, places.EXCLUDED):
            yield f"/lines/{place}/control_code", f"no national general authorisation covers {line.control_code}"


def _not_part_ii(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    inside = any(country in places.UNION for country in licence.destinations)
    for place, line in enumerate(licence.lines):
        if inside and within(line.control_code, annex_iv.PART_II):
            detail = f"a transfer of {line.control_code} inside the Union needs a licence of its own"
            yield f"/lines/{place}/control_code", detail


def _outside(licence: Licence, _: int) -> Iterable[tuple[str, str]]:
    for place, country in enumerate(licence.destinations):
        if country in places.UNION:
            yield f"/destinations/{place}", f"{country} is in the Union: goods in transit leave it"


_UNION_GENERAL = frozenset({T.UNION_GENERAL})
_NATIONAL = frozenset({T.NATIONAL_GENERAL})
_TRANSFER = frozenset({T.INTRA_UNION_TRANSFER})
RULES: Final = (
    Rule("validity-missing", "art. 12(3)", _DATED, _ends),
    Rule("validity-too-long", "art. 12(3)", _DATED, _not_too_long),
    Rule("recipient-missing", "art. 2(12)", frozenset({T.INDIVIDUAL}), _has_recipient),
    Rule("scope-missing", "art. 2(13)", frozenset({T.GLOBAL, T.LARGE_PROJECT}), _has_scope),
    Rule("general-missing", "art. 12(1)(d), 12(6)", _GENERAL, _names_general),
    Rule("general-unexpected", "art. 12(1)", frozenset(T) - _GENERAL, _names_none),
    Rule("registration-unnamed", "annex II, part 3", _GENERAL, _registered_by_eori),
    Rule("notice-unregistered", "annex II, part 3", _GENERAL, _notified_when_registered),
    Rule("destination-not-covered", "annex II, part 2", _UNION_GENERAL, _within_destinations),
    Rule("item-not-covered", "annex II, section I and part 1", _UNION_GENERAL, _covers_items),
    Rule("national-item-excluded", "art. 12(6)(a), annex II section I", _NATIONAL, _not_excluded),
    Rule("transfer-not-general", "art. 11(1), annex IV part II", _NATIONAL, _not_part_ii),
    Rule("original-licence", "annex II, section C part 1", _UNION_GENERAL, _original_known),
    Rule("exhibition", "annex II, section D part 3", _UNION_GENERAL, _exhibition_known),
    Rule("transfer-outside", "art. 11(1)", _TRANSFER, _inside),
    Rule("transfer-unlisted", "art. 11(1), annex IV", _TRANSFER, _annex_iv),
    Rule("transit-inside", "art. 7(1)", frozenset({T.TRANSIT}), _outside),
)
"""In the order of docs/licences.md."""
