"""The guard of the door: who asks is known, has the right, and changes what is its own. Without tokens all are let in.

Who asks, and what that side may not do, is said before a byte of the body is read; whose the thing is, before the
route begins. The authority of a licence never changes, nor that of a draft before it is discarded: what was found here
holds when the request is applied.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.routing import BaseRoute

from services.core.errors import Fatal, Refused
from services.licensing.adapters.answers import reference
from services.licensing.adapters.asked_by import asked_by
from services.licensing.adapters.draft_register import DraftSearch
from services.licensing.adapters.faults import DoorRoute
from services.licensing.adapters.pending_register import PendingSearch
from services.licensing.adapters.rights import RULES, Owner, Rule
from services.licensing.adapters.search import Search
from services.licensing.domain.rights import ActingParty, Right, objection, objection_to
from services.runtime.parties import Doorkeeper
from services.runtime.telemetry import log

Find = Callable[[str], Awaitable[str | None]]
"""The authority of what has a name. None: there is no such thing. Refused 404: nothing can have that name."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Knows the parties by name; `finds` gives the authority of what a request changes, by where it is found."""

    doorkeeper: Doorkeeper
    parties: Mapping[str, ActingParty]
    finds: Mapping[Owner, Find]

    def party(self, request: Request, rule: Rule) -> ActingParty:
        """Who asks. Refused 401; or 403, when its side has no such right, or it says that it acts for another."""
        name = self.doorkeeper.party(request.headers, browser=rule.browser)
        party = self.parties[name]
        if refused := objection(party, rule.right, request.headers.get("acting-for")):
            raise refused
        return party

    async def look(self, request: Request, rule: Rule, party: ActingParty) -> None:
        """Refused 403 when what is changed is of another authority, 404 when there is no such thing."""
        for owner in rule.owners:
            found = await self._owner(request, owner)
            if found is not None and (refused := objection_to(party, rule.right, found)):
                raise refused

    async def _owner(self, request: Request, owner: Owner) -> str | None:
        """None: the request does not say, for which the route refuses it."""
        if owner is Owner.STATED:
            document = await request.json()
            stated = document.get("authority") if isinstance(document, dict) else None
            return stated if isinstance(stated, str) else None
        named = _named(request, owner)
        if named is None:
            return None
        found = await self.finds[owner](named)
        if found is None:
            raise Refused(404, f"No such {owner.name.lower()}")
        return found


def _named(request: Request, owner: Owner) -> str | None:
    """What the route will change. The query names it where the path does not; the last time, where it does so twice."""
    match owner:
        case Owner.AMENDMENT:
            return str(request.path_params["id_"])
        case Owner.EXCHANGE:
            return ""
        case _:
            found: str | None = request.path_params.get("ref", request.query_params.get("ref"))
            return found


@dataclass(frozen=True, slots=True)
class _AtRoute:
    guard: Guard
    rule: Rule

    def enter(self, request: Request) -> None:
        request.state.party = self.guard.party(request, self.rule)
        asked_by(request.state.party)

    async def look(self, request: Request) -> None:
        party = request.state.party
        await self.guard.look(request, self.rule, party)
        if request.method != "GET":
            # Beside the actor, who is whom the party says.
            log.info("licensing.asked", party=party.name, method=request.method, path=request.url.path)


def guarded(routers: Iterable[APIRouter], guard: Guard) -> tuple[APIRouter, ...]:
    """The routers, with the guard at every route once parties have tokens, but where all is public."""
    kept = tuple(routers)
    for router in kept:
        for route in router.routes:
            known, rule = _ruled(route)
            if guard.doorkeeper.asks and rule.right is not Right.LOOK_UP:
                known.guard = _AtRoute(guard, rule)
    return kept


def _ruled(route: BaseRoute) -> tuple[DoorRoute, Rule]:
    """Fatal: the route would be open to all, whatever it does."""
    if not isinstance(route, DoorRoute):
        raise Fatal(f"{route} is no DoorRoute: nothing would guard it")
    name = f"{' '.join(sorted(route.methods or ()))} {route.path}"
    rule = RULES.get(name)
    if rule is None:
        raise Fatal(f"{name} has no rule in services/licensing/adapters/rights.py")
    return route, rule


def finding(
    licences: Search, drafts: DraftSearch, amendments: PendingSearch, exchange: str | None
) -> dict[Owner, Find]:
    """The authority of what is in the register; `exchange`: that of the exchange of files."""

    async def of_licence(ref: str) -> str | None:
        licence = await licences.licence(reference(ref))
        return None if licence is None else licence.authority

    async def of_draft(ref: str) -> str | None:
        draft = await drafts.one(reference(ref))
        return None if draft is None else draft.terms.authority

    async def of_amendment(id_: str) -> str | None:
        amendment = await amendments.one(id_) if id_.isalnum() else None
        return None if amendment is None else await of_licence(amendment.ref)

    async def of_exchange(_: str) -> str | None:
        return exchange

    return {
        Owner.LICENCE: of_licence,
        Owner.DRAFT: of_draft,
        Owner.AMENDMENT: of_amendment,
        Owner.EXCHANGE: of_exchange,
    }
