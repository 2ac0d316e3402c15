"""What ships ask and hold in the naive account."""

from collections.abc import Iterable
from dataclasses import dataclass

Period = tuple[int, int | None, int | None]
"""In any window of so many days at most this quantity and this value."""


@dataclass
class Asked:
    """A draw, and what became of it."""

    item: int
    line: int
    quantity: int
    value: int
    forbidden: bool = False
    """Its destination is not allowed."""
    foreign: bool = False
    """Its unit is not the line's."""
    left: int | None = None
    """What left of the quantity and, one to one hundred, of the value; None: all of it."""
    day: int = 0
    """On which its shipment was accepted."""
    verdict: str = ""
    over: bool = False
    keyless: bool = False
    """It lacked the second key."""
    listed: bool = False
    reserved: tuple[int, int] = (0, 0)
    consumed: tuple[int, int] = (0, 0)
    exited: tuple[int, int] = (0, 0)

    @property
    def held(self) -> tuple[int, int]:
        return self.reserved[0] + self.consumed[0], self.reserved[1] + self.consumed[1]


@dataclass
class Ship:
    phase: str
    final: bool
    draws: list[Asked]
    early: bool = False
    """Pre-lodged."""
    completes: tuple[int, ...] = ()
    """Ships whose goods these are, declared definitively."""


def as_asked(draw: Asked) -> tuple[int, int, int, int, bool, bool, int | None, int]:
    """What a draw asks, without what became of it."""
    return draw.item, draw.line, draw.quantity, draw.value, draw.forbidden, draw.foreign, draw.left, draw.day


def exceeds_a_window(period: Period | None, draw: Asked, takes: tuple[int, int], ships: Iterable[Ship]) -> bool:
    """Whether a window with its day would hold more of line 1 than a limit of it."""
    length, *limits = period or (0, None, None)
    on_line = [d for ship in ships for d in ship.draws if d.line == 1]
    for start in range(draw.day - length + 1, draw.day + 1):
        others = [d for d in on_line if start <= d.day < start + length]
        for place, limit in enumerate(limits):
            takes_any = takes[place] > 0 and not (draw.foreign and place == 0)
            if limit is not None and takes_any and sum(d.held[place] for d in others) + takes[place] > limit:
                return True
    return False
