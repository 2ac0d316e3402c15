"""Names of parties, compared as a person would: case, accents, punctuation and legal form do not make another party."""

import re
import unicodedata
from functools import lru_cache

# Letters that Unicode does not decompose, as transliterated in machine-readable passports (ICAO 9303-3).
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h"}
)

_AFTER_THE_NAME = """
    nv sa bv bvba sprl srl cv cvba scrl vof snc sas sarl eurl vzw asbl
    gmbh ag kg kgaa ohg ug se
    ltd limited llc llp lp plc inc incorporated corp corporation co company pvt private pte pty sdn bhd
    spa sl slu sau lda ltda
    ab as asa aps oy oyj ou uab sia sro doo dd kft zrt nyrt zoo ad ood eood ooo oao zao pao kk
"""
_BEFORE_THE_NAME = "nv bv sa ab as uab sia ooo oao zao pao"
_ENDINGS = frozenset(_AFTER_THE_NAME.split())
_OPENINGS = frozenset(_BEFORE_THE_NAME.split())
_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=65536)
def normalised(name: str) -> str:
    """The name reduced to what tells parties apart; equal results are the same name.

    `Müller & Söhne G.m.b.H.` and `MULLER SOHNE GMBH` give the same. A name made of legal forms only stays as it is.
    """
    decomposed = unicodedata.normalize("NFKD", name).casefold().translate(_LETTERS)
    plain = "".join(c for c in unicodedata.normalize("NFKD", decomposed) if not unicodedata.combining(c))
    words = _initials_joined(_WORD.findall(plain.replace("'", "").replace("\u2019", "")))
    first, last = 0, len(words)
    while last - first > 1 and words[last - 1] in _ENDINGS:
        last -= 1
    while last - first > 1 and words[first] in _OPENINGS:
        first += 1
    return "".join(words[first:last])


def same_name(one: str | None, other: str | None) -> bool:
    """Whether both names are given and the same."""
    if not one or not other:
        return False
    return one == other or normalised(one) == normalised(other)


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
