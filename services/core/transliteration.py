"""Names in the character set of older systems: UNOC of UN/EDIFACT, which is ISO 8859-1.

What is in that set stays; letters of other scripts become Latin ones. Greek follows ELOT 743, as passports do (ICAO
9303-3), where two letters are one sound; the rest is anyascii's table, letter by letter. It serves old systems and
comparison: it is a help to find a party, never proof of who it is.
"""

import re
import unicodedata
from typing import Final

from anyascii import anyascii

LONGEST: Final = 512
IN_LATIN: Final = r"[ -~\xa0-\xff]"
"""A character of the set, as a regular expression."""

_VOICED = "αάεέηήιίϊΐοόυύϋΰωώβγδζλμνρ"
_OU = re.compile("[οό][υύ]", re.IGNORECASE)
_AU_EU = re.compile(f"([αάεέ])([υύ])(?=([{_VOICED}])?)", re.IGNORECASE)
_NASAL = re.compile("γ(?=[γξχ])", re.IGNORECASE)
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")


def transliterated(text: str | None) -> str | None:
    """The text in ISO 8859-1; None when it is in it as it stands, or nothing of it can be written there."""
    if text is None or text.isascii():
        return None
    composed = unicodedata.normalize("NFC", text)
    if _in_set(composed):
        return None if composed == text else composed
    if _GREEK.search(composed):
        composed = _AU_EU.sub(_as_sounded, _OU.sub(_ou, _NASAL.sub(_nasal, composed)))
    made = "".join(c if _in_set(c) else _other(c) for c in composed)
    return " ".join(made.split())[:LONGEST].strip() or None


def parse_transliteration(text: str) -> str:
    """One that a sender states. ValueError when it is not in the set."""
    if not text or not _in_set(text) or len(text) > LONGEST:
        raise ValueError(f"not 1 to {LONGEST} characters of ISO 8859-1")
    return text


def _in_set(text: str) -> bool:
    return all(" " <= c <= "~" or "\xa0" <= c <= "\xff" for c in text)


def _other(character: str) -> str:
    """Pictures say nothing of who somebody is, and what is no character nothing at all."""
    kind = unicodedata.category(character)
    return "" if kind == "So" or kind[0] == "C" else anyascii(character)


def _ou(found: "re.Match[str]") -> str:
    pair = found[0]
    return ("O" if pair[0].isupper() else "o") + ("U" if pair[1].isupper() else "u")


def _nasal(found: "re.Match[str]") -> str:
    return "N" if found[0].isupper() else "n"


def _as_sounded(found: "re.Match[str]") -> str:
    sound = "v" if found[3] else "f"
    return found[1] + (sound.upper() if found[2].isupper() else sound)
