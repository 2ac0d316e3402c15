"""Annex IV of Reg. (EU) 2021/821: what needs an authorisation for a transfer inside the Union (art. 11(1)), as data.

Source: the consolidated text 02021R0821-20230526 (http://data.europa.eu/eli/reg/2021/821). Codes are those of Annex I
(version 02021R0821-20251115 knows each of them). An entry stands under IN_PART when annex IV has some goods of that
code only: whether goods are among them is not told by their code.
"""

from typing import Final


def codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


PART_I: Final = codes(
    "1C001 1C101 1D103 6B008 6B108"  # stealth technology
    " 1A007.b 1C239 3A229 3A232 6A001.a.1.b.6 6A001.a.2.a.2 6A001.a.2.a.3 6A001.a.2.a.6 6A001.a.2.b 6A001.a.2.e.1"
    " 6A001.a.2.e.2 6D003.a 8A002.o.3.b 8E002.a"  # Community strategic control
    " 5A004.a 5D002.a.3.a 5D002.c.3.a"  # cryptanalysis
)
PART_I_IN_PART: Final = codes(
    "1E101 1E102"
    " 1A007.a 1E201 3E201 6A001.a.1.b.1 6A001.a.2.c 6A001.a.2.f"
    " 5E002.a"
    # technology of the Missile Technology Control Regime: from a payload, a range or an accuracy on, or for such goods
    " 7A117 7B001 7B003 7B103 7D101 7E001 7E002 7E101 9A004 9A005 9A007.a 9A008.d 9A104 9A105.a 9A106.c 9A108.c 9A116"
    " 9A119 9B115 9B116 9D101 9E001 9E002 9E101 9E102"
)
"""A national general authorisation may cover the transfer of what part I has."""

PART_II: Final = codes(
    "1C351.d.4 1C351.d.5"  # Chemical Weapons Convention
    " 0A001 0B001 0B002 0B003 0B004 0B005 0B006 0B007 0C004 0C005 1B226 1B231 1B233.a 1B233.b 1C012.b 1C233 1C235"
    " 3A228.a 3A228.b 6A225 6A226"  # Nuclear Suppliers Group
)
PART_II_IN_PART: Final = codes("0C002 0C003 0D001 0E001 1E001 1E201 3A231 3E201 6A203.a 6A203.b")
"""No general authorisation covers what part II has."""

WHOLE: Final = PART_I | PART_II
ALL: Final = WHOLE | PART_I_IN_PART | PART_II_IN_PART
