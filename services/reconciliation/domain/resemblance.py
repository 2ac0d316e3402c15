"""How a shipment resembles one refusal or denial, and the evidence of it: docs/screening.md, a test for each row.

Denials count by art. 2(22) of Reg. (EU) 2021/821: essentially identical goods and the same end user or consignee. What
this authority refused itself counts wider, for who applied and where to are known too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from services.core.likeness import IDENTICAL_FROM, SIMILAR_FROM, Closest, Compared, closest_goods, closest_party
from services.core.messages import (
    Comparison,
    Denial,
    DeniedParty,
    Item,
    Party,
    Refusal,
    RefusedGoods,
    Resemblance,
    Screening,
    Severity,
    Watched,
)
from services.core.names import same_party_name
from services.core.transliteration import transliterated
from services.core.values import CountryCode, Mrn, format_amount
from services.reconciliation.domain.findings import finding_id
from services.reconciliation.domain.watch_list import content_of, recipients_of

DENIAL_MATCH: Final = "denial.match"
REFUSAL_SHADOW: Final = "refusal.shadow"
_CLOSE: Final = Decimal("0.65")
"""Of parties: a name spelt otherwise, in another country."""
_SAME_SUBHEADING: Final = Decimal("0.90")


class Way(StrEnum):
    """By what a shipment resembles it, beside the goods."""

    RECIPIENT = "who receives the goods"
    EXPORTER = "who exports the goods"
    DESTINATION = "where the goods go, without a licence; the refusal names nobody who was to receive them"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What items of a shipment have in common."""

    exporter: Party
    consignee: Party | None
    destination: CountryCode
    licences: tuple[str, ...]
    """Those cited, whatever they allow."""


@dataclass(frozen=True, slots=True)
class Found:
    """An item of a shipment beside a refusal or a denial."""

    entry: Watched
    way: Way
    severity: Severity
    circumstances: Circumstances
    item: Item
    goods: Closest
    party: Closest

    @property
    def score(self) -> Decimal:
        """How alike they are: the lower of what must be alike."""
        return min(self.goods.score, self.party.score) if self.way is Way.RECIPIENT else self.goods.score


def closest(groups: Mapping[Circumstances, Sequence[Item]], entry: Watched) -> Found | None:
    """The item that resembles it most; None when none does."""
    found = [one for circumstances, items in groups.items() for one in _among(circumstances, items, entry)]
    return min(found, key=lambda one: (_STRONGEST_FIRST[one.severity], -one.score, one.item.item), default=None)


_STRONGEST_FIRST: Final = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


def _among(circumstances: Circumstances, items: Iterable[Item], entry: Watched) -> Iterator[Found]:
    content = content_of(entry)
    party = _recipient(circumstances.consignee, recipients_of(content))
    ways = tuple(_ways(circumstances, content, party))
    if not ways:
        return
    for item in items:
        asked = RefusedGoods(description=item.description, commodity_codes=(item.commodity_code,))
        goods = closest_goods((asked,), content.goods)
        for way in ways:
            if (severity := _severity(way, circumstances, goods, party)) is not None:
                yield Found(entry, way, severity, circumstances, item, goods, party)
                break


def _recipient(consignee: Party | None, denied: Sequence[DeniedParty]) -> Closest:
    """By the name as written, and by the transliteration its sender gave, which is one letter by letter else."""
    if consignee is None or not consignee.name:
        return Closest()
    written = DeniedParty(role="consignee", name=consignee.name, country=consignee.country)
    found = closest_party((written,), denied)
    if consignee.transliteration is None:
        return found
    latin = DeniedParty(role="consignee", name=consignee.transliteration, country=consignee.country)
    stated = closest_party((latin,), [party for party in denied if transliterated(party.name) is None])
    return max(found, stated, key=lambda one: one.score)


def _ways(circumstances: Circumstances, content: Refusal | Denial, party: Closest) -> Iterator[Way]:
    """The ways in which they can be alike, whatever the goods; the strongest first."""
    if party.score >= SIMILAR_FROM:
        yield Way.RECIPIENT
    if isinstance(content, Denial):
        return
    there = circumstances.destination == content.destination
    if _same_exporter(circumstances.exporter, content.applicant) and (there or not circumstances.licences):
        yield Way.EXPORTER
    if there and not circumstances.licences and not recipients_of(content):
        yield Way.DESTINATION


