"""The life of a shipment: one table of what each message does in each stage, and the walk of an MRN's facts along it.

`python -m services.reconciliation.adapters.life_cycle_page` draws docs/life-cycle.md from it. Sources: Reg. (EU)
952/2013 arts 158-174, 194, 263-277; Impl. Reg. (EU) 2015/2447 arts 326-340.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.core.messages import Stage


class Event(StrEnum):
    """What a message does to a shipment, by name as people read it; in the order things happen on one day."""

    LODGED = "pre-lodged"
    ACCEPTED = "accepted"
    PRESENTED = "goods presented"
    AMENDED = "amended"
    OVERRIDDEN = "release overridden"
    NOT_RELEASED = "not released"
    RELEASED = "released"
    ARRIVED = "arrived at exit"
    EXIT_STOPPED = "exit stopped"
    EXIT_RELEASED = "exit released"
    PART_LEFT = "part left"
    NOT_LEFT = "did not leave"
    LEFT = "left"
    INVALIDATED = "invalidated"


class Order(StrEnum):
    """Whether a message may come in a stage."""

    IN_SEQUENCE = ""
    OUT_OF_SEQUENCE = "!"
    """Raised when it happened a day or more after what set the stage: some messages state a day without a time."""
    IMPOSSIBLE = "!!"
    """Raised whatever the time between them: both cannot be right."""


@dataclass(frozen=True, slots=True)
class Step:
    """A cell of the table: the next stage, None when the stage stays; and whether it is in order."""

    to: Stage | None
    order: Order


CODES: Final[Mapping[str, Stage | None]] = {
    "-": None,
    "lodg": Stage.LODGED,
    "acc": Stage.ACCEPTED,
    "rel": Stage.RELEASED,
    "nrel": Stage.NOT_RELEASED,
    "exit": Stage.EXIT_STARTED,
    "stop": Stage.EXIT_STOPPED,
    "part": Stage.PARTLY_EXITED,
    "left": Stage.EXITED,
    "inv": Stage.INVALIDATED,
}
"""How the table below writes the next stage; after it `!` or `!!` as in `Order`."""

_TABLE: Final = """
UNDECLARED     lodg  acc  acc -   -   nrel!  rel!  exit   stop!  exit!  part!   -!   left!   inv!
LODGED         -     acc  acc -   -   nrel   rel   exit   stop   exit   part    -    left    inv
ACCEPTED       -     -    -   -   -   nrel   rel   exit   stop   exit   part    -    left    inv
NOT_RELEASED   -     -    -!  -   -   -      rel   -!     -      exit!  part!!  -    left!!  inv
RELEASED       -     -    -!  -   -   nrel   -     exit   stop   exit   part    -    left    inv
EXIT_STARTED   -     -    -!  -   -   nrel!  -     -      stop   -      part    stop left    inv
EXIT_STOPPED   -     -    -!  -   -   nrel   -     exit   -      exit   part!!  -    left!!  inv
PARTLY_EXITED  -     -    -!  -   -   -!     -!    -      -      -      -       -    left    -!!
EXITED         -     -    -!  -   -   -!     -!    -!     -!     -!     -!      -!   -       -!!
INVALIDATED    -     -    -!  -!  -!  -      -!    -!     -      -!     part!!  -    left!!  -
"""
"""A row for each stage, a column for each event in the order of `Event`."""


def _step(cell: str) -> Step:
    code = cell.rstrip("!")
    return Step(CODES[code], Order(cell[len(code) :]))


def _rows(table: str) -> Mapping[Stage, Mapping[Event, Step]]:
    rows = (line.split() for line in table.strip().splitlines())
    return {Stage(stage): dict(zip(Event, map(_step, cells), strict=True)) for stage, *cells in rows}


TRANSITIONS: Final = _rows(_TABLE)
"""Stage and event to what happens then. Facts win: goods that left have left, whatever else was said of them."""
