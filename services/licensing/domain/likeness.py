"""Whether a transaction is essentially identical to a denied one, with what was compared and why.

Reg. (EU) 2021/821 art. 2(22): items with essentially identical parameters or technical characteristics, and the same
end user or consignee. Both are needed, so the score is the lower of the two: nothing about the goods makes up for
another party. The score orders what an officer looks at; the decision stays theirs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.core.likeness import Band, Compared, band_of, closest_goods, closest_party
from services.core.messages import Denial, DeniedParty, RefusedGoods


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a denial is; `goods` and `party` are the comparisons that came out closest."""

    denial: Denial
    score: Decimal
    band: Band
    goods: tuple[Compared, ...]
    party: tuple[Compared, ...]
    explanation: str


def likeness(goods: Sequence[RefusedGoods], parties: Sequence[DeniedParty], denial: Denial) -> Likeness:
    """Compares every item and every party of a transaction with every one of the denial; the closest count."""
    item, party = closest_goods(goods, denial.goods), closest_party(parties, denial.parties)
    score = min(item.score, party.score)
    band = band_of(score)
    weaker = "the parties" if party.score < item.score else "the goods"
    explanation = (
        f"goods {item.score}, parties {party.score}: the lower counts, for both must be the same (art. 2(22)); "
        f"{score} is {band}" + ("" if band is Band.IDENTICAL else f", {weaker} differ")
    )
    return Likeness(denial, score, band, item.compared, party.compared, explanation)


def in_order(found: Iterable[Likeness]) -> list[Likeness]:
    """Those worth a look, the closest first."""
    worth = (one for one in found if one.band is not Band.DIFFERENT)
    return sorted(worth, key=lambda one: (-one.score, one.denial.ref))
