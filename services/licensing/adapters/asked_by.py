"""In whose name a request is made. It stands beside the actor, who is whom that party says, in all that is changed."""

from contextvars import ContextVar

from services.licensing.domain.rights import ActingParty

_party: ContextVar[str | None] = ContextVar("party", default=None)


def asked_by(party: ActingParty) -> None:
    """The guard has let this party in; it counts until the request ends."""
    _party.set(party.name)


def asking_party() -> str | None:
    """The name of the party whose request is under way. None: no party of this door has a token, or nobody asked."""
    return _party.get()
