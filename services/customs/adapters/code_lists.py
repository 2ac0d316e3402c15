"""Versions of code lists in PostgreSQL, and the ones in force at this door."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from services.core.codes import SHAPES, DatedList, version_of
from services.core.errors import Fault, Refused, Rejected
from services.core.messages import CodeList, ListedCode
from services.runtime.codes.bundled import bundled
from services.runtime.codes.rows import as_rows, from_rows
from services.runtime.database import AWAY, Connection, Database
from services.runtime.outbox import Outbox
from services.runtime.telemetry import log

LOOK_S = 1.0
"""How often a process looks for what another one imported."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('customs code list ' || %s, 0))"
_LATEST = "SELECT DISTINCT ON (name) name, revision FROM customs.code_list ORDER BY name, revision DESC"
_ONE = "SELECT * FROM customs.code_list WHERE name = %s AND revision <= %s ORDER BY revision DESC LIMIT 1"
_INSERT = (
    "INSERT INTO customs.code_list (name, revision, version, complete, imported_at, codes)"
    " VALUES (%s, %s, %s, %s, %s, %s)"
)
_NEWEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Import:
    """What an import did, or would do: the version that is then in force, and the one before."""

    after: CodeList
    before: CodeList

    @property
    def changes(self) -> dict[str, int]:
        """Codes by what became of them; one whose period or meaning differs is changed."""
        old, new = _by_code(self.before), _by_code(self.after)
        return {
            "added": len(new.keys() - old.keys()),
            "removed": len(old.keys() - new.keys()),
            "changed": sum(old[code] != new[code] for code in new.keys() & old.keys()),
        }


def _by_code(stated: CodeList) -> dict[str, list[ListedCode]]:
    found: dict[str, list[ListedCode]] = {}
    for code in stated.codes:
        found.setdefault(code.code, []).append(code)
    return found


class CodeLists:
    """The versions of all lists. `current` is what this process judges by; another process is seen after a second."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox
        self.current: Mapping[str, DatedList] = {name: DatedList(bundled(name)) for name in SHAPES}

    async def version(self, name: str, revision: int | None = None) -> CodeList | None:
        """The newest version of a list, or a given one; None when there is no such revision."""
        async with self._database.connection() as connection:
            found = await _version(connection, name, _NEWEST if revision is None else revision)
        return found if revision in (None, found.revision) else None

    async def put(
        self, name: str, codes: tuple[ListedCode, ...], at: datetime, *, complete: bool, dry_run: bool = False
    ) -> Import:
        """Make a version of these codes the one in force; the same content as before makes none.

        Refused 413 when it cannot be carried in one message.
        """
        async with self._database.transaction() as connection:
            await connection.execute(_LOCK, (name,))
            before = await _version(connection, name, _NEWEST)
            version = version_of(codes, complete=complete)
            if version == before.version:
                return Import(before, before)
            after = CodeList(
                name=name,
                revision=before.revision + 1,
                version=version,
                complete=complete,
                imported_at=at,
                codes=codes,
            )
            if dry_run:
                return Import(after, before)
            rows = Jsonb(as_rows(name, codes))
            await connection.execute(_INSERT, (name, after.revision, version, complete, at, rows))
            try:
                await self._outbox.append(connection, [after], at, [None])
            except Rejected as error:
                raise Refused(413, "The list is too large", (Fault("", "list.too-large", str(error)),)) from error
        self._outbox.wake()
        self._now(after)
        return Import(after, before)

    async def look(self) -> None:
        """Take in what is newer than what this process judges by."""
        for row in await self._database.rows(_LATEST):
            name, revision = row["name"], row["revision"]
            if name in self.current and revision > self.current[name].stated.revision:
                async with self._database.connection() as connection:
                    self._now(await _version(connection, name, revision))

    async def watch(self) -> None:
        """Look every second until cancelled; while the database is away the lists stay as they are."""
        while True:
            try:
                await self.look()
            except AWAY as error:
                log.debug("codes.waiting", reason=str(error))
            await asyncio.sleep(LOOK_S)

    def _now(self, stated: CodeList) -> None:
        if stated.revision > self.current[stated.name].stated.revision:
            self.current = {**self.current, stated.name: DatedList(stated)}
            log.info("codes.in-force", list=stated.name, revision=stated.revision, version=stated.version)


async def _version(connection: Connection, name: str, newest: int) -> CodeList:
    row = await (await connection.execute(_ONE, (name, newest))).fetchone()
    return bundled(name) if row is None else _stored(row)


def _stored(row: DictRow) -> CodeList:
    fields: dict[str, Any] = {column: row[column] for column in ("name", "revision", "version", "complete")}
    return CodeList(**fields, imported_at=row["imported_at"], codes=from_rows(row["name"], row["codes"]))
