"""Whether a shipment resembles what was refused or denied before: docs/screening.md says what counts as that.

Customs sees a commodity code and a description, never a control code, and no end user: so what is found here is a
resemblance, ordered by strength, and never decides whether a licence covers the goods. It is looked for at each step
before the goods leave, among what is known by then.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from services.core.facts import Fact
from services.core.messages import (
    ArrivedAtExit,
    DeclarationAccepted,
    DeclarationAmended,
    ExitReleased,
    GoodsPresented,
    GoodsReleased,
    Item,
    Party,
    Phase,
    Resemblance,
    Screening,
    Severity,
    Shipment,
)
from services.reconciliation.domain.codes import Codes
from services.reconciliation.domain.declaration import Declaration
from services.reconciliation.domain.facts import all_facts
from services.reconciliation.domain.resemblance import Circumstances, Found, closest, shown
from services.reconciliation.domain.watch_list import (
    Key,
    WatchList,
    exporter_terms,
    found_by,
    found_by_name,
    goods_term,
)

DECLARING: Final = (DeclarationAccepted, DeclarationAmended)
"""What is declared is looked at whenever it comes, also after the goods left."""
STEPS: Final = (GoodsPresented, GoodsReleased, ArrivedAtExit, ExitReleased)
"""What brings goods nearer to the border: they are looked at again."""
UNDER_WAY: Final = frozenset({Phase.ACCEPTED, Phase.RELEASED})
MOST: Final = 20
"""Resemblances that are told of one shipment at a time: the strongest."""
_RANK: Final = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


def screening_of(shipment: Shipment, declaration: Declaration, fact: Fact, phase: Phase) -> Screening | None:
    """What is to be looked at since this fact is known; None when it brings nothing nearer to the border."""
    if isinstance(fact, DECLARING):
        due = phase is not Phase.INVALIDATED
    else:
        due = isinstance(fact, STEPS) and phase in UNDER_WAY
    if not due:
        return None
    stated = declaration.stated
    return Screening(
        mrn=shipment.mrn,
        revision=len(all_facts(shipment)),
        accepted_at=declaration.accepted_at,
        exporter=stated.exporter,
        consignee=stated.consignee,
        country_of_destination=stated.country_of_destination,
        items=declaration.items,
    )


def resemblances(listed: WatchList, asked: Screening, codes: Codes) -> tuple[Resemblance, ...]:
    """The refusals and denials it resembles, each by the item that is closest; the strongest first."""
    candidates = set(_candidates(listed, asked))
    if not candidates:
        return ()
    groups = _circumstances(asked, codes)
    found = [one for key in candidates if (one := closest(groups, listed.entries[key])) is not None]
    found.sort(key=_order)
    return tuple(shown(asked, one) for one in found[:MOST])


def _candidates(listed: WatchList, asked: Screening) -> Iterator[Key]:
    """What has anything in common with it that could make them alike."""
    if not listed.index:
        return
    for term in exporter_terms(asked.exporter):
        yield from found_by(listed, term)
    names = set(_names(asked.consignee))
    for item in asked.items:
        names.update(_names(item.consignee))
        yield from found_by(listed, goods_term(item.commodity_code, item.destination or asked.country_of_destination))
    for name in names:
        yield from found_by_name(listed, name)


def _names(party: Party | None) -> Iterable[str]:
    return () if party is None else [name for name in (party.name, party.transliteration) if name]


def _circumstances(asked: Screening, codes: Codes) -> Mapping[Circumstances, list[Item]]:
    """The items by what they have in common: who, where to, and under which licences."""
    then = codes.as_of(asked.accepted_at)
    groups: dict[Circumstances, list[Item]] = defaultdict(list)
    for item in asked.items:
        cited = sorted({d.reference for d in item.documents if then.cites_a_licence(d.type)})
        consignee, destination = item.consignee or asked.consignee, item.destination or asked.country_of_destination
        groups[Circumstances(asked.exporter, consignee, destination, tuple(cited))].append(item)
    return groups


def _order(found: Found) -> tuple[int, object, str, str]:
    return _RANK[found.severity], -found.score, found.entry.kind, found.entry.ref
