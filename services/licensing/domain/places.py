"""Country groups and item lists of the general authorisations (Reg. (EU) 2021/821 annex II), as data.

Source: the consolidated text 02021R0821-20230526 (http://data.europa.eu/eli/reg/2021/821).
"""

from collections.abc import Mapping
from typing import Final

from services.core.messages import GeneralAuthorisation as G
from services.licensing.domain import annex_iv
from services.licensing.domain.annex_iv import codes as _of

UNION: Final = _of("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
"""Member States, by their ISO 3166-1 code."""

EU001: Final = _of("AU CA CH GB IS JP LI NO NZ US")
"""The nine destinations of EU001; Switzerland includes Liechtenstein, which has a code of its own."""

_REPAIR_AND_FAIRS = _of("AE AL AR BA BR CN HK IN KR KZ MA ME MK MO MX RS SG TF NC PF PM WF BL TN TR UA ZA")
"""EU003 and EU004: China includes Hong Kong and Macao; the French overseas territories have codes of their own."""

DESTINATIONS: Final[Mapping[G, frozenset[str]]] = {
    G.EU001: EU001,
    G.EU002: _of("AR KR TR ZA"),
    G.EU003: _REPAIR_AND_FAIRS,
    G.EU004: _REPAIR_AND_FAIRS,
    G.EU005: _of("AR CN HK IN KR MO TR UA ZA"),
    G.EU006: _of("AR KR TR UA"),
    G.EU007: _of("AR BR CL ID IL IN JO KR MA MX MY PH SG TH TN ZA"),
}
"""Part 2 of each section: where it may be used. EU008 says where it may not. None of them covers Russia any more (Del.
Reg. (EU) 2022/699)."""

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
    G.EU006: frozenset(f"1C350.{number}" for number in range(1, 66) if number not in {4, 23, 29})
    | _of(
        "1C450.a.4 1C450.a.5 1C450.a.6 1C450.a.7 1C450.b.1 1C450.b.2 1C450.b.3 1C450.b.4 1C450.b.5 1C450.b.6 1C450.b.8"
    ),
    G.EU008: _of("5A002.a.2 5A002.a.3 5A002.b 5D002.a.1 5D002.b 5D002.c.1 5E002.b"),
}
"""Part 1 of the sections that list what they cover."""

EXCLUDED: Final = annex_iv.WHOLE | _of(
    "0C001 0C002 0D001 0E001 1A102 1C351 1C353 1C354 1C450.a.1 1C450.a.2 7E104 9A009.a 9A117"
)
"""Section I: not covered by EU001, EU003, EU004 and EU007, nor by a national one (art. 12(6)(a)). All items of annex IV
are among them; an entry that it has in part only is left in, for the code of goods does not tell of which part they
are. 0C002 is named beside what annex IV has of it, and so are 0D001 and 0E001."""

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
