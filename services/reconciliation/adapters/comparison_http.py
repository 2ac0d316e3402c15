"""Licensed, reported and seen over HTTP.

These routes stand before those of `http`, whose `{ref:path}` would take them.
"""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.core.errors import Fault, Refused
from services.reconciliation.adapters.comparison_view import comparison_view
from services.reconciliation.adapters.http import ReadLedger, Ref, reference

From = Annotated[date, Query(alias="from", description="First day, in the licence's time zone")]
To = Annotated[date, Query(alias="to", description="Last day, inclusive")]


def comparison_router(ledger_of: ReadLedger) -> APIRouter:
    """The comparison of a licence for a period, never behind a commit."""
    router = APIRouter(tags=["reconciliation"])

    @router.get("/v1/ledger/licences/comparison")
    async def comparison_by_query(ref: Ref, first: From, last: To) -> dict[str, Any]:
        return await comparison(ref, first, last)

    @router.get("/v1/ledger/licences/{ref:path}/comparison")
    async def comparison(ref: str, first: From, last: To) -> dict[str, Any]:
        """Per line: licensed, reported by the holder, seen by customs. `crossing`: reports that no figure holds."""
        if last < first:
            raise Refused(422, "The request is not acceptable", (Fault("to", "before-from", f"before {first}"),))
        found = await ledger_of(reference(ref))
        if found is None or found.terms is None:
            raise Refused(404, "No such licence")
        return comparison_view(found.terms, found.usage, found.shipments, first, last)

    return router
