"""The licensing door over HTTP (API.md). A 2xx to a POST means: durable, and published sooner or later.

References hold slashes. `{ref:path}` takes them plain and percent-encoded; a reference that itself ends like a reserved
suffix is reached with `?ref=`.
"""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse

from services.core.errors import Fault, Refused, Rejected
from services.core.messages import Licence, LicenceStatus, Refusal
from services.core.values import parse_licence_ref
from services.licensing.adapters.bodies import LicenceBody, RefusalBody, StatusWord, StepBody
from services.licensing.adapters.faults import NOT_ACCEPTABLE, DoorRoute, licence_faults, refusal_faults
from services.licensing.adapters.fields import EoriNumber
from services.licensing.adapters.register import Command, Outcome
from services.licensing.adapters.search import Page, Search
from services.licensing.adapters.views import licence_view, refusal_view
from services.licensing.handlers import ChangeStatus, IssueLicence, RecordRefusal, Registered

Submit = Callable[[Command], Awaitable[Outcome]]
RESERVED = frozenset({"amendments", "status", "documents", "usage-reports", "entries"})
Cursor = Annotated[str | None, Query(max_length=400)]
Limit = Annotated[int, Query(ge=1, le=500)]
_TAG = re.compile(r'\s*(?:W/)?"?([0-9]{1,18})"?\s*')


def licensing_router(submit: Submit, search: Search, zone_of: Callable[[str], str | None]) -> APIRouter:
    """All routes of the door; `submit` is the group commit, `zone_of` an authority's time zone."""
    router = APIRouter(route_class=DoorRoute, tags=["licensing"])
    _write_routes(router, submit, zone_of)
    _licence_routes(router, search)
    _refusal_routes(router, submit, search)
    return router


def _write_routes(router: APIRouter, submit: Submit, zone_of: Callable[[str], str | None]) -> None:
    @router.post("/v1/licences", status_code=201)
    async def issue_licence(body: LicenceBody) -> Response:
        _refuse_if(licence_faults(body, zone_of))
        decision = await _durable(submit, IssueLicence(body.licence(zone_of(body.authority) or "", _now())))
        return _licence(_registered(decision), 201 if decision.outputs else 200)

    # The query form stands before the path form, and both before `GET {ref:path}`.
    @router.post("/v1/licences/status")
    async def change_status_by_query(
        ref: str, body: StepBody, if_match: Annotated[str | None, Header()] = None
    ) -> Response:
        return await change_status(ref, body, if_match)

    @router.post("/v1/licences/{ref:path}/status")
    async def change_status(ref: str, body: StepBody, if_match: Annotated[str | None, Header()] = None) -> Response:
        step = ChangeStatus(
            ref=reference(ref),
            status=body.step,
            reason=body.reason,
            effective_at=body.effective_at,
            expected=expected_revisions(if_match),
            at=_now(),
        )
        return _licence(_registered(await _durable(submit, step)), 200)


def _licence_routes(router: APIRouter, search: Search) -> None:
    @router.get("/v1/licences")
    async def list_licences(
        ref: str | None = None,
        holder: EoriNumber | None = None,
        status: StatusWord | None = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Response:
        if ref is not None:
            return await one_licence(ref)
        wanted = None if status is None else LicenceStatus(status.upper())
        now = _now()
        found = await search.licences(holder, wanted, now, _page(cursor, limit + 1))
        return _listed([licence_view(licence, now) for licence in found], limit)

    @router.get("/v1/licences/{ref:path}/{part}", include_in_schema=False)
    async def licence_part(ref: str, part: str) -> Response:
        if part in RESERVED:
            raise Refused(404, "No such resource")
        return await one_licence(f"{ref}/{part}")

    @router.get("/v1/licences/{ref:path}")
    async def one_licence(ref: str) -> Response:
        licence = await search.licence(reference(ref))
        if licence is None:
            raise Refused(404, "No such licence")
        return _licence(licence, 200)


def _refusal_routes(router: APIRouter, submit: Submit, search: Search) -> None:
    @router.post("/v1/refusals", status_code=201)
    async def record_refusal(body: RefusalBody) -> Response:
        _refuse_if(refusal_faults(body))
        decision = await _durable(submit, RecordRefusal(body.refusal(_now())))
        assert isinstance(decision.state, Refusal)  # noqa: S101 - the decision on a refusal
        return _refusal(decision.state, 201 if decision.outputs else 200)

    @router.get("/v1/refusals")
    async def list_refusals(
        ref: str | None = None, applicant: EoriNumber | None = None, cursor: Cursor = None, limit: Limit = 50
    ) -> Response:
        if ref is not None:
            return await one_refusal(ref)
        found = await search.refusals(applicant, _page(cursor, limit + 1))
        return _listed([refusal_view(refusal) for refusal in found], limit)

    @router.get("/v1/refusals/{ref:path}")
    async def one_refusal(ref: str) -> Response:
        refusal = await search.refusal(reference(ref))
        if refusal is None:
            raise Refused(404, "No such refusal")
        return _refusal(refusal, 200)


async def _durable(submit: Submit, command: Command) -> Outcome:
    try:
        return await submit(command)
    except Rejected as error:
        raise Refused(422, NOT_ACCEPTABLE, (Fault("", "unwritable", str(error)),)) from error


def _registered(decision: Outcome) -> Licence:
    assert isinstance(decision.state, Registered)  # noqa: S101 - the decision on a licence
    return decision.state.current


def _licence(licence: Licence, status: int) -> Response:
    return _tagged(licence_view(licence, _now()), status, "licences")


def _refusal(refusal: Refusal, status: int) -> Response:
    return _tagged(refusal_view(refusal), status, "refusals")


def _tagged(view: dict[str, Any], status: int, collection: str) -> Response:
    """ETag is the revision. Location takes the query form where clients or we would read the path form otherwise."""
    headers = {"ETag": f'"{view["revision"]}"'}
    if status == 201:
        steps = str(view["ref"]).split("/")
        by_query = steps[-1] in RESERVED or bool({"", ".", ".."} & set(steps))
        headers["Location"] = f"/v1/{collection}{'?ref=' if by_query else '/'}{quote(str(view['ref']))}"
    return JSONResponse(view, status, headers)


def _listed(views: list[dict[str, Any]], limit: int) -> Response:
    """One more than the limit was read: it tells whether there is a next page."""
    items = views[:limit]
    more = base64.urlsafe_b64encode(str(items[-1]["ref"]).encode()).decode() if len(views) > limit else None
    return JSONResponse({"items": items, "next": more})


def _page(cursor: str | None, limit: int) -> Page:
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


def _refuse_if(faults: tuple[Fault, ...]) -> None:
    if faults:
        raise Refused(422, NOT_ACCEPTABLE, faults)


def _now() -> datetime:
    return datetime.now(UTC)
