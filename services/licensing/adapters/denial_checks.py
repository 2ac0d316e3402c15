"""The check before a grant over HTTP (Reg. (EU) 2021/821 art. 16(5)): what was asked and found is kept and shown."""

from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from psycopg.types.json import Jsonb
from pydantic import Field

from services.core.errors import Refused
from services.core.likeness import Compared
from services.core.messages import Denial, DeniedParty
from services.licensing.adapters.answers import now
from services.licensing.adapters.denial_bodies import DeniedGoodsBody, denial_of
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.fields import Body, Country, Reference, ShortText
from services.licensing.adapters.views import time_text
from services.licensing.domain.likeness import Likeness, in_order, likeness, search_terms
from services.runtime.database import Database

MOST = 50
"""Matches that are shown: the closest."""
_CANDIDATES = "SELECT content FROM licensing.denial WHERE status = 'valid' AND words && %s::text[] ORDER BY ref"
_KEEP = "INSERT INTO licensing.denial_check (id, application, asked, found, checked_at) VALUES (%s, %s, %s, %s, %s)"
_SHOW = "SELECT asked, found, checked_at FROM licensing.denial_check WHERE id = %s"


class PartyAsked(Body):
    name: ShortText
    country: Country | None = None


class CheckBody(Body):
    """A transaction that is to be granted: its goods, and who receives or uses them."""

    application: Reference | None = None
    consignees: Annotated[list[PartyAsked], Field(default_factory=list, max_length=99)]
    end_users: Annotated[list[PartyAsked], Field(min_length=1, max_length=99)]
    goods: Annotated[list[DeniedGoodsBody], Field(min_length=1, max_length=99)]

    def parties(self) -> list[DeniedParty]:
        roles = (("end_user", self.end_users), ("consignee", self.consignees))
        return [DeniedParty(role=role, name=one.name, country=one.country) for role, many in roles for one in many]


class DenialChecks:
    """Checks in PostgreSQL. Compared is with every valid denial that has a word of a party's name in one of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self, asked: CheckBody, at: datetime) -> dict[str, Any]:
        """Compare, keep, and show. Revoked denials do not count; an earlier check stays as it was."""
        parties, goods = asked.parties(), [one.goods() for one in asked.goods]
        words = sorted({word for party in parties for word in search_terms(party.name)})
        rows = await self._database.rows(_CANDIDATES.encode(), (words,))
        found = in_order(likeness(goods, parties, denial_of(row["content"])) for row in rows)
        shown, views = asked.model_dump(mode="json"), [_view(one) for one in found[:MOST]]
        check_id = uuid4().hex
        async with self._database.transaction() as connection:
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
