"""What stands beside licences, in PostgreSQL: a group of requests in one transaction, with the outbox."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from services.core.decision import Decision
from services.core.errors import Corrupt
from services.core.messages import Authorisation, AuthorisationKind
from services.licensing.adapters.authorisation_bodies import StoredAuthorisation, content
from services.licensing.adapters.groups import decided, lock
from services.licensing.adapters.register import Append
from services.licensing.domain.authorising import (
    ChangeAuthorisation,
    EnterAuthorisation,
    Kept,
    Place,
    change,
    enter,
)
from services.runtime.database import Connection, Database

Asked = EnterAuthorisation | ChangeAuthorisation
Given = Decision[Kept]

_KEPT = """
SELECT a.kind, a.scope, a.ref, first.content AS entered, now.content AS current
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked (kind, scope, ref)
JOIN licensing.authorisation a USING (kind, scope, ref)
JOIN licensing.authorisation_revision first ON (first.kind, first.scope, first.ref) = (a.kind, a.scope, a.ref)
 AND first.revision = 1
JOIN licensing.authorisation_revision now ON (now.kind, now.scope, now.ref) = (a.kind, a.scope, a.ref)
 AND now.revision = a.revision
"""
_WRITE = """
INSERT INTO licensing.authorisation (kind, scope, ref, licence, revision) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (kind, scope, ref) DO UPDATE SET revision = excluded.revision
WHERE authorisation.revision = excluded.revision - 1
"""
_WRITE_REVISION = (
    "INSERT INTO licensing.authorisation_revision (kind, scope, ref, revision, content) VALUES (%s, %s, %s, %s, %s)"
)
_CURRENT = """
SELECT r.content FROM licensing.authorisation a
JOIN licensing.authorisation_revision r USING (kind, scope, ref, revision)
"""


class Authorisations:
    """Applies requests in order of arrival; each gets its decision, or the Refused that answers it."""

    def __init__(self, append: Append) -> None:
        self._append = append

    async def apply(
        self, connection: Connection, asked: Sequence[Asked], traces: Sequence[str | None]
    ) -> list[Given | Exception]:
        kept = await _load(connection, [one.place for one in asked])

        def decide(one: Asked) -> tuple[Given, list[tuple[Place, Authorisation]]]:
            given = _decide(kept.get(one.place), one)
            kept[one.place] = given.state
            return given, [(one.place, given.state.current)] if given.outputs else []

        group = decided(asked, traces, decide)
        if group.made:
            await _write(connection, group.made)
            messages = [message for _, message in group.made]
            await self._append(connection, messages, max(message.changed_at for message in messages), group.traces)
        return group.answers


def _decide(known: Kept | None, asked: Asked) -> Given:
    match asked:
        case EnterAuthorisation():
            return enter(known, asked)
        case ChangeAuthorisation():
            return change(known, asked)


async def _load(connection: Connection, places: Sequence[Place]) -> dict[Place, Kept]:
    await lock(connection, ["authorisation " + "\x1f".join(_columns(place)) for place in places])
    wanted = sorted({_columns(place) for place in places})
    rows = await (await connection.execute(_KEPT, tuple(map(list, zip(*wanted, strict=True))))).fetchall()
    return {
        Place(AuthorisationKind(row["kind"]), row["scope"], row["ref"]): Kept(
            _stored(row["entered"]), _stored(row["current"])
        )
        for row in rows
    }


async def _write(connection: Connection, made: Sequence[tuple[Place, Authorisation]]) -> None:
    heads = [(*_columns(place), of.licence, of.revision) for place, of in made]
    async with connection.cursor() as cursor:
        await cursor.executemany(_WRITE, heads)
        if cursor.rowcount != len(heads):
            raise Corrupt("an authorisation has changed under its lock")
        rows = [(*_columns(place), of.revision, Jsonb(content(of))) for place, of in made]
        await cursor.executemany(_WRITE_REVISION, rows)


def _columns(place: Place) -> tuple[str, str, str]:
    return place.kind.value, place.scope, place.ref


class AuthorisationSearch:
    """Reads committed rows; never behind an answered request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def federal(self, ref: str) -> Authorisation | None:
        where = "WHERE a.kind = %(kind)s AND a.scope = '' AND a.ref = %(ref)s"
        kind = AuthorisationKind.FEDERAL_AUTHORISATION
        rows = await self._database.rows((_CURRENT + where).encode(), {"kind": kind.value, "ref": ref})
        return _stored(rows[0]["content"]) if rows else None

    async def beside(self, licence: str) -> list[Authorisation]:
        """Everything that stands beside a licence, by kind and reference."""
        where = "WHERE a.licence = %(licence)s ORDER BY a.kind, a.ref"
        rows = await self._database.rows((_CURRENT + where).encode(), {"licence": licence})
        return [_stored(row["content"]) for row in rows]


def _stored(row: object) -> Authorisation:
    return StoredAuthorisation.model_validate(row).stored()
