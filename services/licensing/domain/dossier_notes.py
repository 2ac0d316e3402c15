"""Notes on a dossier: what an authority writes down for itself. The other one never sees them."""

from dataclasses import dataclass
from datetime import datetime

from services.core.errors import Refused
from services.core.messages import Dossier, DossierSide
from services.licensing.domain.dossiers import side_of


@dataclass(frozen=True, slots=True)
class AddNote:
    """A note by one of the two."""

    ref: str
    acting_for: str
    actor: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A note; numbered from 1 per dossier and side."""

    dossier: str
    side: DossierSide
    number: int
    actor: str
    text: str
    noted_at: datetime


def note(of: Dossier | None, latest: dict[DossierSide, Note], asked: AddNote) -> tuple[Note, bool]:
    """The note, and whether it is new: the latest one of that side again is a repeat. Open or closed, all dossiers.

    `latest`: of each side that has any.
    """
    if of is None:
        raise Refused(404, "No such dossier")
    side = side_of(of, asked.acting_for)
    last = latest.get(side)
    if last is not None and (last.actor, last.text) == (asked.actor, asked.text):
        return last, False
    number = 1 if last is None else last.number + 1
    return Note(asked.ref, side, number, asked.actor, asked.text, asked.at), True
