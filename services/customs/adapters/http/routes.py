"""The routes of the customs door.

Where parties have tokens, a party asks about its own messages, and about shipments that it stated something about;
all else is not there for it.
"""

import asyncio
from email.message import Message as Headers
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from services.core.errors import Refused
from services.core.values import Mrn, parse_mrn
from services.customs.adapters.http import views
from services.customs.adapters.http.archives import FORMATS
from services.customs.adapters.http.bulk import Bulk
from services.customs.adapters.http.description import (
    ALWAYS,
    ANY_MESSAGE,
    RECEIVING,
    TAKEN_DECLARATION,
    TAKEN_MESSAGE,
    TAKEN_VERDICT,
)
from services.customs.adapters.intake import Intake, Submission, check_key
from services.customs.adapters.queries import Known, MessageView, Queries
from services.customs.adapters.register import Receipt, count
from services.customs.adapters.xml.document import LARGEST
from services.customs.domain.answer import FINAL, answers
from services.runtime.body import read_body
from services.runtime.direct import DirectRoute
from services.runtime.group_commit import GroupCommit
from services.runtime.parties import Doorkeeper
from services.runtime.unpacking import unpack

Wait = Annotated[float, Query(ge=0, description="Seconds to wait for a final answer; more than 60 counts as 60.")]


def router(
    intake: Intake, commit: GroupCommit[Submission, Receipt], queries: Queries, doorkeeper: Doorkeeper
) -> APIRouter:
    """All routes of the door."""
    routes = APIRouter(prefix="/v1/customs", tags=["customs"], responses=ALWAYS)
    _receiving(routes, intake, commit, doorkeeper)
    _messages(routes, queries, doorkeeper)
    _declarations(routes, queries, doorkeeper)
    return routes


def _receiving(
    routes: APIRouter, intake: Intake, commit: GroupCommit[Submission, Receipt], doorkeeper: Doorkeeper
) -> None:
    bulk = Bulk(intake, commit)

    async def receive(request: Request) -> Response:
        """Take one message; 202 once it is durable, 200 when it was there already.

        Or many: lines of JSON, a ZIP or a tar archive; 200 with a line for each in order, once that one is durable.
        Each of them is known by what it states, not by the key of the request.
        """
        party = doorkeeper.party(request.headers)
        idempotency_key = request.headers.get("idempotency-key")
        if idempotency_key is not None:
            check_key(idempotency_key)
        packed = _is_packed(request)
        media_type, charset = _media_type(request.headers.get("content-type", ""))
        if media_type in FORMATS:
            return await bulk.receive(request, party, media_type, packed=packed)
        body = await read_body(request, LARGEST, "message")
        if packed:
            body = await asyncio.to_thread(unpack, body, LARGEST, "message")
        submission = await intake.submission(party, body, media_type, charset, idempotency_key)
        receipt = await commit.submit(submission)
        count(submission, receipt)
        location = {"Location": f"/v1/customs/messages/{receipt.row['id']}"}
        return JSONResponse(views.taken(receipt), 200 if receipt.duplicate else 202, location)

    routes.add_api_route(
        "/messages",
        receive,
        methods=["POST"],
        status_code=202,
        responses=RECEIVING,
        openapi_extra=ANY_MESSAGE,
        route_class_override=DirectRoute,
    )


def _is_packed(request: Request) -> bool:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise Refused(415, f"Content-Encoding {encoding[:64]} is not read here: send gzip, or the message as it is")
    return encoding != "identity"


def _messages(routes: APIRouter, queries: Queries, doorkeeper: Doorkeeper) -> None:
    @routes.get("/messages/{message_id}", responses=TAKEN_MESSAGE)
    async def message(
        request: Request,
        message_id: str,
        wait: Wait = 0,
        raw: bool = False,  # noqa: FBT001, FBT002 - a query
    ) -> Response:
        """Where a message stands: `received`, `waiting`, `applied` or `dead-lettered`, and why; `raw=1`: its bytes."""
        party = doorkeeper.party(request.headers)
        if doorkeeper.asks and not await queries.sent(party, message_id):
            raise _no_message(message_id)
        if raw:
            return await _raw(queries, message_id)

        def settled(view: MessageView | None) -> bool:
            return view is None or view.standing in FINAL

        found = await queries.message(message_id, settled, wait)
        if found is None:
            raise _no_message(message_id)
        return JSONResponse(views.message(found))


