"""Drafts: a group of requests in one transaction. Nothing is published."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.licensing.adapters.draft_table import LATEST, draft_of, load_drafts, write_drafts
from services.licensing.adapters.groups import decided, lock
from services.licensing.adapters.register import load_licences, lock_name
from services.licensing.adapters.search import Page
from services.licensing.domain.drafting import DiscardDraft, Draft, SaveDraft, discard, save
from services.runtime.database import Connection, Database

_OPEN = """
SELECT d.state, d.content FROM licensing.draft d
WHERE d.state = 'draft' AND d.ref > %(after)s AND (%(holder)s::text IS NULL OR d.holder = %(holder)s)
    AND (%(authority)s::text IS NULL OR d.content->>'authority' = %(authority)s)
    AND NOT EXISTS (SELECT FROM licensing.draft e WHERE e.ref = d.ref AND e.revision > d.revision)
ORDER BY d.ref LIMIT %(limit)s
"""
_REVISIONS = """
SELECT state, content FROM licensing.draft
WHERE ref = %(ref)s AND revision >= %(since)s
    AND (%(authority)s::text IS NULL OR content->>'authority' = %(authority)s)
ORDER BY revision LIMIT %(limit)s
"""
Command = SaveDraft | DiscardDraft


@dataclass(frozen=True, slots=True)
class Drafted:
    """The draft as it stands, and whether the request changed it."""

    draft: Draft
    changed: bool


class DraftRegister:
    """Applies requests in order of arrival; each gets how the draft stands, or the Refused that answers it."""

    async def apply(
        self, connection: Connection, commands: Sequence[Command], traces: Sequence[str | None]
    ) -> list[Drafted | Exception]:
        refs = {_ref(command) for command in commands}
        await lock(connection, [lock_name(ref) for ref in refs])
        licences = await load_licences(connection, refs)
        drafts = await load_drafts(connection, refs)

        def decide(command: Command) -> tuple[Drafted, list[Draft]]:
            ref = _ref(command)
            before = drafts.get(ref)
            if isinstance(command, SaveDraft):
                after = save(before, command, taken=ref in licences)
            else:
                after = discard(before, command)
            drafts[ref] = after
            return Drafted(after, after is not before), [] if after is before else [after]

        group = decided(commands, traces, decide)
        await write_drafts(connection, group.made)
        return group.answers


def _ref(command: Command) -> str:
    return command.terms.ref if isinstance(command, SaveDraft) else command.ref


class DraftSearch:
    """Reads what is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, ref: str) -> Draft | None:
        """How it stands, also when it is a draft no more."""
        rows = await self._database.rows(LATEST, ([ref],))
        return draft_of(rows[0]) if rows else None

    async def revisions(self, ref: str, authority: str | None, since: int, limit: int) -> list[Draft]:
        """Those of an authority, None: whoever it is; oldest first, from `since` on."""
        values = {"ref": ref, "authority": authority, "since": since, "limit": limit}
        return [draft_of(row) for row in await self._database.rows(_REVISIONS, values)]

    async def page(self, holder: str | None, authority: str | None, page: Page) -> list[Draft]:
        """Drafts, in order of reference; None: whoever it is."""
        values = {"after": page.after, "limit": page.limit, "holder": holder, "authority": authority}
        return [draft_of(row) for row in await self._database.rows(_OPEN, values)]
