"""Waiting for rows to change: one question for all who wait, whatever changes the rows and in whichever process.

The question is about all rows that are waited for and gives those that are no longer as they were last told. It is
asked every few milliseconds while anybody waits, the more wait the less often, so that it never takes more than a small
share of a core. Who comes in between is answered at once, together with all who came meanwhile.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from psycopg.rows import DictRow

from services.core.errors import Transient
from services.runtime.columns import Texts
from services.runtime.database import AWAY, Database

V = TypeVar("V")

LONGEST_WAIT_S: Final = 60.0
LOOK_S: Final = 0.006
EACH_S: Final = 0.000_05
"""How much longer between two looks for each row that is waited for."""

Told = asyncio.Queue[V | Exception]


@dataclass(slots=True)
class _Row(Generic[V]):
    """A row that is waited for: its version as last told, and where changes go."""

    seen: str = ""
    told: list[Told[V]] = field(default_factory=list)

    def tell(self, value: V | Exception) -> None:
        for queue in self.told:
            queue.put_nowait(value)


class Watch(Generic[V]):
    """Watches rows by name.

    `query` takes names and versions as two arrays and gives `name`, `version` and what `read` needs, for each whose
    version is another than the one given; also for a name without a row, when its version is given as empty.
    """

    def __init__(self, database: Database, query: bytes, read: Callable[[DictRow], V]) -> None:
        self._database = database
        self._query = query
        self._read = read
        self._rows: dict[str, _Row[V]] = {}
        self._new: dict[Told[V], str] = {}
        self._come = asyncio.Event()
        self._look_at = 0.0

    async def until(self, name: str, enough: Callable[[V], bool], wait_s: float = 0.0) -> V:
        """What there is of a row once it is enough, or when the time is over. Transient when PostgreSQL is away."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(wait_s, LONGEST_WAIT_S)
        told: Told[V] = asyncio.Queue()
        self._enter(name, told)
        try:
            found = _value(await told.get())
            while not enough(found) and (left := deadline - loop.time()) > 0:
                with suppress(TimeoutError):
                    found = _value(await asyncio.wait_for(told.get(), left))
            return found
        finally:
            self._leave(name, told)

    def _enter(self, name: str, told: Told[V]) -> None:
        self._new[told] = name
        self._come.set()

    def _leave(self, name: str, told: Told[V]) -> None:
        if self._new.pop(told, None) is not None:
            return
        row = self._rows[name]
        row.told.remove(told)
        if not row.told:
            del self._rows[name]

    async def run(self) -> None:
        """Ask and tell until cancelled."""
        while True:
            names = await self._next()
            try:
                rows = await self._database.rows(self._query, (Texts(names), Texts(names.values())))
            except (Transient, *AWAY) as error:
                self._fail(names, error)
                continue
            for row in rows:
                self._tell(row)

    async def _next(self) -> Mapping[str, str]:
        """The rows to ask about now, each with the version last told."""
        now = asyncio.get_running_loop().time
        while True:
            new = self._admitted()
            if self._rows and now() >= self._look_at:
                self._look_at = now() + LOOK_S + EACH_S * len(self._rows)
                return {name: row.seen for name, row in self._rows.items()}
            if new:
                return dict.fromkeys(new, "")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._come.wait(), self._look_at - now() if self._rows else None)

    def _admitted(self) -> set[str]:
        """Rows that somebody has come for. Not before the next question: the one under way may not see what he has."""
        names = set(self._new.values())
        for told, name in self._new.items():
            row = self._rows.setdefault(name, _Row())
            row.told.append(told)
            row.seen = ""
        self._new = {}
        self._come.clear()
        return names

    def _tell(self, row: DictRow) -> None:
        watched = self._rows.get(row["name"])
        if watched is None:
            return
        watched.seen = row["version"]
        try:
            watched.tell(self._read(row))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a row, it concerns those who wait for it
            watched.tell(error)

    def _fail(self, names: Mapping[str, str], error: Exception) -> None:
        for name in names:
            if name in self._rows:
                self._rows[name].tell(error)


def _value(told: V | Exception) -> V:
    if isinstance(told, Exception):
        raise told
    return told