def _same_exporter(one: Party, other: Party) -> bool:
    """By their EORI when both have one, else by name."""
    if one.eori and other.eori:
        return one.eori == other.eori
    return same_party_name(one, other)


def _severity(way: Way, circumstances: Circumstances, goods: Closest, party: Closest) -> Severity | None:
    """None: the goods are not alike enough for it."""
    if goods.score < SIMILAR_FROM:
        return None
    match way:
        case Way.RECIPIENT:
            same, unlicensed = goods.score >= IDENTICAL_FROM, not circumstances.licences
            if party.score >= IDENTICAL_FROM and (same or unlicensed):
                return Severity.CRITICAL
            return Severity.WARNING if party.score >= _CLOSE or same or unlicensed else None
        case Way.EXPORTER:
            return Severity.WARNING
        case Way.DESTINATION:
            codes = (one.score for one in goods.compared if one.what == "commodity code")
            return Severity.INFO if max(codes, default=Decimal(0)) >= _SAME_SUBHEADING else None


def shown(asked: Screening, found: Found) -> Resemblance:
    """A resemblance with its evidence: every value compared, and how alike they are."""
    entry, item, around, mrn = found.entry, found.item, found.circumstances, asked.mrn
    code = REFUSAL_SHADOW if entry.refusal is not None else DENIAL_MATCH
    consignee = "" if around.consignee is None else around.consignee.name or ""
    declared = (around.exporter.eori or around.exporter.name or "", consignee, around.destination, item.commodity_code)
    return Resemblance(
        mrn=mrn,
        screening=asked.revision,
        kind=entry.kind,
        ref=entry.ref,
        revision=entry.revision,
        finding_id=finding_id(code, mrn, entry.ref, item.item, found.way, *declared, item.description),
        code=code,
        severity=found.severity,
        item=item.item,
        summary=_summary(mrn, found),
        comparisons=tuple(_comparisons(mrn, found)),
    )


def _summary(mrn: Mrn, found: Found) -> str:
    licences = ", ".join(found.circumstances.licences)
    cited = (
        f"it cites {licences}: whether that was issued since, for these goods, is for the authority to say"
        if licences
        else "it cites no licence"
    )
    return f"{mrn} item {found.item.item} resembles {_named(found.entry)} by the goods and {found.way}; {cited}"


def _named(entry: Watched) -> str:
    content = content_of(entry)
    by, day = (
        (content.authority, content.decided_at)
        if isinstance(content, Refusal)
        else (content.notifying_state, content.denied_at)
    )
    return f"{entry.kind.lower()} {entry.ref} of {by}" + (f", {day}" if day else "")


def _comparisons(mrn: Mrn, found: Found) -> Iterator[Comparison]:
    """What the shipment states beside what was refused; the scores beside the least that counts."""
    around, item, content = found.circumstances, found.item, content_of(found.entry)
    yield _beside("goods item", f"{mrn} item {item.item}", f"{_named(found.entry)}, revision {found.entry.revision}")
    yield from _fields(found.goods.compared)
    yield _beside("likeness of the goods", found.goods.score, f"{SIMILAR_FROM} or more")
    if found.party.compared:
        yield from _fields(found.party.compared)
        yield _beside("likeness of the parties", found.party.score, f"{SIMILAR_FROM} or more")
    if isinstance(content, Refusal):
        yield _beside("exporter", _party(around.exporter), _party(content.applicant))
    yield _beside("country of destination", around.destination, content.destination)
    yield _beside("value", item.statistical_value and format_amount(item.statistical_value), _value(content.goods))
    yield _beside("licence", ", ".join(around.licences), None)


def _fields(compared: Sequence[Compared]) -> Iterator[Comparison]:
    for one in compared:
        what = f"{one.what} of the recipient" if one.what in ("name", "country") else one.what
        yield _beside(what, one.asked, one.denied)


def _beside(what: str, declared: object, refused: object) -> Comparison:
    return Comparison(what=what, declared=str(declared or "none"), licensed=str(refused or "none"))


def _party(party: Party) -> str:
    return ", ".join(part for part in (party.name, party.eori) if part)


def _value(goods: Iterable[RefusedGoods]) -> str:
    stated = (f"{format_amount(one.value)} {one.currency or ''}".strip() for one in goods if one.value is not None)
    return ", ".join(stated)
