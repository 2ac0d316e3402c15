"""The refusals and denials that shipments are compared with, found by what a declaration shows.

One list stands in each partition. Most shipments have nothing in common with any of it, and must cost next to nothing:
what is compared in full is only what shares enough of a party's name, the exporter, or goods with a destination.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from services.core import name_index
from services.core.errors import Corrupt
from services.core.messages import Denial, DenialStatus, DeniedParty, Party, Refusal, Watched, WatchedKind
from services.core.messages import WatchList as WatchListRecord
from services.core.name_index import name_terms
from services.core.names import normalised
from services.core.values import CountryCode
from services.reconciliation.domain.versioned import Versioned

SUBHEADING: Final = 6
"""Digits of a commodity code from which it says what goods are: the subheading of the Harmonized System."""

Key = tuple[WatchedKind, str]
Place = tuple[Key, float]
"""What has a term, and the weight of the name it is a word of."""


@dataclass(frozen=True, slots=True)
class WatchList:
    """All that is known, the revoked too: their revision tells a repeat. `index`: term to those that have it."""

    share: str
    entries: Versioned[Key, Watched]
    index: Versioned[str, tuple[Place, ...]]


def empty_list(share: str) -> WatchList:
    """A list nothing stands on."""
    return WatchList(share, Versioned(), Versioned())


def with_entry(listed: WatchList, watched: Watched) -> WatchList:
    """The list with this revision in place of the one it had."""
    key, index = key_of(watched), listed.index
    known = listed.entries.get(key)
    for term, weight in () if known is None else _terms(known):
        rest = tuple(place for place in index[term] if place != (key, weight))
        index = index.with_item(term, rest) if rest else index.without(term)
    for term, weight in _terms(watched):
        index = index.with_item(term, (*index.get(term, ()), (key, weight)))
    return WatchList(listed.share, listed.entries.with_item(key, watched), index)


def from_record(record: WatchListRecord) -> WatchList:
    """As it was stored."""
    listed = empty_list(record.share)
    for watched in record.entries:
        listed = with_entry(listed, watched)
    return listed


def to_record(listed: WatchList) -> WatchListRecord:
    """To store it; in order of kind and reference."""
    entries = listed.entries
    return WatchListRecord(share=listed.share, entries=tuple(entries[key] for key in sorted(entries)))


def key_of(watched: Watched) -> Key:
    """What it is known by: a refusal and a denial may have the same reference."""
    return watched.kind, watched.ref


def content_of(watched: Watched) -> Refusal | Denial:
    """What stands behind it. Corrupt when nothing does."""
    content = watched.refusal or watched.denial
    if content is None:
        raise Corrupt(f"{watched.kind} {watched.ref} is watched for, and its content is not stated")
    return content


def recipients_of(content: Refusal | Denial) -> tuple[DeniedParty, ...]:
    """Who may not have the goods: end users, consignees and whoever else a denial names."""
    if isinstance(content, Denial):
        return content.parties
    users = [DeniedParty(role="end_user", name=user.name, country=user.country) for user in content.end_users]
    consignees = (("consignee", party.name, party.country) for party in content.consignees)
    named = [DeniedParty(role=role, name=name, country=country) for role, name, country in consignees if name]
    return (*users, *named)


def _terms(watched: Watched) -> list[tuple[str, float]]:
    """By which a shipment may find it, each with the weight of its name; none of what does not count any more."""
    content = content_of(watched)
    if isinstance(content, Denial) and content.status is not DenialStatus.VALID:
        return []
    recipients = recipients_of(content)
    terms: set[tuple[str, float]] = set()
    for party in recipients:
        terms |= set(name_terms(party.name))
    if isinstance(content, Refusal):
        terms |= {(term, 0.0) for term in exporter_terms(content.applicant)}
        terms |= set() if recipients else {(term, 0.0) for term in _historic(content)}
    return sorted(terms)


def exporter_terms(party: Party) -> Iterator[str]:
    """Its EORI, and its name."""
    if party.eori:
        yield f"eori {party.eori}"
    if party.name and (name := normalised(party.name)):
        yield f"exporter {name}"


def goods_term(commodity_code: str, destination: CountryCode) -> str:
    """Goods to a country, whoever is concerned."""
    return f"goods {commodity_code[:SUBHEADING]} {destination}"


def _historic(refusal: Refusal) -> Iterator[str]:
    codes = (code for goods in refusal.goods for code in goods.commodity_codes if len(code) >= SUBHEADING)
    return (goods_term(code, refusal.destination) for code in codes)


def found_by(listed: WatchList, term: str) -> Iterable[Key]:
    """Those that have this very term."""
    places = listed.index.get(term)
    return () if places is None else [key for key, _ in places]


def found_by_name(listed: WatchList, name: str) -> Iterator[Key]:
    """Those with a party whose name may be like this one, as `likeness_of_names` scores it: none is left out."""
    return name_index.found_by_name(listed.index, name)
