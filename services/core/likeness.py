"""Whether goods and parties of one transaction are those of another, with what was compared.

Every score is from 0 to 1 and says how sure a comparison is, not how likely a breach: it orders what an officer looks
at. What a side leaves out says nothing. A name is compared as written, and as it is transliterated when only one of the
two is in another script than Latin: in transliteration many names fall together, as all Chinese ones of one sound do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final

from services.core.legal_forms import GENERIC
from services.core.messages import DeniedParty, RefusedGoods
from services.core.names import consonants, normalised, same_name, telling_words, words_of
from services.core.transliteration import transliterated

_ONE, _NONE = Decimal(1), Decimal(0)
_HUNDREDTH = Decimal("0.01")
_WEIGHTS: Final = {"control code": 6, "commodity code": 2, "description": 2}
_OTHER_COUNTRY: Final = Decimal("0.80")
_SIMILAR_AT_MOST: Final = Decimal("0.90")
_SPELT_ALIKE: Final = Decimal("0.90")
_LITTLE: Final = Decimal("0.75")
"""Of a generic word, the part that says nothing."""
_SHORTEST_STEM: Final = 3


class Band(StrEnum):
    """What a score means."""

    DIFFERENT = "different"
    SIMILAR = "similar"
    IDENTICAL = "essentially-identical"


SIMILAR_FROM: Final = Decimal("0.50")
IDENTICAL_FROM: Final = Decimal("0.80")
BANDS: Final = ((_NONE, Band.DIFFERENT), (SIMILAR_FROM, Band.SIMILAR), (IDENTICAL_FROM, Band.IDENTICAL))
"""Lower bounds, inclusive; the next one is the upper bound, exclusive. There are no gaps."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One field on both sides. `score` from 0 to 1."""

    what: str
    asked: str
    denied: str
    score: Decimal


@dataclass(frozen=True, slots=True)
class Closest:
    """The pair of two lists that is most alike, and its fields; nothing compared when one of them is empty."""

    score: Decimal = _NONE
    compared: tuple[Compared, ...] = ()


def band_of(score: Decimal) -> Band:
    """The band a score falls in."""
    return next(band for lower, band in reversed(BANDS) if score >= lower)


def closest_goods(asked: Sequence[RefusedGoods], denied: Sequence[RefusedGoods]) -> Closest:
    """Every item with every other: the weighted mean of the fields that both sides state."""
    pairs = [_goods(mine, theirs) for mine in asked for theirs in denied]
    return max((Closest(_mean(pair), pair) for pair in pairs), key=_score, default=Closest())


def closest_party(asked: Sequence[DeniedParty], denied: Sequence[DeniedParty]) -> Closest:
    """Every party with every other: the name, less where the country is another, for groups carry one name in many."""
    pairs = [_party(mine, theirs) for mine in asked for theirs in denied]
    return max((Closest(_product(pair), pair) for pair in pairs), key=_score, default=Closest())


def likeness_of_names(asked: str, denied: str) -> Decimal:
    """1 when they are the same name; less the fewer words they share, spelt by ear or as written."""
    return max(_names(mine, theirs) for mine, theirs in _forms(asked, denied))


def _score(one: Closest) -> Decimal:
    return one.score


def _goods(mine: RefusedGoods, theirs: RefusedGoods) -> tuple[Compared, ...]:
    shared = _shared(_stems(mine.description), _stems(theirs.description))
    compared = [Compared("description", mine.description, theirs.description, shared)]
    if mine.control_code and theirs.control_code:
        score = _control_codes(mine.control_code, theirs.control_code)
        compared.append(Compared("control code", mine.control_code, theirs.control_code, score))
    if mine.commodity_codes and theirs.commodity_codes:
        pairs = [(a, b, _commodity_codes(a, b)) for a in mine.commodity_codes for b in theirs.commodity_codes]
        compared.append(Compared("commodity code", *max(pairs, key=lambda pair: pair[2])))
    return tuple(compared)


def _mean(compared: Sequence[Compared]) -> Decimal:
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


@lru_cache(maxsize=4096)
def _stems(description: str) -> frozenset[str]:
    """Its words, one and many alike: `press` and `presses`."""
    return frozenset(_stem(word) for word in words_of(description))


def _stem(word: str) -> str:
    for ending in ("es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


def _party(mine: DeniedParty, theirs: DeniedParty) -> tuple[Compared, ...]:
    score = likeness_of_names(mine.name, theirs.name)
    named = Compared("name", f"{mine.role} {mine.name}", f"{theirs.role} {theirs.name}", score)
    if not mine.country or not theirs.country:
        return (named,)
    near = _ONE if mine.country == theirs.country else _OTHER_COUNTRY
    return (named, Compared("country", mine.country, theirs.country, near))


def _product(compared: Sequence[Compared]) -> Decimal:
    total = _ONE if compared else _NONE
    for one in compared:
        total *= one.score
    return _rounded(total)


def _forms(mine: str, theirs: str) -> tuple[tuple[str, str], ...]:
    """As written; also one as it is transliterated, when the other has no transliteration."""
    if mine.isascii() and theirs.isascii():
        return ((mine, theirs),)
    my_latin, their_latin = transliterated(mine), transliterated(theirs)
    if my_latin is not None and their_latin is None:
        return ((mine, theirs), (my_latin, theirs))
    if their_latin is not None and my_latin is None:
        return ((mine, theirs), (mine, their_latin))
    return ((mine, theirs),)


def _names(mine: str, theirs: str) -> Decimal:
    if same_name(mine, theirs):
        return _ONE
    heard = consonants(normalised(mine))
    if heard and heard == consonants(normalised(theirs)):
        return _SPELT_ALIKE
    return _rounded(_SIMILAR_AT_MOST * _heard(telling_words(mine), telling_words(theirs)))


def _heard(mine: frozenset[str], theirs: frozenset[str]) -> Decimal:
    """The part of all words that both have; one that is only spelt alike counts a little less, a generic one little."""
    both = _weight(mine) + _weight(theirs)
    if not both:
        return _NONE
    same = mine & theirs
    left, other = _by_ear(mine - same), _by_ear(theirs - same)
    alike = sum((min(left[heard], other[heard]) for heard in left.keys() & other.keys()), _NONE)
    return 2 * (_weight(same) + _SPELT_ALIKE * alike) / both


def _by_ear(words: frozenset[str]) -> dict[str, Decimal]:
    """What words sound like, with the weight of the heaviest that does: of a pair only the lighter one counts."""
    heard: dict[str, Decimal] = {}
    for word in words:
        heard[consonants(word)] = max(_weight(frozenset((word,))), heard.get(consonants(word), _NONE))
    return heard


def _weight(words: frozenset[str]) -> Decimal:
    return len(words) - _LITTLE * len(words & GENERIC)


def _shared(mine: frozenset[str], theirs: frozenset[str]) -> Decimal:
    """The part of all words that both have (Dice)."""
    both = len(mine) + len(theirs)
    return _rounded(Decimal(2 * len(mine & theirs)) / both) if both else _NONE


def _rounded(score: Decimal) -> Decimal:
    return score.quantize(_HUNDREDTH)
