"""A register that was just filled is counted, so that PostgreSQL reads it as what it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from psycopg import OperationalError

from services.core.decision import Decision
from services.core.messages import Licence
from services.licensing.adapters.planning import FIRST, Planning
from services.licensing.domain.registered import Registered
from services.runtime.database import Database
from tests.builders import a_licence


class FakeDatabase:
    def __init__(self, *, away: bool = False) -> None:
        self.asked: list[str] = []
        self._away = away

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["FakeDatabase"]:
        if self._away:
            raise OperationalError("away")
        yield self

    async def execute(self, query: str) -> None:
        self.asked.append(query)


def new(licence: Licence) -> Decision[Registered]:
    return Decision(Registered(licence, licence), (licence,))


async def test_the_tables_are_counted_each_time_they_have_doubled() -> None:
    database = FakeDatabase()
    planning = Planning(cast("Database", database))
    counted = []
    for _ in range(8):
        planning.entered([new(a_licence())] * (FIRST // 2))
        await planning.keep_up()
        counted.append(len(database.asked))
    assert counted == [0, 1, 1, 2, 2, 2, 2, 3]
    assert {query.partition(" (")[0] for query in database.asked} == {"ANALYZE"}


async def test_what_was_known_or_refused_makes_no_register_larger() -> None:
    database, licence = FakeDatabase(), a_licence()
    planning = Planning(cast("Database", database))
    planning.entered([Decision(Registered(licence, licence)), ValueError()] * FIRST)
    await planning.keep_up()
    assert not database.asked


async def test_a_database_that_is_away_loses_nothing_of_an_import() -> None:
    planning = Planning(cast("Database", FakeDatabase(away=True)))
    planning.entered([new(a_licence())] * FIRST)
    await planning.keep_up()
