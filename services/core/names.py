"""Names of parties, compared as a person would: case, accents, punctuation and legal form do not make another party."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from services.core.legal_forms import ENDINGS, OPENINGS, PHRASES, UNSPACED
from services.core.messages import Party

# Letters that Unicode does not decompose, as transliterated in machine-readable passports (ICAO 9303-3).
_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
        "ə": "e",
    }
)
_ENOUGH_HEARD: Final = 3
_APOSTROPHES = str.maketrans(dict.fromkeys("'`\u00b4\u02bc\u2018\u2019"))
_SOUNDS = str.maketrans({**dict.fromkeys("aeiouyhj"), "c": "k", "q": "k", "x": "ks", "z": "s", "w": "v"})
# As the comparison itself sees them: what is written in composed syllables is taken apart there.
_UNSPACED: Final = tuple(unicodedata.normalize("NFKD", form) for form in UNSPACED)


@lru_cache(maxsize=65536)
def normalised(name: str) -> str:
    """The name reduced to what tells parties apart; equal results are the same name, an empty one is no name.

    `Müller & Söhne G.m.b.H.` and `MULLER SOHNE GMBH` give the same. A name made of legal forms only stays as it is.
    """
    words = _initials_joined(_plain(name).split())
    first, last = 0, len(words)
    while (closing := _closing(words[first:last])) and last - first > closing:
        last -= closing
    while last - first > 1 and words[first] in OPENINGS:
        first += 1
    return _without_unspaced("".join(words[first:last]))


def words_of(text: str) -> frozenset[str]:
    """The words of a name or a description as the comparison sees them: in lower case, without accents."""
    return frozenset(_initials_joined(_plain(text).split()))


@lru_cache(maxsize=65536)
def telling_words(name: str) -> frozenset[str]:
    """The words that tell parties apart: a legal form is shared by many and makes none of them alike."""
    words = words_of(name)
    return words - ENDINGS or words


@lru_cache(maxsize=65536)
def consonants(word: str) -> str:
    """What stays of a word when it is spelt by ear: `bharat` and `bharath`, `deccan` and `dekkan` give the same.

    The word itself when too little would stay to tell it from others, or when it is in a script without such letters.
    """
    plain = word.replace("ph", "f").translate(_SOUNDS)
    heard = "".join(letter for place, letter in enumerate(plain) if place == 0 or plain[place - 1] != letter)
    return heard if len(heard) >= _ENOUGH_HEARD else word


def _plain(name: str) -> str:
    """Words in lower case, without accents and apostrophes; vowel signs are no accents, and stay.

    Twice, because what one step gives another may take further.
    """
    for _ in range(2):
        folded = unicodedata.normalize("NFKD", name.translate(_APOSTROPHES)).casefold().translate(_LETTERS)
        marked = (c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
        name = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in marked)
    return name


def _closing(words: list[str]) -> int:
    """How many words at the end are a legal form."""
    for phrase in PHRASES:
        if words[-len(phrase) :] == list(phrase):
            return len(phrase)
    return 1 if words and words[-1] in ENDINGS else 0


def _without_unspaced(name: str) -> str:
    for form in _UNSPACED:
        for short in (name.removesuffix(form), name.removeprefix(form)):
            if short and short != name:
                return _without_unspaced(short)
    return name


def _initials_joined(words: list[str]) -> list[str]:
    """Single letters in a row are one word: `b v`, `s a`, `g m b h`."""
    joined: list[str] = []
    in_initials = False
    for word in words:
        if len(word) == 1 and in_initials:
            joined[-1] += word
        else:
            joined.append(word)
        in_initials = len(word) == 1
    return joined


def same_name(one: str | None, other: str | None) -> bool:
    """Whether both names are given and the same."""
    if not one or not other:
        return False
    return normalised(one) == normalised(other) != ""


def same_party_name(one: Party, other: Party) -> bool:
    """Whether two parties are named the same: as written, or one as the other is transliterated.

    Two names that both have a transliteration are compared as written only: in it many names of one script fall
    together, as all Chinese ones of one sound do.
    """
    return any(same_name(mine, theirs) for mine, theirs in _pairs(one, other))


def _pairs(one: Party, other: Party) -> Iterator[tuple[str | None, str | None]]:
    yield one.name, other.name
    if other.transliteration is None:
        yield one.transliteration, other.name
    elif one.transliteration is None:
        yield one.name, other.transliteration
