"""The routes about webhooks: how deliveries to a party stand, and resuming what was given up."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from services.core.errors import Refused
from services.customs.adapters.http.description import RESUMED, WEBHOOKS
from services.customs.adapters.http.views import moment
from services.runtime.parties import Doorkeeper
from services.runtime.webhook.overview import Overview, Standing


def webhook_router(overview: Overview, doorkeeper: Doorkeeper) -> APIRouter:
    """Where parties have tokens, each sees and resumes its own."""
    routes = APIRouter(prefix="/v1/customs/webhooks", tags=["customs"])

    async def seen(request: Request) -> list[Standing]:
        party, standings = doorkeeper.party(request.headers), await overview.read()
        return [standing for standing in standings if not doorkeeper.asks or standing.id == party]

    @routes.get("", responses=WEBHOOKS)
    async def webhooks(request: Request) -> Response:
        """What waits for each party, what was given up and why, and since when a party wants nothing."""
        return JSONResponse({"items": [_view(standing) for standing in await seen(request)]})

    @routes.post("/{party}/resume", responses=RESUMED)
    async def resume(request: Request, party: str) -> Response:
        """Deliver to the party again, beginning with what was given up."""
        if party not in {standing.id for standing in await seen(request)}:
            raise Refused(404, f"No webhook of a party {party[:64]} is known")
        return JSONResponse({"party": party, "resumed": await overview.resume(party)})

    return routes


def _view(standing: Standing) -> dict[str, Any]:
    return {
        "party": standing.id,
        "state": "active" if standing.paused_at is None else "paused",
        "paused_at": None if standing.paused_at is None else moment(standing.paused_at),
        "pending": standing.pending,
        "failed": standing.failed,
        "gone": standing.gone,
        "oldest": None if standing.oldest is None else moment(standing.oldest),
        "last_status": standing.last_status,
        "last_error": standing.last_error,
    }
