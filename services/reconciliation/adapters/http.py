"""Ledgers, their entries and findings over HTTP (API.md): reading only, never behind a commit.

References hold slashes. `{ref:path}` takes them plain and percent-encoded; a reference that itself ends in `/entries`
is reached with `?ref=`.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.core.errors import Fault, Refused
from services.core.message import Message
from services.core.messages import Entry, Finding, Ledger
from services.core.values import parse_licence_ref
from services.reconciliation.adapters.views import entry_view, finding_view, ledger_view

ReadLedger = Callable[[str], Awaitable[Ledger | None]]
ReadEntries = Callable[[str, int, int], Awaitable[Sequence[Message]]]
"""Reference, revision to begin after, how many at most."""
ReadFinding = Callable[[str], Awaitable[Finding | None]]

Cursor = Annotated[int, Query(ge=0, lt=2**63, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=500)]
Ref = Annotated[str, Query()]


def reconciliation_router(ledger_of: ReadLedger, entries_of: ReadEntries, finding: ReadFinding) -> APIRouter:
    """All routes of the service. The query forms stand before the path forms, entries before ledgers."""
    router = APIRouter(tags=["reconciliation"])

    @router.get("/v1/ledger/licences/entries")
    async def entries_by_query(ref: Ref, cursor: Cursor = 0, limit: Limit = 100) -> dict[str, Any]:
        return await entries(ref, cursor, limit)

    @router.get("/v1/ledger/licences/{ref:path}/entries")
    async def entries(ref: str, cursor: Cursor = 0, limit: Limit = 100) -> dict[str, Any]:
        found = await entries_of(reference(ref), cursor, limit + 1)
        if not found and cursor == 0:
            raise Refused(404, "No such licence")
        return _page([entry for entry in found if isinstance(entry, Entry)], limit)

    @router.get("/v1/ledger/licences")
    async def ledger_by_query(ref: Ref) -> dict[str, Any]:
        return await ledger(ref)

    @router.get("/v1/ledger/licences/{ref:path}")
    async def ledger(ref: str) -> dict[str, Any]:
        found = await ledger_of(reference(ref))
        if found is None:
            raise Refused(404, "No such licence")
        return ledger_view(found, datetime.now(UTC))

    @router.get("/v1/findings/{finding_id}")
    async def one_finding(finding_id: str) -> dict[str, Any]:
        found = await finding(finding_id)
        if found is None:
            raise Refused(404, "No such finding")
        return finding_view(found)

    return router


def _page(entries: list[Entry], limit: int) -> dict[str, Any]:
    """One more than the limit was read: it tells whether there is a next page."""
    more = entries[limit - 1].revision if len(entries) > limit else None
    return {"items": [entry_view(entry) for entry in entries[:limit]], "next": more}


def reference(text: str) -> str:
    """What cannot be a reference names nothing."""
    try:
        return parse_licence_ref(text)
    except ValueError as error:
        raise Refused(404, "No such reference", (Fault("ref", "reference", str(error)),)) from error
