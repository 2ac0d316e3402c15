"""Bodies of requests: read within a limit, and JSON that reads one way only."""

import json
import re
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, cast

from fastapi import Request
from starlette.requests import ClientDisconnect

from services.core.errors import Refused
from services.runtime.admission import PUT_ASIDE
from services.runtime.stretches import place_in, stretches

IN_MEMORY: Final = 256 * 1024
"""Bytes of a spooled body from which on it is on disk."""

MOST_NAMES: Final = 1_000
"""Names in one JSON object: each that nobody knows becomes a fault before they are counted."""

MOST_TOGETHER: Final = 20_000
"""Values that stand together without the end of an object: the parser takes them in one go, and all else waits."""

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape of half a pair, with or without the other half; in UTF-8 itself there is none."""


class Malformed(Exception):
    """Bytes that are not JSON: where, counted from 1, and why. Line 1, column 1 where the parser gives no place.

    `in_text` is False when they are not even text.
    """

    def __init__(self, line: int, column: int, detail: str, *, in_text: bool = True) -> None:
        super().__init__(f"line {line}, column {column}: {detail}")
        self.line = line
        self.column = column
        self.detail = detail
        self.in_text = in_text


async def read_body(request: Request, largest: int, noun: str) -> bytes:
    """The body, read no further than `largest` bytes, and not at all when it says to be beyond it.

    Refused 413, or 400 when the sender goes away. `noun` is what the door calls a body.
    """
    return b"".join([part async for part in _parts(request, largest, noun)])


async def spool_body(request: Request, largest: int, noun: str) -> tuple[BinaryIO, int]:
    """The same in a temporary file, which the caller closes, and its size. It takes no memory while it is worked on."""
    file = cast(BinaryIO, SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115 - the caller closes it
    put_aside = request.scope.get(PUT_ASIDE)
    try:
        async for part in _parts(request, largest, noun):
            file.write(part)
            if put_aside is not None:
                put_aside(len(part))
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, size


async def _parts(request: Request, largest: int, noun: str) -> AsyncIterator[bytes]:
    too_large = Refused(413, f"A {noun} has at most {largest} bytes")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and len(length) < 20 and int(length) > largest:
        raise too_large
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > largest:
                raise too_large
            yield part
    except ClientDisconnect:
        raise Refused(400, f"The sender went away before the {noun} was whole") from None


def parse_json(body: bytes, encoding: str = "utf-8") -> Any:
    """What a body says as JSON.

    Malformed also for what other readers might read otherwise: a name twice, NaN, half of a surrogate pair.
    """
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        before = body[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise Malformed(line, column, "not UTF-8", in_text=False) from None
    _refuse_bulk(text)
    try:
        document = _JSON.decode(text)
        if _SURROGATE.search(text):
            json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise Malformed(error.lineno, error.colno, error.msg) from None
    except RecursionError:
        raise Malformed(1, 1, "nested too deeply") from None
    except UnicodeEncodeError:
        # It could neither be stored nor said in an answer.
        raise Malformed(1, 1, "half of a surrogate pair is no text") from None
    except ValueError as error:
        # A name twice, NaN, a number of thousands of digits: the parser gives no place for these.
        raise Malformed(1, 1, str(error)) from None
    return document


def _refuse_bulk(text: str) -> None:
    """What the characters show: a value and its comma are two of them. Commas of a text count as well."""
    for begin, end in stretches(text, "}", 2 * MOST_TOGETHER):
        if text.count(",", begin, end) > MOST_TOGETHER:
            detail = f"more than {MOST_TOGETHER} values without the end of an object begin here"
            raise Malformed(*place_in(text, begin), detail)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_NAMES:
        raise ValueError(f"more than {MOST_NAMES} names are in one object")
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name is there twice in one object")
    return fields


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
