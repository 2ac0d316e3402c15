"""What the routes of the door share: references in paths, preconditions, pages and answers."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import Query, Response
from fastapi.responses import JSONResponse
from pydantic_core import to_json

from services.core.errors import Fault, Refused, Rejected
from services.core.messages import Licence
from services.core.values import parse_licence_ref
from services.licensing.adapters.faults import NOT_ACCEPTABLE
from services.licensing.adapters.register import Command, Outcome
from services.licensing.adapters.search import Page
from services.licensing.adapters.views import licence_view
from services.licensing.domain.registered import Registered

C = TypeVar("C")
A = TypeVar("A")

Submit = Callable[[Command], Awaitable[Outcome]]
RESERVED = frozenset(
    {"amendments", "status", "documents", "usage-reports", "entries", "history", "steps", "notes", "issue", "discard"}
)
Cursor = Annotated[str | None, Query(max_length=400)]
Limit = Annotated[int, Query(ge=1, le=500)]
_TAG = re.compile(r'\s*(?:W/)?"?([0-9]{1,18})"?\s*')


async def durable(submit: Callable[[C], Awaitable[A]], command: C) -> A:
    """What became of a command, once that is committed. Refused 422 when it makes no message that can be written."""
    try:
        return await submit(command)
    except Rejected as error:
        raise Refused(422, NOT_ACCEPTABLE, (Fault("", "unwritable", str(error)),)) from error


def registered(decision: Outcome) -> Licence:
    assert isinstance(decision.state, Registered)  # noqa: S101 - the decision on a licence
    return decision.state.current


def licence_answer(licence: Licence, status: int) -> Response:
    return tagged(licence_view(licence, now()), status, "licences")


def tagged(view: dict[str, Any], status: int, collection: str) -> Response:
    """ETag is the revision."""
    headers = {"ETag": f'"{view["revision"]}"'}
    if status == 201:
        headers["Location"] = location(str(view["ref"]), collection)
    return JSONResponse(view, status, headers)


def location(ref: str, collection: str) -> str:
    """Where it is read; by query where clients or we would read the path otherwise."""
    steps = ref.split("/")
    by_query = steps[-1] in RESERVED or bool({"", ".", ".."} & set(steps))
    return f"/v1/{collection}{'?ref=' if by_query else '/'}{quote(ref)}"


def listed(views: list[dict[str, Any]], limit: int) -> Response:
    """One more than the limit was read: it tells whether there is a next page."""
    items = views[:limit]
    shown = {"items": items, "next": next_page([str(view["ref"]) for view in views], limit)}
    return Response(to_json(shown), media_type="application/json")  # a third of what JSONResponse takes


def next_page(keys: Sequence[str], limit: int) -> str | None:
    """The cursor behind the last key of a page, when more were found than it holds."""
    return base64.urlsafe_b64encode(keys[limit - 1].encode()).decode() if len(keys) > limit else None


def page(cursor: str | None, limit: int) -> Page:
    try:
        after = base64.b64decode((cursor or "").encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        after = "\0"
    if "\0" in after:
        raise Refused(422, NOT_ACCEPTABLE, (Fault("cursor", "cursor", "not one of `next`"),))
    return Page(after, limit)


def reference(text: str) -> str:
    """What cannot be a reference names nothing."""
    try:
        return parse_licence_ref(text)
    except ValueError as error:
        raise Refused(404, "No such reference", (Fault("ref", "reference", str(error)),)) from error


def expected_revisions(if_match: str | None) -> frozenset[int] | None:
    """The revisions of an `If-Match` header; None: any."""
    if if_match is None or if_match.strip() == "*":
        return None
    tags = [_TAG.fullmatch(tag) for tag in if_match.split(",")]
    return frozenset(int(tag[1]) for tag in tags if tag is not None)


def refuse_if(faults: tuple[Fault, ...]) -> None:
    if faults:
        raise Refused(422, NOT_ACCEPTABLE, faults)


def now() -> datetime:
    return datetime.now(UTC)
