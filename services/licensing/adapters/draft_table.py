"""Drafts in PostgreSQL: the highest revision of a reference is how it stands."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from psycopg.types.json import Jsonb

from services.licensing.adapters.bodies import StoredLicence
from services.licensing.adapters.views import licence_content
from services.licensing.domain.drafting import Draft, State
from services.runtime.columns import Texts
from services.runtime.database import Connection

LATEST = (
    "SELECT DISTINCT ON (ref) state, content FROM licensing.draft"
    " WHERE ref = ANY(%s::text[]) ORDER BY ref, revision DESC"
)
_WRITE = "INSERT INTO licensing.draft (ref, revision, state, holder, content) VALUES (%s, %s, %s, %s, %s)"


async def load_drafts(connection: Connection, refs: Collection[str]) -> dict[str, Draft]:
    """How each stands, also those that are drafts no more; their names are locked."""
    if not refs:
        return {}
    rows = await (await connection.execute(LATEST, (Texts(sorted(refs)),))).fetchall()
    return {one.terms.ref: one for one in map(draft_of, rows)}


async def write_drafts(connection: Connection, drafts: Iterable[Draft]) -> None:
    rows = [
        (one.terms.ref, one.terms.revision, one.state.value, one.terms.holder.eori, Jsonb(licence_content(one.terms)))
        for one in drafts
    ]
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(_WRITE, rows)


def draft_of(row: Mapping[str, Any]) -> Draft:
    """A stored one."""
    return Draft(StoredLicence.model_validate(row["content"]).stored(), State(row["state"]))
