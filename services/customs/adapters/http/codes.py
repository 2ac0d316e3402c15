"""Code lists over HTTP: what is in force on a day, and a new version of a list."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from services.core.codes import SHAPES, in_force
from services.core.errors import Refused
from services.core.messages import CodeList, ListedCode
from services.customs.adapters.code_lists import CodeLists, Import
from services.customs.adapters.http.description import ALWAYS, problem
from services.runtime.body import read_body
from services.runtime.codes.rows import as_rows, from_csv, from_json
from services.runtime.parties import Doorkeeper

LARGEST = 8 * 1024 * 1024

_ALWAYS = ALWAYS
_NO_LIST: dict[int | str, dict[str, Any]] = {404: problem("There is no such list, or no such revision.")}
_TAKING: dict[int | str, dict[str, Any]] = {
    **_NO_LIST,
    200: {"description": "Nothing new: this content is in force already; or a dry run."},
    400: problem("Neither CSV nor JSON, or not UTF-8."),
    413: problem("Larger than a list may be."),
    415: problem("Another media type than text/csv or application/json."),
    422: problem("Not acceptable; `errors` has the row and column of each fault."),
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
        },
    }
}


def router(lists: CodeLists, doorkeeper: Doorkeeper) -> APIRouter:
    """`/v1/codes`. Where parties have tokens, every request shows one; any of them may bring in a version."""

    async def known_party(request: Request) -> None:
        doorkeeper.party(request.headers)

    routes = APIRouter(prefix="/v1/codes", tags=["codes"], dependencies=[Depends(known_party)], responses=_ALWAYS)

    @routes.get("")
    async def known() -> JSONResponse:
        """Every list with the version in force."""
        return JSONResponse({"items": [_about(await _newest(lists, name)) for name in sorted(SHAPES)]})

    @routes.get("/{name}", responses=_NO_LIST)
    async def codes(
        name: str,
        at: Annotated[date | None, Query(description="Only codes in force on this day.")] = None,
        revision: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="An earlier version.")] = None,
    ) -> JSONResponse:
        """A list: its codes with their periods."""
        stated = await _found(lists, name, revision)
        shown = [code for code in stated.codes if at is None or in_force(code, at)]
        asked = {} if at is None else {"at": at.isoformat()}
        return JSONResponse(_about(stated) | asked | {"codes": as_rows(name, shown)})

    async def put(
        request: Request,
        name: str,
        dry_run: bool = False,  # noqa: FBT001, FBT002 - a query
        partial: bool = False,  # noqa: FBT001, FBT002 - a query
    ) -> Response:
        """A new version of a list, whole. This door judges every declaration by it from now on, as of its own day."""
        if name not in SHAPES:
            raise _no_list(name)
        read = _read(name, request.headers.get("content-type", ""), await read_body(request, LARGEST, "list"))
        done = await lists.put(name, read, datetime.now(UTC), complete=not partial, dry_run=dry_run)
        return _answer(done, dry_run=dry_run)

    routes.add_api_route("/{name}", put, methods=["POST"], status_code=201, responses=_TAKING, openapi_extra=_BODY)
    return routes


def _read(name: str, content_type: str, body: bytes) -> tuple[ListedCode, ...]:
    given = content_type.partition(";")[0].strip().lower()
    if given == "text/csv":
        return from_csv(name, body)
    if given == "application/json":
        return from_json(name, body)
    raise Refused(415, f"{given or 'A body without media type'} is not read here: send text/csv or application/json")


async def _newest(lists: CodeLists, name: str) -> CodeList:
    return await _found(lists, name, None)


async def _found(lists: CodeLists, name: str, revision: int | None) -> CodeList:
    if name not in SHAPES:
        raise _no_list(name)
    stated = await lists.version(name, revision)
    if stated is None:
        raise Refused(404, f"The list {name} has no revision {revision}")
    return stated


def _no_list(name: str) -> Refused:
    return Refused(404, f"No list {name[:40]!r}; there are {', '.join(sorted(SHAPES))}")


def _about(stated: CodeList) -> dict[str, Any]:
    return {
        "list": stated.name,
        "revision": stated.revision,
        "version": stated.version,
        "complete": stated.complete,
        "imported_at": stated.imported_at.isoformat() if stated.revision else None,
        "size": len(stated.codes),
    }


def _answer(done: Import, *, dry_run: bool) -> JSONResponse:
    new = done.after is not done.before
    body = _about(done.after) | done.changes | {"new": new, "dry_run": dry_run}
    return JSONResponse(body, 201 if new and not dry_run else 200)
