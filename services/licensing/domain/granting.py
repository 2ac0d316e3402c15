"""Before a grant: no denial of an essentially identical transaction stands against it without its state being asked.

Reg. (EU) 2021/821 art. 16(5) asks this before an authorisation is granted or transit decided on; art. 2(22) says what
is essentially identical: the items, and the end user or consignee. A registration under a general authorisation is no
grant: its holder exports under terms that are published already, to whom is not stated (art. 12(1)(d), annex II).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.core.errors import Fault, Refused
from services.core.likeness import IDENTICAL_FROM, Band, closest_goods, closest_party
from services.core.messages import Denial, DeniedParty, Licence, LicenceType, RefusedGoods
from services.core.name_index import IDENTICAL
from services.licensing.domain.consultation import LEGAL_BASIS, Course, Standing, consultation_on
from services.licensing.domain.likeness import Likeness, likeness
from services.licensing.domain.live_denials import LiveDenials

GRANTS: Final = frozenset(LicenceType) - {LicenceType.UNION_GENERAL, LicenceType.NATIONAL_GENERAL}


@dataclass(frozen=True, slots=True)
class Transaction:
    """Goods, and who receives or uses them."""

    goods: tuple[RefusedGoods, ...]
    parties: tuple[DeniedParty, ...]


@dataclass(frozen=True, slots=True)
class Consulted:
    """A check of an application that was followed by something: what was asked, and what followed."""

    check: str
    asked: Transaction
    course: Course


@dataclass(frozen=True, slots=True)
class Denied:
    """What is known when something is to be granted. `consulted`: by application, in the order of the checks."""

    live: LiveDenials
    consulted: Mapping[str, Sequence[Consulted]]

    def faults(self, licence: Licence, today: date, before: Licence | None = None) -> tuple[Fault, ...]:
        """One for each denial that stands against it. `before`: what is granted already, of which nothing is asked.

        A consultation counts that was held for this licence, or for the one it replaces or is split off from.
        """
        if licence.type not in GRANTS or not len(self.live):
            return ()
        asked = transaction_of(licence)
        found = self.live.found(asked.parties, IDENTICAL)
        if not found:
            return ()
        parts = [asked] if before is None else _beyond(asked, transaction_of(before), _stated, _named)
        applications = (licence.split_from, licence.replaces, licence.ref)
        consulted = [one for ref in applications if ref is not None for one in self.consulted.get(ref, ())]
        faults = (_fault(licence, parts, denial, consulted, today) for denial in found)
        return tuple(fault for fault in faults if fault is not None)

    def refuse(self, licence: Licence, today: date, before: Licence | None = None) -> None:
        """Refused 409 with these faults."""
        if faults := self.faults(licence, today, before):
            raise Refused(409, "An essentially identical transaction was denied", faults)


def transaction_of(licence: Licence) -> Transaction:
    """As far as it names anybody; what it grants to nobody in particular is looked at when it is shipped."""
    goods = [
        RefusedGoods(
            description=line.description, control_code=line.control_code, commodity_codes=tuple(line.commodity_codes)
        )
        for line in licence.lines
    ]
    return Transaction(tuple(goods), tuple(party for _, party in _recipients(licence)))


def _recipients(licence: Licence) -> list[tuple[str, DeniedParty]]:
    """Each with where it stands in the licence."""
    users = [
        (f"/end_users/{place}", DeniedParty(role="end_user", name=user.name, country=user.country))
        for place, user in enumerate(licence.end_users)
    ]
    consignees = [
        (f"/consignees/{place}", DeniedParty(role="consignee", name=party.name, country=party.country))
        for place, party in enumerate(licence.consignees)
        if party.name
    ]
    return users + consignees


def _fault(
    licence: Licence, parts: Sequence[Transaction], denial: Denial, consulted: Sequence[Consulted], today: date
) -> Fault | None:
    """None when it is not essentially identical, or its state was asked about this and nothing is left to be done."""
    near = [part for part in parts if closest_goods(part.goods, denial.goods).score >= IDENTICAL_FROM]
    found = [(part, likeness(part.goods, part.parties, denial)) for part in near]
    identical = [(part, one) for part, one in found if one.band is Band.IDENTICAL]
    if not identical:
        return None
    left = _left_to_do(licence.ref, [part for part, _ in identical], denial, consulted, today)
    if left is None:
        return None
    part, closest = max(identical, key=lambda one: one[1].score)
    named = max(part.parties, key=lambda party: closest_party((party,), denial.parties).score)
    path = next((place for place, party in _recipients(licence) if party == named), "")
    return Fault(path, "denial-identical", f"{_in_words(closest)}; {left} ({LEGAL_BASIS})")


def _in_words(found: Likeness) -> str:
    compared = ", ".join(f"{one.what} {one.asked} as {one.denied} {one.score}" for one in (*found.party, *found.goods))
    return f"{found.denial.ref}, denied by {found.denial.notifying_state}: score {found.score} ({compared})"


def _left_to_do(
    ref: str, parts: Sequence[Transaction], denial: Denial, consulted: Sequence[Consulted], today: date
) -> str | None:
    """What the authority has to do first. Of several consultations the one of the last check counts."""
    held = [
        (one, consultation)
        for one in consulted
        if (consultation := consultation_on(one.course, denial.ref)) is not None and _covered(parts, one.asked, denial)
    ]
    if not held:
        how = f"POST /v1/denials/check with application {ref}, then /v1/denial-checks/{{id}}/consultations"
        return f"its state was not consulted about this: {how}"
    last, consultation = held[-1]
    course, standing = last.course, consultation.standing(today)
    if course.decision is not None and course.decision.outcome != "granted":
        return f"{course.decision.outcome} on {course.decision.decided_at}, see /v1/denial-checks/{last.check}/course"
    if standing is Standing.WAITING:
        return f"{consultation.state} may answer until {consultation.due}, see /v1/denial-checks/{last.check}/course"
    if standing is Standing.IDENTICAL and course.decision is None:
        how = f"POST /v1/denial-checks/{last.check}/decision with the reason, which is notified"
        return f"{consultation.state} finds it identical: {how}"
    return None


def _covered(parts: Sequence[Transaction], asked: Transaction, denial: Denial) -> bool:
    """Whether the consultation was about this: nothing beyond what was asked is what was denied."""
    left = [one for part in parts for one in _beyond(part, asked, _same_goods, _same_party)]
    return not any(likeness(one.goods, one.parties, denial).band is Band.IDENTICAL for one in left)


def _beyond(
    more: Transaction,
    known: Transaction,
    goods: Callable[[RefusedGoods, Sequence[RefusedGoods]], bool],
    party: Callable[[DeniedParty, Sequence[DeniedParty]], bool],
) -> list[Transaction]:
    """What one has that the other does not: other goods for anybody, and anything for other parties."""
    others = tuple(one for one in more.parties if not party(one, known.parties))
    other_goods = tuple(one for one in more.goods if not goods(one, known.goods))
    return [Transaction(other_goods, more.parties), Transaction(more.goods, others)]


def _stated(one: RefusedGoods, known: Sequence[RefusedGoods]) -> bool:
    return one in known


def _named(one: DeniedParty, known: Sequence[DeniedParty]) -> bool:
    return any((one.name, one.country) == (other.name, other.country) for other in known)


def _same_goods(one: RefusedGoods, asked: Sequence[RefusedGoods]) -> bool:
    return closest_goods((one,), asked).score >= IDENTICAL_FROM


def _same_party(one: DeniedParty, asked: Sequence[DeniedParty]) -> bool:
    return closest_party((one,), asked).score >= IDENTICAL_FROM
