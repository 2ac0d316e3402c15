"""Annex I over HTTP: search by code or words."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from services.core.errors import Refused
from services.licensing.adapters.answers import Cursor, Limit, next_page, page
from services.licensing.adapters.control_list import in_force
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.fields import Day


def control_list_router() -> APIRouter:
    """`GET /v1/control-list?q=&at=`: `at` is a day, today unless told."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.get("/v1/control-list")
    async def search(
        q: Annotated[str, Query(max_length=200)] = "", at: Day | None = None, cursor: Cursor = None, limit: Limit = 50
    ) -> Response:
        stated = in_force(at or datetime.now(UTC).date())
        if stated is None:
            raise Refused(404, "No version of Annex I is known for that day")
        found = stated.search(q, page(cursor, limit).after, limit + 1)
        about = {
            "version": stated.version,
            "valid_from": stated.valid_from.isoformat(),
            "source": stated.source,
            "sha256": stated.sha256,
            "attribution": stated.attribution,
        }
        items = [{"code": code, "text": text} for code, text in found[:limit]]
        return JSONResponse({**about, "items": items, "next": next_page([code for code, _ in found], limit)})

    return router
