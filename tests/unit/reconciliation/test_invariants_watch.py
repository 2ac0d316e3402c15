"""How often the invariants are looked at."""

import asyncio
from typing import Any

import pytest

from services.reconciliation.adapters.invariants import Invariants
from services.runtime.database import Database
from services.runtime.fold_reader import FoldReader
from services.runtime.settings import RuntimeSettings


class Slow(Invariants):
    """Each pass takes so many seconds of a clock of its own."""

    def __init__(self, takes_s: list[float]) -> None:
        self.now = 0.0
        self.takes_s = takes_s
        reader: FoldReader[Any] = FoldReader.__new__(FoldReader)
        database = Database(RuntimeSettings().database.url)
        super().__init__(database, reader, "ledger", every_s=5, budget_s=1, clock=lambda: self.now)

    async def pass_once(self) -> None:
        if not self.takes_s:
            raise asyncio.CancelledError
        self.now += self.takes_s.pop(0)


async def test_a_pass_that_took_long_is_followed_by_a_longer_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await Slow([0.01, 1.0, 0.0]).watch()
    assert paused == [5, 19, 5]
