"""`POST /v1/licences/import`: many licences as lines of JSON or as CSV."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.licence_import import Import

FirstLine = Annotated[
    int | None, Query(ge=1, le=10**9, description="What the first line (of CSV: below the header) is called.")
]
_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/x-ndjson": _TEXT, "text/csv": _TEXT}},
    "responses": {"200": {"description": "A line for each licence.", "content": {"application/x-ndjson": _TEXT}}},
}


def import_router(many: Import) -> APIRouter:
    """One route; `many` does it."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.post("/v1/licences/import", openapi_extra=_BODY)
    async def import_licences(
        request: Request,
        dry_run: bool = False,  # noqa: FBT001, FBT002 - a query
        first_line: FirstLine = None,
    ) -> Response:
        """Each is judged as if it had come alone: 201 new, 200 known, else its problem. A dry run changes nothing."""
        return await many.receive(request, first_line, dry_run=dry_run)

    return router
