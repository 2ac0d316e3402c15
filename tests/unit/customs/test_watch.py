"""Those who wait are told by one question for all of them, of what changed since, and only of that."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from services.core.errors import Transient
from services.customs.adapters import watch
from services.customs.adapters.watch import Watch
from services.runtime.database import Database


class Table:
    """Rows by name, each with its version; `asked` has the names and versions of every question."""

    def __init__(self) -> None:
        self.rows_by_name: dict[str, int] = {}
        self.asked: list[dict[str, str]] = []
        self.go = asyncio.Event()
        self.go.set()
        self.away = False

    async def rows(
        self, _query: bytes, names_and_versions: tuple[Sequence[str], Sequence[str]]
    ) -> list[dict[str, Any]]:
        asked = dict(zip(*names_and_versions, strict=True))
        self.asked.append(asked)
        versions = {name: str(self.rows_by_name.get(name, "none")) for name in asked}
        found = {name: self.rows_by_name.get(name) for name in asked}
        await self.go.wait()
        if self.away:
            raise Transient("away")
        return [
            {"name": name, "version": versions[name], "value": found[name]}
            for name, seen in asked.items()
            if versions[name] != seen
        ]


def _value(row: dict[str, Any]) -> int | None:
    if row["value"] == -13:
        raise ValueError("a row that cannot be read")
    return cast("int | None", row["value"])


@asynccontextmanager
async def watching(table: Table) -> AsyncIterator[Watch[int | None]]:
    watched = Watch(cast(Database, table), b"", _value)
    running = asyncio.create_task(watched.run())
    yield watched
    running.cancel()
    await asyncio.wait({running})


async def until_asked(table: Table, count: int) -> None:
    while len(table.asked) < count:  # noqa: ASYNC110 - the loop has its turn
        await asyncio.sleep(0)


def above(least: int) -> Any:
    return lambda value: value is not None and value > least


async def test_all_who_come_while_a_question_is_under_way_are_answered_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 60.0)
    table = Table()
    table.rows_by_name = {f"row-{n}": n for n in range(100)}
    table.go.clear()
    async with watching(table) as watched:
        first = asyncio.create_task(watched.until("row-7", above(0)))
        await until_asked(table, 1)
        others = [asyncio.create_task(watched.until(f"row-{n}", above(-1))) for n in range(100)]
        await asyncio.sleep(0)
        table.go.set()
        assert await first == 7
        assert await asyncio.gather(*others) == list(range(100))
    assert [len(asked) for asked in table.asked] == [1, 100]


async def test_who_comes_is_not_told_what_was_asked_before_he_came() -> None:
    table = Table()
    table.go.clear()
    async with watching(table) as watched:
        early = asyncio.create_task(watched.until("row", lambda _: True))
        await until_asked(table, 1)
        table.rows_by_name["row"] = 1
        late = asyncio.create_task(watched.until("row", lambda _: True))
        await asyncio.sleep(0)
        table.go.set()
        assert (await early, await late) == (None, 1)


async def test_who_waits_is_told_of_the_change_that_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.0)
    table = Table()
    table.rows_by_name["row"] = 1
    async with watching(table) as watched:
        waiting = asyncio.create_task(watched.until("row", above(2), 30))
        await until_asked(table, 3)
        assert table.asked[-1] == {"row": "1"}, "it asks for what is no longer as it was"
        table.rows_by_name["row"] = 2
        await until_asked(table, len(table.asked) + 2)
        assert not waiting.done()
        table.rows_by_name["row"] = 3
        assert await waiting == 3
        assert await watched.until("row", above(5), 0.01) == 3, "the time is over"
        asked = len(table.asked)
        await asyncio.sleep(0.01)
        assert len(table.asked) == asked, "nobody waits, nothing is asked"


async def test_each_look_is_one_question_however_many_wait() -> None:
    table = Table()
    async with watching(table) as watched:
        waiting = [asyncio.create_task(watched.until(f"row-{n}", above(0), 30)) for n in range(50)]
        await until_asked(table, 3)
        table.rows_by_name = {f"row-{n}": 1 for n in range(50)}
        assert await asyncio.gather(*waiting) == [1] * 50
    assert {len(asked) for asked in table.asked} == {50}


async def test_a_row_that_cannot_be_read_fails_those_alone_who_wait_for_it() -> None:
    table = Table()
    table.rows_by_name = {"good": 1, "bad": -13}
    async with watching(table) as watched:
        good, bad = await asyncio.gather(
            watched.until("good", above(0)), watched.until("bad", above(0)), return_exceptions=True
        )
    assert good == 1
    assert isinstance(bad, ValueError)


async def test_who_waits_is_told_that_the_database_is_away_and_the_next_is_answered() -> None:
    table = Table()
    table.away = True
    async with watching(table) as watched:
        with pytest.raises(Transient):
            await watched.until("row", above(0), 30)
        table.away = False
        table.rows_by_name["row"] = 1
        assert await watched.until("row", above(0), 30) == 1
