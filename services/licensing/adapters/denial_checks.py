"""The check before a grant over HTTP (Reg. (EU) 2021/821 art. 16(5)): what was asked and found is kept and shown."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from psycopg.types.json import Jsonb

from services.core.errors import Refused
from services.core.likeness import Band, Compared
from services.core.messages import Denial
from services.licensing.adapters.answers import now
from services.licensing.adapters.denial_bodies import CheckBody
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.live_denials import DenialIndex
from services.licensing.adapters.views import time_text
from services.licensing.domain.likeness import Likeness, in_order, likeness
from services.runtime.database import Database

MOST = 50
"""Matches that are shown: the closest, and all that are essentially identical."""
_KEEP = "INSERT INTO licensing.denial_check (id, application, asked, found, checked_at) VALUES (%s, %s, %s, %s, %s)"
_SHOW = "SELECT asked, found, checked_at FROM licensing.denial_check WHERE id = %s"


class DenialChecks:
    """Checks in PostgreSQL. Compared is with every valid denial that a party's name may be like."""

    def __init__(self, database: Database, denials: DenialIndex) -> None:
        self._database = database
        self._denials = denials

    async def check(self, asked: CheckBody, at: datetime) -> dict[str, Any]:
        """Compare, keep, and show. Revoked denials do not count; an earlier check stays as it was."""
        parties, goods, check_id = asked.parties(), asked.wanted(), uuid4().hex
        async with self._database.transaction() as connection:
            live = await self._denials.live(connection)
            found = in_order(likeness(goods, parties, denial) for denial in live.found(parties))
            shown = asked.model_dump(mode="json")
            views = [_view(one) for place, one in enumerate(found) if place < MOST or one.band is Band.IDENTICAL]
            values = (check_id, asked.application, Jsonb(shown), Jsonb(views), at)
            await connection.execute(_KEEP, values)
        return _check(check_id, shown, views, at)

    async def one(self, check_id: str) -> dict[str, Any] | None:
        rows = await self._database.rows(_SHOW.encode(), (check_id,))
        return _check(check_id, rows[0]["asked"], rows[0]["found"], rows[0]["checked_at"]) if rows else None


def check_router(checks: DenialChecks) -> APIRouter:
    """The check and what was found by it. Tried before the routes that take a denial's reference as a path."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.post("/v1/denials/check", status_code=201)
    async def check_denials(body: CheckBody) -> Response:
        return JSONResponse(await checks.check(body, now()), 201)

    @router.get("/v1/denial-checks/{check_id}")
    async def one_check(check_id: str) -> Response:
        found = await checks.one(check_id) if check_id.isalnum() else None
        if found is None:
            raise Refused(404, "No such check")
        return JSONResponse(found)

    return router


def _check(check_id: str, asked: Any, found: Any, at: datetime) -> dict[str, Any]:
    identical = sum(one["band"] == "essentially-identical" for one in found)
    return {
        "id": check_id,
        "checked_at": time_text(at),
        "asked": asked,
        "matches": found,
        "essentially_identical": identical,
        "consult": sorted({one["notifying_state"] for one in found if one["band"] == "essentially-identical"}),
    }


def _view(one: Likeness) -> dict[str, Any]:
    denial: Denial = one.denial
    return {
        "denial": denial.ref,
        "revision": denial.revision,
        "notifying_state": denial.notifying_state,
        "score": str(one.score),
        "band": one.band.value,
        "compared": [_compared(field) for field in (*one.goods, *one.party)],
        "explanation": one.explanation,
    }


def _compared(field: Compared) -> dict[str, str]:
    return {"what": field.what, "asked": field.asked, "denied": field.denied, "score": str(field.score)}
