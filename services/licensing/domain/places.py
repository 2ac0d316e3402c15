"""Country groups and item lists of the general authorisations (Reg. (EU) 2021/821 annex II and annex IV), as data."""

from collections.abc import Mapping
from typing import Final

from services.core.messages import GeneralAuthorisation as G


def _of(codes: str) -> frozenset[str]:
    return frozenset(codes.split())


UNION: Final = _of("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
"""Member States, by their ISO 3166-1 code."""

EU001: Final = _of("AU CA CH GB IS JP LI NO NZ US")
"""The nine destinations of EU001; Switzerland includes Liechtenstein, which has a code of its own."""

_REPAIR_AND_FAIRS = _of("AE AL AR BA BR CN HK IN KR KZ MA ME MK MO MX RS RU SG TF NC PF PM WF BL TN TR UA ZA")
"""EU003 and EU004: China includes Hong Kong and Macao; the French overseas territories have codes of their own."""

DESTINATIONS: Final[Mapping[G, frozenset[str]]] = {
    G.EU001: EU001,
    G.EU002: _of("AR KR TR ZA"),
    G.EU003: _REPAIR_AND_FAIRS,
    G.EU004: _REPAIR_AND_FAIRS,
    G.EU005: _of("AR CN HK IN KR MO RU TR UA ZA"),
    G.EU006: _of("AR KR TR UA"),
    G.EU007: _of("AR BR CL ID IL IN JO KR MA MX MY PH SG TH TN ZA"),
}
"""Part 2 of each section: where it may be used. EU008 says where it may not."""

NOT_UNDER_EU008: Final = EU001 | _of(
    "AE AF AM AZ BY CD CF CG CN EG ER GE HK IL IQ IR KG KH KP KZ LB LY ML MM MN MO MU MY OM PK QA RU SA SD SO SS SY"
    " TJ TM UZ VE YE ZW"
)
"""Section H part 2 (a) and (b). Those under an arms embargo (c) change by the day: the authority excludes them."""

ITEMS: Final[Mapping[G, frozenset[str]]] = {
    G.EU002: _of(
        "1A001 1A003 1A004 1C003.b 1C003.c 1C004 1C005 1C006 1C008 1C009 2B008 3A001.a.3 3A001.a.6 3A001.a.7 3A001.a.9"
        " 3A001.a.10 3A001.a.11 3A001.a.12 3A002.c 3A002.d 3A002.e 3A002.f 3C001 3C002 3C003 3C004 3C005 3C006"
    ),
    G.EU005: _of("5A001.b.2 5A001.c 5A001.d 5B001 5D001 5E001.a"),
    G.EU006: _of("1C350 1C450"),
    G.EU008: _of("5A002.a.2 5A002.a.3 5A002.b 5D002.a.1 5D002.b 5D002.c.1 5E002.b"),
}
"""Part 1 of the sections that list what they cover."""

ANNEX_IV: Final = _of(
    "0A001 0B001 0B002 0B003 0B004 0B005 0B006 0B007 0C002 0C003 0C004 0C005 0D001 0E001 1B226 1B231 1B233 1C012.b"
    " 1C233 1C235 1E001 1E201 3A228 3A231 3E201 6A203 6A225"
)
"""Annex IV part II (Nuclear Suppliers Group): what needs an authorisation inside the Union; of some, only a part."""
_IN_PART = _of("0C003 1E001 1E201 3E201")

EXCLUDED: Final = (ANNEX_IV - _IN_PART) | _of("0C001 1A102 1C351 1C353 1C354 1C450.a.1 1C450.a.2 7E104 9A009.a 9A117")
"""Annex II section I: not covered by EU001, EU003, EU004 and EU007. An entry that annex IV has in part only is left in:
whether goods are of that part is not told by their code."""

ALSO_EXCLUDED: Final[Mapping[G, frozenset[str]]] = {
    G.EU003: _of(
        "1A002.a 1C012.a 1C227 1C228 1C229 1C230 1C231 1C236 1C237 1C240 1C350 1C450 5A001.b.5 5A002.c 5A002.d 5A002.e"
        " 5A003.a 5A003.b 6A001.a.2.a.1 6A001.a.2.a.5 6A002.a.1.c 8A001.b 8A001.c.1 9A011"
    ),
    G.EU004: _of(
        "1A002.a 1C002.b.4 1C010 1C012.a 1C227 1C228 1C229 1C230 1C231 1C236 1C237 1C240 1C350 1C450 5A001.b.5 5A002.c"
        " 5A002.d 5A002.e 5A003.a 5A003.b 6A001 6A002.a 8A001.b 8A001.c.1 9A011"
    ),
    G.EU007: _of("4A005 4D004 4E001.c 5A001.f 5A001.j"),
}
"""What a section takes out besides."""


def within(code: str, entries: frozenset[str]) -> bool:
    """Whether an entry of Annex I, or one above it, is among these."""
    steps = code.split(".")
    return any(".".join(steps[:depth]) in entries for depth in range(1, len(steps) + 1))
