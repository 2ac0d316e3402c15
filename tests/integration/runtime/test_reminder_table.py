"""The table of reminders: what was said is not said again, until something else is to be said."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from services.runtime.database import Connection, Database
from services.runtime.reminder_table import Due, ReminderTable
from services.runtime.settings import RuntimeSettings
from services.runtime.statements import write
from services.runtime.tables import migrate

NOW = timedelta()
EARLY, LATE = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)
TABLE = ReminderTable("probe", "fold")


@pytest.fixture
async def connection(runtime_settings: RuntimeSettings) -> AsyncIterator[Connection]:
    database = Database(runtime_settings.database.url, size=2)
    await database.open()
    await migrate(database, "probe", None)
    async with database.connection() as connection:
        yield connection
    await database.close()


async def due(connection: Connection, until: datetime = LATE, ahead: timedelta = NOW) -> list[Due]:
    return await TABLE.due(connection, 0, until, ahead, 10)


async def test_the_first_due_come_first_and_only_those_of_the_partition(connection: Connection) -> None:
    await write(connection, [TABLE.put(0, {"b": LATE, "a": LATE, "c": EARLY})])
    await write(connection, [TABLE.put(1, {"d": EARLY})])
    assert await due(connection) == [Due("c", EARLY), Due("a", LATE), Due("b", LATE)]
    assert await due(connection, LATE - timedelta(microseconds=1)) == [Due("c", EARLY)]
    assert await TABLE.due(connection, 0, LATE, NOW, 1) == [Due("c", EARLY)]
    assert await TABLE.next(connection, 1) == EARLY


async def test_what_was_said_is_said_again_only_for_another_time(connection: Connection) -> None:
    await write(connection, [TABLE.put(0, {"a": EARLY, "b": LATE})])
    await TABLE.said(connection, [Due("a", EARLY)])
    assert await due(connection) == [Due("b", LATE)]
    await write(connection, [TABLE.put(0, {"a": EARLY})])
    assert await due(connection) == [Due("b", LATE)]
    await write(connection, [TABLE.put(0, {"a": LATE})])
    assert await due(connection) == [Due("a", LATE), Due("b", LATE)]
    await write(connection, [TABLE.drop(["a", "b"])])
    assert await TABLE.next(connection, 0) is None


async def test_the_clock_that_is_behind_decides(connection: Connection) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    await write(connection, [TABLE.put(0, {"a": soon})])
    jumped = soon + timedelta(days=2)
    assert await due(connection, jumped) == [], "the database does not think so"
    assert await due(connection, jumped, timedelta(hours=2)) == [Due("a", soon)]
    assert await due(connection, soon - timedelta(minutes=1), timedelta(days=2)) == [], "nor does this process"
