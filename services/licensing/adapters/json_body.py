"""The bytes of a request's body, checked to be JSON that reads one way only before anything is made of them."""

import json
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Message

from services.core.errors import Fault, Refused

LARGEST = 2 * 1024 * 1024


async def with_json(request: Request) -> Request:
    """The request with its body read. Refused 415, 413, or 400 with line and column."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "The body must be application/json, and say so in Content-Type")
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > LARGEST:
                raise Refused(413, f"A body has at most {LARGEST} bytes")
            parts.append(part)
    except ClientDisconnect:
        raise Refused(400, "The sender went away before the body was whole") from None
    body = b"".join(parts)
    _refuse_malformed(body)

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, receive)


def _refuse_malformed(body: bytes) -> None:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        before = body[: error.start]
        raise _malformed(before.count(b"\n") + 1, error.start - before.rfind(b"\n"), "not UTF-8") from None
    try:
        json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _malformed(error.lineno, error.colno, error.msg) from None
    except RecursionError:
        raise _malformed(1, 1, "nested too deeply") from None
    except ValueError as error:
        # A name twice, NaN, a number of thousands of digits: the parser gives no place for these.
        raise _malformed(1, 1, str(error)) from None


def _malformed(line: int, column: int, detail: str) -> Refused:
    where = f"line {line}, column {column}"
    return Refused(400, "The body is not JSON", (Fault(where, "json-invalid", f"{where}: {detail}"),))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name is there twice in one object")
    return fields


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
