"""The loop by which amendments take effect: one that cannot be settled holds up none of another licence."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import cast

import pytest

from services.core.errors import Transient
from services.licensing.adapters.pending_loop import AT_ONCE, DueAmendments
from services.licensing.adapters.pending_register import Command, PendingSearch, Settled, TakeEffect
from services.licensing.domain.pending import Pending, State
from tests.unit.licensing.test_pending import LATE, pending


class FakeSearch:
    """More are due of one licence than are looked at in one go, then one of another; `settled` no longer are."""

    def __init__(self) -> None:
        broken = [pending(id=f"bad-{n}", ref="BAD") for n in range(AT_ONCE)]
        self._all = [*broken, pending(id="good", ref="GOOD")]
        self.settled: list[str] = []

    async def due(self, _now: datetime, limit: int, stuck: Collection[str]) -> list[Pending]:
        waiting = [one for one in self._all if one.id not in self.settled]
        held = {one.ref for one in waiting if one.id in stuck}
        return [one for one in waiting if one.ref not in held][:limit]

    async def open(self) -> tuple[int, datetime | None]:
        return 0, LATE


async def test_an_amendment_that_cannot_be_settled_is_passed_over_with_its_licence() -> None:
    search, tried = FakeSearch(), []

    async def submit(asked: Command) -> Settled:
        assert isinstance(asked, TakeEffect)
        tried.append(asked.id)
        if asked.ref == "BAD":
            raise ValueError("nobody thought of this")
        search.settled.append(asked.id)
        return Settled(replace(pending(id=asked.id), state=State.APPLIED), changed=True)

    due = DueAmendments(cast("PendingSearch", search), submit)
    await due.look(LATE)
    await due.look(LATE)
    assert search.settled == ["good"]
    seen = len(tried)
    await due.look(LATE)
    assert len(tried) == seen, "it is not tried for ever"


async def test_a_database_that_is_away_makes_none_of_them_stuck() -> None:
    async def submit(_asked: Command) -> Settled:
        raise Transient("the database is away")

    due = DueAmendments(cast("PendingSearch", FakeSearch()), submit)
    for _ in range(2):
        with pytest.raises(Transient):
            await due.look(LATE)
