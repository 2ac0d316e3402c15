"""The job's load, seeded: a grant for each licence, then draws and releases, some of them repeats and over-runs."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from services.cli.bench.peer.messages import Command, Op

BEGIN: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
REPEATS: Final = 0.03
OVERRUNS: Final = 0.02
RELEASES: Final = 0.3
LARGEST_DRAW: Final = 30
BEYOND: Final = Decimal(10**9)
WINDOW: Final = 1000
"""A repeat is of one of the last so many commands."""


@dataclass(frozen=True, slots=True)
class Load:
    """So many commands on so many licences; the same ones from the same seed. `granted`: before, with enough."""

    records: int = 400_000
    licences: int = 20_000
    seed: int = 1
    granted: bool = False

    def commands(self) -> Iterator[Command]:
        chance = random.Random(self.seed)  # noqa: S311 - the same load from the same seed
        granted = Decimal(2 * LARGEST_DRAW * (1 + self.records // self.licences))
        recent: list[Command] = []
        for serial in range(self.records):
            if serial < self.licences and not self.granted:
                command = _command(serial, serial, Op.GRANT, granted)
            elif recent and chance.random() < REPEATS:
                yield recent[chance.randrange(len(recent))]
                continue
            else:
                command = self._next(serial, chance)
            yield command
            if len(recent) < WINDOW:
                recent.append(command)
            else:
                recent[serial % WINDOW] = command

    def _next(self, serial: int, chance: random.Random) -> Command:
        number, kind = chance.randrange(self.licences), chance.random()
        if kind < OVERRUNS:
            return _command(serial, number, Op.DRAW, BEYOND)
        op = Op.RELEASE if kind < OVERRUNS + RELEASES else Op.DRAW
        return _command(serial, number, op, Decimal(chance.randrange(1, LARGEST_DRAW * 1000)).scaleb(-3))


def licence(number: int) -> str:
    return f"LOAD/{number:07d}"


def _command(serial: int, number: int, op: Op, quantity: Decimal) -> Command:
    return Command(
        licence=licence(number),
        mrn=f"26BE{serial:013d}0",
        item=1 + serial % 9,
        op=op,
        quantity=quantity,
        declared_at=BEGIN + timedelta(milliseconds=serial),
    )
