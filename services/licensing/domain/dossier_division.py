"""Who checks what of an application for nuclear goods: the default division between region and federal side, as data.

Sources: the advice to the Flemish Parliament (divide administrative and technical checks, so that no work is done
twice); law of 9 February 1981, art. 1 (what the federal side answers for). A check can change hands in a dossier.
"""

from dataclasses import dataclass
from typing import Final

from services.core.messages import DossierSide


@dataclass(frozen=True, slots=True)
class Task:
    """A check, and whose task it is unless the two agree otherwise."""

    name: str
    side: DossierSide
    technical: bool


DIVISION: Final = (
    Task("completeness", DossierSide.REGION, technical=False),
    Task("end-user", DossierSide.REGION, technical=False),
    Task("end-use", DossierSide.REGION, technical=False),
    Task("diversion-risk", DossierSide.REGION, technical=False),
    Task("safeguards", DossierSide.FEDERAL, technical=True),
    Task("technical-specification", DossierSide.FEDERAL, technical=True),
    Task("physical-protection", DossierSide.FEDERAL, technical=True),
    Task("state-guarantee", DossierSide.FEDERAL, technical=False),
)
