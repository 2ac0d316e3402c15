"""`POST /v1/lite/licence-data`: a file of licences, answered licence by licence."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from services.core.errors import Fault, Refused
from services.licensing.adapters.answers import durable, now
from services.licensing.adapters.faults import Authorities, DoorRoute
from services.licensing.adapters.lite.asking import Asked, Asking
from services.licensing.adapters.lite.records import NOT_READ, LicenceData, read
from services.licensing.adapters.lite.register import EnterFile
from services.licensing.adapters.lite.reply import Answer, file_errors, licence_reply
from services.licensing.domain.lite import LiteExchange
from services.runtime.body import read_body

LARGEST: Final = 2 * 1024 * 1024
TEXT: Final = "text/plain"
Submit = Callable[[EnterFile], Awaitable[Answer]]
_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {TEXT: _TEXT}},
    "responses": {"200": {"description": "What became of each licence.", "content": {TEXT: _TEXT}}},
}


def lite_router(submit: Submit, exchange: LiteExchange, authorities: Authorities) -> APIRouter:
    """One route; `submit` is the group commit of files."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])

    @router.post("/v1/lite/licence-data", openapi_extra=_BODY)
    async def licence_data(request: Request, accept: Annotated[str, Header()] = "") -> Response:
        """The same file again changes nothing and has the same answer. `Accept: text/plain`: a `licenceReply`."""
        if exchange.authority is None:
            fault = Fault("TOLBRUG_LICENSING__LITE__AUTHORITY", "not-set", "set the authority whose licences come")
            raise Refused(404, "There is no such exchange here", (fault,))
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != TEXT:
            raise Refused(415, f"The body must be {TEXT}, and say so in Content-Type")
        content = await read_body(request, LARGEST, "file")
        file = await asyncio.to_thread(read, content)
        as_text = TEXT in accept.lower()
        try:
            asked = await asyncio.to_thread(_asked, file, exchange, authorities)
            answer = await durable(submit, EnterFile(file, asked, sha256(content).digest(), now()))
        except Refused as refused:
            if as_text and refused.status < 500:
                return _reply(file_errors(file, refused.faults, now()), refused.status)
            raise
        if as_text:
            return _reply(licence_reply(answer.content))
        return JSONResponse({**answer.content, "repeat": answer.repeat})

    return router


def _asked(file: LicenceData, exchange: LiteExchange, authorities: Authorities) -> list[Asked]:
    if file.faults:
        raise Refused(422, NOT_READ, file.faults)
    return Asking(file, exchange, authorities, now()).all()


def _reply(text: str, status: int = 200) -> Response:
    return Response(text, status, media_type=TEXT)
