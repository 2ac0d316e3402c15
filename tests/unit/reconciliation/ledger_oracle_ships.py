"""What ships ask and hold in the naive account."""

from dataclasses import dataclass


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


def as_asked(draw: Asked) -> tuple[int, int, int, int, bool, bool, int | None]:
    """What a draw asks, without what became of it."""
    return draw.item, draw.line, draw.quantity, draw.value, draw.forbidden, draw.foreign, draw.left
