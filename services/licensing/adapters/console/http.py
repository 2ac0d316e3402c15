"""The console's pages of the register and of the control list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from services.core.errors import Refused
from services.core.messages import LicenceStatus
from services.core.values import parse_eori
from services.licensing.adapters.answers import next_page, now, page, reference
from services.licensing.adapters.control_list import in_force
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.search import Search
from services.licensing.adapters.views import licence_view
from services.licensing.adapters.words import word
from services.runtime.pages import Pages

PACKAGE: Final = "services.licensing.adapters.console"
LINKS: Final = (("/console/licences", "Licences"), ("/console/control-list", "Control list"))
_MOST = 50
_STATUSES = tuple(word(status) for status in LicenceStatus)
_NEEDS: Final[Mapping[str, str]] = {
    "federal_authorisation": "federal authorisation",
    "end_use_certificate": "end-use certificate",
    "state_guarantee": "guarantee of the receiving State",
}
Text = Annotated[str, Query(max_length=400)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form of the register was filled in with."""

    ref: str
    holder: str
    status: str


def console_router(search: Search) -> APIRouter:
    """Pages, not part of the HTTP contract. What a form was filled in with wrongly is said above the form."""
    router = APIRouter(route_class=DoorRoute, prefix="/console", include_in_schema=False)
    pages = Pages(PACKAGE, LINKS)
    register = _Register(search, pages)

    @router.get("/control-list")
    async def control_list(q: Text = "", at: Text = "", cursor: Text = "") -> Response:
        day = _day(at)
        stated = in_force(day)
        found = [] if stated is None else stated.search(q[:200], page(cursor, _MOST).after, _MOST + 1)
        following = next_page([code for code, _ in found], _MOST)
        shown = {"q": q, "at": day, "stated": stated, "items": found[:_MOST], "cursor": cursor, "next": following}
        return pages.answer("control_list.html", shown)

    @router.get("/licences")
    async def licences(ref: Text = "", holder: Text = "", status: Text = "", cursor: Text = "") -> Response:
        asked = Asked(ref.strip(), holder.strip().upper(), status if status in _STATUSES else "")
        return await (register.one(asked) if asked.ref else register.several(asked, cursor))

    return router


class _Register:
    """The pages of the register: the form with what it found, and one licence."""

    def __init__(self, search: Search, pages: Pages) -> None:
        self._search = search
        self._pages = pages

    async def one(self, asked: Asked) -> Response:
        try:
            licence = await self._search.licence(reference(asked.ref))
        except Refused as error:
            return self._form(asked, fault="; ".join(fault.detail for fault in error.faults))
        if licence is None:
            return self._form(asked, fault=f"No licence has the reference {asked.ref}.", status=404)
        needs = [said for name, said in _NEEDS.items() if getattr(licence.requires, name)]
        return self._pages.answer("licence.html", {"licence": licence_view(licence, now()), "needs": needs})

    async def several(self, asked: Asked, cursor: str) -> Response:
        try:
            holder = parse_eori(asked.holder) if asked.holder else None
        except ValueError as error:
            return self._form(asked, fault=f"Holder: {error}.")
        wanted = LicenceStatus(asked.status.upper()) if asked.status else None
        at = now()
        found = await self._search.licences(holder, wanted, at, page(cursor, _MOST + 1))
        return self._form(asked, [licence_view(licence, at) for licence in found])

    def _form(
        self, asked: Asked, found: Sequence[dict[str, Any]] = (), fault: str | None = None, status: int = 200
    ) -> Response:
        following = next_page([str(view["ref"]) for view in found], _MOST)
        shown = {"asked": asked, "statuses": _STATUSES, "fault": fault, "licences": found[:_MOST], "next": following}
        return self._pages.answer("licences.html", shown, status)


def _day(text: str) -> date:
    """Today where nothing, or no day, is stated."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC).date()
