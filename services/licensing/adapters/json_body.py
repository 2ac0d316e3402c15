"""The bytes of a request's body, checked to be JSON that reads one way only before anything is made of them."""

from fastapi import Request
from starlette.types import Message

from services.core.errors import Fault, Refused
from services.runtime.body import Malformed, parse_json, read_body

LARGEST = 2 * 1024 * 1024


async def with_json(request: Request) -> Request:
    """The request with its body read. Refused 415, 413, or 400 with line and column."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "The body must be application/json, and say so in Content-Type")
    body = await read_body(request, LARGEST, "body")
    try:
        parse_json(body)
    except Malformed as error:
        where = f"line {error.line}, column {error.column}"
        fault = Fault(where, "json-invalid", f"{where}: {error.detail}")
        raise Refused(400, "The body is not JSON", (fault,)) from None

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, receive)
