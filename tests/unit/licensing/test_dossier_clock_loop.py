"""The loop that says what has run out: one dossier that cannot say it holds up no other, and is not tried for ever."""

from datetime import datetime
from typing import cast

import pytest

from services.core.errors import Rejected, Transient
from services.licensing.adapters.dossier_clock import OVERDUE, DossierClock
from services.licensing.adapters.dossier_register import DossierSearch, Filed
from services.licensing.domain.dossiers import RunOut
from tests.builders_dossiers import LATER, a_dossier


class FakeSearch:
    """Three dossiers that are late; `said` no longer are."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def run_out(self, _now: datetime, limit: int) -> list[str]:
        return [ref for ref in ("bad", "one", "two") if ref not in self.said][:limit]

    async def overdue(self, _now: datetime) -> int:
        return 3


async def test_a_dossier_that_cannot_say_it_holds_up_no_other_and_is_passed_over() -> None:
    search, tried = FakeSearch(), []

    async def submit(asked: RunOut) -> Filed:
        tried.append(asked.ref)
        if asked.ref == "bad":
            raise Rejected("too large for a record")
        search.said.append(asked.ref)
        return Filed(a_dossier(), new=True)

    clock = DossierClock(cast("DossierSearch", search), submit, lambda: LATER)
    await clock.look()
    await clock.look()
    assert sorted(tried) == ["bad", "one", "two"]
    assert next(iter(OVERDUE.collect())).samples[0].value == 3


async def test_a_database_that_is_away_is_waited_for() -> None:
    async def submit(_asked: RunOut) -> Filed:
        raise Transient("the database is away")

    clock = DossierClock(cast("DossierSearch", FakeSearch()), submit, lambda: LATER)
    with pytest.raises(Transient):
        await clock.look()
    with pytest.raises(Transient):
        await clock.look()
