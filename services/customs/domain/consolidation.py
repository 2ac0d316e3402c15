"""Consignments under master references: whose goods a movement under a master reference moves.

Before they leave, consignments are put under a master reference (EAC), which is then closed and moved; their
declarations never name it. Customs' totals and its answers to queries say so too. A message states no time: the one
that came last counts.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.core.values import Mrn

Masters = Mapping[str, str]
"""Consignment references, each with the master reference it is under."""


@dataclass(frozen=True, slots=True)
class Placing:
    """A message puts a reference under a master reference, or takes it from one. `granted`: customs itself says so."""

    ucr: str
    master: str | None
    granted: bool


def masters(placings: Iterable[Placing], answered: Collection[str]) -> dict[str, str]:
    """What each reference is under now. `placings`: in the order they came. `answered`: see `Movement.answers`.

    What is asked counts once customs has answered about either reference. Taking one away counts at once: nothing is
    then concluded from it any more.
    """
    under: dict[str, str] = {}
    for placing in placings:
        if placing.master is None:
            under.pop(placing.ucr, None)
        elif placing.granted or placing.ucr in answered or placing.master in answered:
            under[placing.ucr] = placing.master
    return under


def above(ucr: str, under: Masters) -> Iterator[str]:
    """The master references over a reference, nearest first; each once, whatever stands under itself."""
    seen = {ucr}
    while (master := under.get(ucr)) is not None and master not in seen:
        seen.add(master)
        yield master
        ucr = master


def spread(references: Mapping[str, Collection[Mrn]], under: Masters) -> dict[str, set[Mrn]]:
    """The declarations a movement of each reference is about: those that name it, or one that is under it."""
    about: dict[str, set[Mrn]] = {ucr: set(mrns) for ucr, mrns in references.items()}
    for ucr, mrns in references.items():
        for master in above(ucr, under):
            about.setdefault(master, set()).update(mrns)
    return about
