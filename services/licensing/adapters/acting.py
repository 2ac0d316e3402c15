"""Who asks, for a route: the party whose token was shown, and the authority that the request comes for."""

from typing import Annotated

from fastapi import Depends, Header, Request

from services.core.errors import Fault, Refused
from services.licensing.adapters.faults import NOT_ACCEPTABLE
from services.licensing.domain.rights import ActingParty


def acting_party(request: Request) -> ActingParty | None:
    """Whom the guard let in. None: no party of this door has a token, and whoever reaches it may do all."""
    return getattr(request.state, "party", None)


async def _acting(request: Request) -> ActingParty | None:
    return acting_party(request)


Acting = Annotated[ActingParty | None, Depends(_acting)]


async def acting_for(
    party: Acting,
    stated: Annotated[
        str | None,
        Header(alias="Acting-For", description="The authority for which the request comes; a token says so itself."),
    ] = None,
) -> str:
    """That of the party, with which the guard found the header to agree; without one, what the header says."""
    if party is not None:
        return party.authority
    if stated is None:
        raise Refused(422, NOT_ACCEPTABLE, (Fault("Acting-For", "missing", "Field required"),))
    return stated


ActingFor = Annotated[str, Depends(acting_for)]


def sees_draft(party: ActingParty | None, authority: str) -> bool:
    """A draft is no status yet: it is its own authority's alone."""
    return party is None or party.authority == authority
