"""`GET /v1/ledger/licences/{ref}/write-offs`: the table as JSON, CSV or PDF."""

import asyncio
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse

from services.core.errors import Refused
from services.core.messages import Entry
from services.reconciliation.adapters.http import ReadEntries, ReadLedger, reference
from services.reconciliation.adapters.write_off_views import WriteOffTable, as_csv, as_json
from services.reconciliation.domain.write_offs import write_offs

MOST: Final = 20_000
"""Entries of one table: more are read page by page as entries."""
ON_PAPER: Final = 5_000
"""Rows of one PDF: it takes a second for each thousand and a half, and one is made at a time."""
PAGE: Final = 1_000

Format = Annotated[
    Literal["json", "csv", "pdf"] | None, Query(alias="format", description="Else what `Accept` prefers.")
]
_MEDIA_TYPES: Final = {"json": "application/json", "csv": "text/csv", "pdf": "application/pdf"}


def write_off_router(ledger_of: ReadLedger, entries_of: ReadEntries) -> APIRouter:
    """The query form stands before the path form, and both before ledgers."""
    router = APIRouter(tags=["reconciliation"])
    paper = asyncio.Lock()

    @router.get("/v1/ledger/licences/write-offs")
    async def by_query(
        ref: Annotated[str, Query()],
        wanted: Format = None,
        accept: Annotated[str, Header()] = "",
    ) -> Response:
        return await one(ref, wanted, accept)

    @router.get("/v1/ledger/licences/{ref:path}/write-offs")
    async def one(
        ref: str,
        wanted: Format = None,
        accept: Annotated[str, Header()] = "",
    ) -> Response:
        """As of the last entry; the same revision is the same table, and as CSV or PDF the same bytes."""
        table = await _table(reference(ref), ledger_of, entries_of)
        kind = wanted or _preferred(accept)
        if kind != "pdf":
            return _answer(table, kind)
        if len(table.rows) > ON_PAPER:
            raise Refused(413, f"A PDF has at most {ON_PAPER} rows; ask for text/csv")
        async with paper:
            return await asyncio.to_thread(_answer, table, kind)

    return router


async def _table(ref: str, ledger_of: ReadLedger, entries_of: ReadEntries) -> WriteOffTable:
    ledger = await ledger_of(ref)
    if ledger is None:
        raise Refused(404, "No such licence")
    if ledger.revision > MOST:
        raise Refused(413, f"A table has at most {MOST} entries; read {ref} by /entries instead")
    entries: list[Entry] = []
    while len(entries) < ledger.revision:
        found = await entries_of(ref, len(entries), min(PAGE, ledger.revision - len(entries)))
        entries += [entry for entry in found if isinstance(entry, Entry)]
        if not found:
            raise Refused(503, "The ledger is being replaced")
    return WriteOffTable(ledger, entries[-1].recorded_at, tuple(write_offs(entries)))


def _preferred(accept: str) -> str:
    """The first that is named; JSON for whoever takes anything."""
    named = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    known = {media_type: name for name, media_type in _MEDIA_TYPES.items()}
    return next((known[media_type] for media_type in named if media_type in known), "json")


def _answer(table: WriteOffTable, wanted: str) -> Response:
    headers = {"ETag": f'"{table.ledger.revision}"', "Vary": "Accept"}
    if wanted == "json":
        return JSONResponse(as_json(table), headers=headers)
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in table.ledger.licence)
    headers["Content-Disposition"] = f'attachment; filename="write-offs-{name}-{table.ledger.revision}.{wanted}"'
    content = as_csv(table).encode() if wanted == "csv" else _on_paper(table)
    return Response(content, media_type=_MEDIA_TYPES[wanted], headers=headers)


def _on_paper(table: WriteOffTable) -> bytes:
    # Fonts and drawing are a tenth of all that a service imports, and few ask for paper.
    from services.reconciliation.adapters.write_off_pdf import as_pdf

    return as_pdf(table)
