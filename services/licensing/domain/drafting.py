"""Drafts of licences: in the register only, until they are issued or discarded.

draft ──issue──▶ issued: revision 1 of a licence
  │
  └──discard──▶ discarded; the reference is free again
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.core.errors import Fault, Refused
from services.core.messages import Change, Licence


class State(StrEnum):
    DRAFT = "draft"
    DISCARDED = "discarded"
    ISSUED = "issued"


@dataclass(frozen=True, slots=True)
class Draft:
    """`terms`: with no status, and the draft's own revision, which goes on when the reference is drafted again."""

    terms: Licence
    state: State = State.DRAFT


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """`expected`: the revisions that may be replaced; None: there is none yet."""

    terms: Licence
    expected: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class DiscardDraft:
    """`expected`: the revisions that may be discarded; None: any."""

    ref: str
    change: Change
    expected: frozenset[int] | None
    at: datetime


def save(known: Draft | None, asked: SaveDraft, *, taken: bool) -> Draft:
    """The draft as it stands after. The same terms again are a repeat, even when `expected` is outdated by it.

    `taken`: a licence has this reference. Refused 404, 409 or 412.
    """
    if taken:
        raise Refused(409, "A licence has this reference", (_taken(f"{asked.terms.ref} was issued; amend it"),))
    current = _open(known)
    if current is not None and _written(current.terms) == _written(asked.terms):
        return current
    if asked.expected is None and current is not None:
        detail = f"{asked.terms.ref} is a draft with other content; replace it with PUT and If-Match"
        raise Refused(409, "Another draft has this reference", (_taken(detail),))
    if asked.expected is not None:
        _expect(current, asked.expected)
    revision = known.terms.revision + 1 if known is not None else 1
    return Draft(replace(asked.terms, revision=revision))


def discard(known: Draft | None, asked: DiscardDraft) -> Draft:
    """The draft, gone. Again is a repeat."""
    if known is not None and known.state is State.DISCARDED:
        return known
    current = _expect(_open(known), asked.expected)
    return _closed(current, State.DISCARDED, asked.change, asked.at)


def issued_from(known: Draft | None, licence: Licence, expected: frozenset[int]) -> Draft:
    """The draft that a licence was issued from. Refused when it is no more what was judged."""
    current = _expect(_open(known), expected)
    return _closed(current, State.ISSUED, licence.change, licence.changed_at)


def refuse_drafted(known: Draft | None) -> None:
    """A draft holds its reference: another licence is not issued under it."""
    if (current := _open(known)) is not None:
        detail = f"{current.terms.ref} is a draft; issue it, or discard it first"
        raise Refused(409, "A draft has this reference", (_taken(detail),))


def _open(known: Draft | None) -> Draft | None:
    return known if known is not None and known.state is State.DRAFT else None


def _expect(current: Draft | None, expected: frozenset[int] | None) -> Draft:
    if current is None:
        raise Refused(404, "No such draft")
    if expected is not None and current.terms.revision not in expected:
        fault = Fault("If-Match", "revision", f"the draft is at revision {current.terms.revision}")
        raise Refused(412, "The draft has changed since", (fault,))
    return current


def _closed(draft: Draft, state: State, change: Change | None, at: datetime) -> Draft:
    return Draft(replace(draft.terms, revision=draft.terms.revision + 1, change=change, changed_at=at), state)


def _written(terms: Licence) -> Licence:
    """Without what is not the author's."""
    return replace(terms, revision=0, changed_at=datetime.min, change=None)  # noqa: DTZ901 - any one time


def _taken(detail: str) -> Fault:
    return Fault("/ref", "ref-taken", detail)
