"""Grounds for refusal as a controlled vocabulary, each with the text it rests on.

Sources: Common Position 2008/944/CFSP art. 2 (the eight criteria, which art. 15(1)(c) of the dual-use regulation refers
to); Reg. (EU) 2021/821 arts 4, 5, 9, 12 and 15(1); law of 9 February 1981 art. 1 (prior federal authorisation).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground: its code in messages, what it means, and the article."""

    code: str
    meaning: str
    source: str


def _criterion(number: int, meaning: str) -> Ground:
    return Ground(f"criterion-{number}", meaning, f"Common Position 2008/944/CFSP art. 2({number})")


def _dual_use(code: str, article: str, meaning: str) -> Ground:
    return Ground(code, meaning, f"Reg. (EU) 2021/821 {article}")


_TABLE: Final = (
    _criterion(1, "international obligations and commitments: sanctions, non-proliferation, other agreements"),
    _criterion(2, "human rights in the country of destination, and respect of international humanitarian law"),
    _criterion(3, "internal situation in the country of destination: tensions or armed conflicts"),
    _criterion(4, "preservation of regional peace, security and stability"),
    _criterion(5, "national security of Member States, and of friendly and allied countries"),
    _criterion(6, "behaviour of the buyer country: terrorism, alliances, respect of international law"),
    _criterion(7, "risk of diversion within the buyer country or of undesirable re-export"),
    _criterion(8, "compatibility with the technical and economic capacity of the recipient country"),
    _dual_use("international-commitments", "art. 15(1)(a)", "commitments under regimes, arrangements and treaties"),
    _dual_use("sanctions", "art. 15(1)(b)", "sanctions of the Council, the OSCE or the Security Council"),
    _dual_use("foreign-and-security-policy", "art. 15(1)(c)", "national foreign and security policy"),
    _dual_use("end-use", "art. 15(1)(d)", "the intended end use"),
    _dual_use("diversion-risk", "art. 15(1)(d)", "the risk of diversion"),
    _dual_use("wmd-end-use", "art. 4(1)(a)", "use with weapons of mass destruction or their missiles"),
    _dual_use("military-end-use", "art. 4(1)(b)", "military end use in a country under an arms embargo"),
    _dual_use("cyber-surveillance", "art. 5(1)", "use for internal repression or serious violations of human rights"),
    _dual_use("public-security", "art. 9(1)", "public security, acts of terrorism, or human rights, by national list"),
    _dual_use("end-use-guarantee-missing", "art. 12", "the guarantees of civil end use that are required are missing"),
    Ground(
        "no-federal-authorisation",
        "the prior authorisation of the federal minister for nuclear transfers is missing",
        "Law of 9 February 1981 art. 1",
    ),
    Ground("unknown", "the ground was not published", "none"),
)

GROUNDS: Final[Mapping[str, Ground]] = {ground.code: ground for ground in _TABLE}
"""By code, in the order in which they are shown."""


def parse_ground(text: str) -> str:
    """A code of the vocabulary. ValueError names those there are."""
    if text not in GROUNDS:
        raise ValueError(f"not a ground for refusal: {text!r}; there are {', '.join(GROUNDS)}")
    return text
