"""Whether a transaction is essentially identical to a denied one, with what was compared and why.

Reg. (EU) 2021/821 art. 2(22): items with essentially identical parameters or technical characteristics, and the same
end user or consignee. Both are needed, so the score is the lower of the two: nothing about the goods makes up for
another party. The score orders what an officer looks at; the decision stays theirs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from services.core.legal_forms import ENDINGS
from services.core.messages import Denial, DeniedParty, RefusedGoods
from services.core.names import normalised, same_name, words_of

_ONE, _NONE = Decimal(1), Decimal(0)
_HUNDREDTH = Decimal("0.01")
_WEIGHTS: Final = {"control code": 6, "commodity code": 2, "description": 2}
_OTHER_COUNTRY: Final = Decimal("0.80")
_SIMILAR_AT_MOST: Final = Decimal("0.90")


class Band(StrEnum):
    """What a score means."""

    DIFFERENT = "different"
    SIMILAR = "similar"
    IDENTICAL = "essentially-identical"


BANDS: Final = ((_NONE, Band.DIFFERENT), (Decimal("0.50"), Band.SIMILAR), (Decimal("0.80"), Band.IDENTICAL))
"""Lower bounds, inclusive; the next one is the upper bound, exclusive. There are no gaps."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One field on both sides. `score` from 0 to 1."""

    what: str
    asked: str
    denied: str
    score: Decimal


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a denial is; `goods` and `party` are the comparisons that came out closest."""

    denial: Denial
    score: Decimal
    band: Band
    goods: tuple[Compared, ...]
    party: tuple[Compared, ...]
    explanation: str


def band_of(score: Decimal) -> Band:
    """The band a score falls in."""
    return next(band for lower, band in reversed(BANDS) if score >= lower)


def likeness(goods: Sequence[RefusedGoods], parties: Sequence[DeniedParty], denial: Denial) -> Likeness:
    """Compares every item and every party of a transaction with every one of the denial; the closest count."""
    item = max((_item(mine, theirs) for mine in goods for theirs in denial.goods), key=_total, default=())
    party = max((_party(mine, theirs) for mine in parties for theirs in denial.parties), key=_party_total, default=())
    same_goods, same_party = _total(item), _party_total(party)
    score = min(same_goods, same_party)
    band = band_of(score)
    weaker = "the parties" if same_party < same_goods else "the goods"
    explanation = (
        f"goods {same_goods}, parties {same_party}: the lower counts, for both must be the same (art. 2(22)); "
        f"{score} is {band}" + ("" if band is Band.IDENTICAL else f", {weaker} differ")
    )
    return Likeness(denial, score, band, item, party, explanation)


def search_terms(name: str) -> frozenset[str]:
    """What two names that are alike at all have one of in common: a word, or the whole however it is spaced."""
    return _telling(name) | {normalised(name)}


def in_order(found: Iterable[Likeness]) -> list[Likeness]:
    """Those worth a look, the closest first."""
    worth = (one for one in found if one.band is not Band.DIFFERENT)
    return sorted(worth, key=lambda one: (-one.score, one.denial.ref))


def _item(mine: RefusedGoods, theirs: RefusedGoods) -> tuple[Compared, ...]:
    """The fields that both sides state; one that a side leaves out says nothing."""
    compared = [_described(mine.description, theirs.description)]
    if mine.control_code and theirs.control_code:
        score = _control_codes(mine.control_code, theirs.control_code)
        compared.append(Compared("control code", mine.control_code, theirs.control_code, score))
    if mine.commodity_codes and theirs.commodity_codes:
        pairs = [(a, b, _commodity_codes(a, b)) for a in mine.commodity_codes for b in theirs.commodity_codes]
        compared.append(Compared("commodity code", *max(pairs, key=lambda pair: pair[2])))
    return tuple(compared)


def _described(mine: str, theirs: str) -> Compared:
    return Compared("description", mine, theirs, _shared(words_of(mine), words_of(theirs)))


def _total(compared: Sequence[Compared]) -> Decimal:
    """The weighted mean of what was compared."""
    weight = sum(_WEIGHTS[one.what] for one in compared)
    if not weight:
        return _NONE
    return _rounded(sum((_WEIGHTS[one.what] * one.score for one in compared), _NONE) / weight)


def _control_codes(one: str, other: str) -> Decimal:
    """An entry and its own sub-item are nearly the same; two sub-items of one entry are related."""
    mine, theirs = one.lower().split("."), other.lower().split(".")
    if mine == theirs:
        return _ONE
    if mine[0] != theirs[0]:
        return _NONE
    shorter = min(len(mine), len(theirs))
    return Decimal("0.90") if mine[:shorter] == theirs[:shorter] else Decimal("0.60")


def _commodity_codes(one: str, other: str) -> Decimal:
    if one.startswith(other) or other.startswith(one):
        return _ONE
    if one[:6] == other[:6]:
        return Decimal("0.90")
    return Decimal("0.50") if one[:4] == other[:4] else _NONE


def _party(mine: DeniedParty, theirs: DeniedParty) -> tuple[Compared, ...]:
    same = same_name(mine.name, theirs.name)
    score = _ONE if same else _SIMILAR_AT_MOST * _shared(_telling(mine.name), _telling(theirs.name))
    named = Compared("name", f"{mine.role} {mine.name}", f"{theirs.role} {theirs.name}", _rounded(score))
    if not mine.country or not theirs.country:
        return (named,)
    near = _ONE if mine.country == theirs.country else _OTHER_COUNTRY
    return (named, Compared("country", mine.country, theirs.country, near))


def _telling(name: str) -> frozenset[str]:
    """The words that tell parties apart: a legal form is shared by many and makes none of them alike."""
    words = words_of(name)
    return words - ENDINGS or words


def _party_total(compared: Sequence[Compared]) -> Decimal:
    """The name, less where the country is another: groups carry one name in many countries."""
    total = _ONE if compared else _NONE
    for one in compared:
        total *= one.score
    return _rounded(total)


def _shared(mine: frozenset[str], theirs: frozenset[str]) -> Decimal:
    """The part of all words that both have (Dice)."""
    both = len(mine) + len(theirs)
    return _rounded(Decimal(2 * len(mine & theirs)) / both) if both else _NONE


def _rounded(score: Decimal) -> Decimal:
    return score.quantize(_HUNDREDTH)