def _declarations(routes: APIRouter, queries: Queries, doorkeeper: Doorkeeper) -> None:
    @routes.get("/declarations/{mrn}", responses=TAKEN_DECLARATION)
    async def declaration(request: Request, mrn: str) -> JSONResponse:
        """A declaration: phase, version, items with documents and cover, verdict, history."""
        found = await queries.shipment(await _asked(request, mrn, queries, doorkeeper))
        if found is None:
            raise _unknown(mrn)
        return JSONResponse(views.shipment(found))

    @routes.get("/declarations/{mrn}/verdict", responses=TAKEN_VERDICT)
    async def verdict(
        request: Request,
        mrn: str,
        wait: Wait = 0,
        version: Annotated[
            int | None, Query(ge=1, description="At least this version, and all received so far.")
        ] = None,
        message: Annotated[str | None, Query(description="The effect of this message (its id) must be in it.")] = None,
    ) -> JSONResponse:
        """The answer for a declaration; `pending` from the moment of the 202.

        Plain, it is the latest verdict there is. With `version` it is pending until the verdict is for at least that
        version and holds the effect of every message received for the MRN when the question was asked; with `message`
        until it holds the effect of that message.
        """
        expected = await _expected(queries, await _asked(request, mrn, queries, doorkeeper), version, message)

        def enough(found: Known) -> bool:
            return not found.known or answers(found.answer, version, expected)

        found = await queries.answers.until(mrn, enough, wait)
        if not found.known:
            raise _unknown(mrn)
        if found.answer is not None and answers(found.answer, version, expected):
            return JSONResponse(views.verdict(mrn, None, found.answer, settled=True))
        shipment = await queries.shipment(mrn)
        known = None if shipment is None else shipment.version
        return JSONResponse(views.verdict(mrn, known, found.answer, settled=not (expected or version)))


async def _asked(request: Request, mrn: str, queries: Queries, doorkeeper: Doorkeeper) -> Mrn:
    """The MRN a request is about, for a party that may ask about it."""
    party, named = doorkeeper.party(request.headers), _reference(mrn)
    if doorkeeper.asks and not await queries.spoke_of(party, named):
        raise _unknown(mrn)
    return named


async def _expected(queries: Queries, mrn: Mrn, version: int | None, message: str | None) -> list[str]:
    """Ids of the facts whose effect the answer must hold."""
    if message is not None:
        view = await queries.message(message)
        if view is None or view.row["shipment"] != mrn:
            raise Refused(404, f"No message with id {message[:64]} belongs to {mrn}")
        return [view.row["fact_id"]] if view.row["fact_id"] else []
    return list(await queries.fact_ids(mrn)) if version is not None else []


async def _raw(queries: Queries, message_id: str) -> Response:
    row = await queries.raw(message_id)
    if row is None:
        raise _no_message(message_id)
    charset = f"; charset={row['charset']}" if row["charset"] else ""
    # A stranger's bytes: a browser must neither guess what they are nor show them.
    headers = {
        "Content-Type": row["media_type"] + charset,
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'attachment; filename="{message_id}"',
    }
    return Response(bytes(row["body"]), headers=headers)


def _reference(mrn: str) -> Mrn:
    """What cannot be an MRN names nothing."""
    try:
        return parse_mrn(mrn)
    except ValueError:
        raise _unknown(mrn) from None


def _no_message(message_id: str) -> Refused:
    return Refused(404, f"No message with id {message_id[:64]} was received")


def _unknown(mrn: str) -> Refused:
    return Refused(404, f"No declaration with MRN {mrn[:64]} is known")


@lru_cache(64)
def _media_type(header: str) -> tuple[str, str | None]:
    headers = Headers()
    headers["Content-Type"] = header
    charset = headers.get_param("charset")
    given = header.partition(";")[0].strip().lower()
    return given, charset if isinstance(charset, str) and charset else None
