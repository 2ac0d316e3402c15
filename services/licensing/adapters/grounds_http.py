"""The vocabulary of grounds for refusal over HTTP: `GET /v1/refusal-grounds`."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from services.licensing.adapters.faults import DoorRoute
from services.licensing.domain.grounds import GROUNDS


def grounds_router() -> APIRouter:
    """One route; what it shows is part of the release."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.get("/v1/refusal-grounds")
    async def list_grounds() -> dict[str, Any]:
        return {"items": [asdict(ground) for ground in GROUNDS.values()]}

    return router
