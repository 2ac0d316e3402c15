"""Who may do what at the licensing door: a right is a side's, and what is changed is its own authority's."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.core.errors import Fault, Refused
from services.core.messages import DossierSide


class Right(StrEnum):
    """What a request does, as it is said to who may not."""

    LOOK_UP = "look up what is public"
    READ = "read licences and dossiers"
    LICENSE = "issue or change licences"
    FOLLOW_USE = "report use of licences, or read what is reported"
    REFUSE = "record or read refusals"
    DENY = "record, read or compare denials"
    AUTHORISE = "give federal authorisations or change them"
    OPEN_DOSSIER = "open dossiers"
    WORK_DOSSIER = "take steps in dossiers, or write and read notes"


@dataclass(frozen=True, slots=True)
class ActingParty:
    """A party of the door, and for whom it acts."""

    name: str
    authority: str
    side: DossierSide


_REGION: Final = frozenset({DossierSide.REGION})
_FEDERAL: Final = frozenset({DossierSide.FEDERAL})
HAVE: Final[Mapping[Right, frozenset[DossierSide]]] = {
    Right.LOOK_UP: _REGION | _FEDERAL,
    Right.READ: _REGION | _FEDERAL,
    Right.LICENSE: _REGION,
    Right.FOLLOW_USE: _REGION,
    Right.REFUSE: _REGION,
    Right.DENY: _REGION,
    Right.AUTHORISE: _FEDERAL,
    Right.OPEN_DOSSIER: _REGION,
    Right.WORK_DOSSIER: _REGION | _FEDERAL,
}
"""The least that each side needs. Whose step it is in a dossier, and who sees which notes, the dossier itself says."""


def objection(party: ActingParty, right: Right, acting_for: str | None) -> Refused | None:
    """Why a party may not do this at all. `acting_for`: for whom the request says it comes; None: it does not say."""
    if party.side not in HAVE[right]:
        detail = f"{party.name} acts for {party.authority}, {_SAID[party.side]}, which may not {right}"
        return Refused(403, f"{party.name} may not {right}", (Fault("Authorization", "not-of-your-side", detail),))
    if acting_for is not None and acting_for != party.authority:
        detail = f"{party.name} acts for {party.authority}; leave the header out, or state that"
        return Refused(403, f"{party.name} may not act for {acting_for}", (Fault("Acting-For", "not-yours", detail),))
    return None


def objection_to(party: ActingParty, right: Right, owner: str) -> Refused | None:
    """Why a party may not do this to what is of `owner`."""
    if party.authority == owner:
        return None
    detail = f"this is of {owner}; {party.name} acts for {party.authority}"
    title = f"{party.name} may not {right} of {owner}"
    return Refused(403, title, (Fault("Authorization", "not-of-your-authority", detail),))


_SAID: Final = {DossierSide.REGION: "a region", DossierSide.FEDERAL: "the federal side"}
