"""Joining the messages of one MRN that amend its declaration: the whole declaration again, and customs' acceptance.

An accepted amendment is the next version: the number of the latest plus one, in force from its acceptance; the moment
the declaration was accepted never changes. What is in force in the end does not depend on the order of arrival:

- of two amendments of which the later one came first, the earlier changes nothing: each is the whole declaration;
- an acceptance takes the latest declaration issued before it. When a later one of these arrives after that, it is the
  one that was meant, and it becomes a version of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.core.messages import DeclarationAccepted
from services.core.values import Mrn
from services.customs.domain.declaration import Declaration, stated_by
from services.customs.domain.lodgement import Outcome, State, amendment_open, choose_amended, reject
from services.customs.domain.reading import Amended, AmendmentAcceptance, Logged, Rejection


@dataclass(frozen=True, slots=True)
class Version:
    """A declaration in force. `by`: the messages that amended it so, none for the first version."""

    fact: DeclarationAccepted
    by: tuple[Logged, ...] = ()


def amend(mrn: Mrn, messages: Sequence[Logged], drafts: Sequence[Logged], latest: Version | None) -> list[Outcome]:
    """What becomes of the open messages that amend one declaration.

    `drafts`: amended declarations that name only the LRN. `latest`: the version in force, None before acceptance.
    """
    amended = sorted((m for m in messages if isinstance(m.reading.statement, Amended)), key=lambda m: m.order)
    left = [*amended, *drafts]
    outcomes: list[Outcome] = []
    acceptances = [(m.reading.statement, m) for m in messages if isinstance(m.reading.statement, AmendmentAcceptance)]
    for statement, message in sorted(acceptances, key=lambda pair: (pair[0].amended_at, pair[1].id)):
        if latest is None:
            note = "the declaration of this MRN was not accepted yet"
            outcomes.append(Outcome(id=message.id, state=State.WAITING, note=note, open=True, shipment=mrn))
            continue
        found, latest = _accept(message, statement, left, latest)
        outcomes += found
    for draft in sorted(left, key=lambda m: m.order):
        if latest is not None and _was_meant(draft, latest):
            left.remove(draft)
            found, latest = _version(draft.id, latest, [draft, latest.by[-1]], _content(draft))
            outcomes += [outcome for outcome in found if outcome.id == draft.id]
    waiting = [m for m in amended if m in left]
    for message in sorted(messages, key=lambda m: m.order):
        if isinstance(message.reading.statement, Rejection):
            outcomes += reject(message, waiting)
    return outcomes + [_superseded(message, latest) or amendment_open(message) for message in waiting]


def _superseded(draft: Logged, latest: Version | None) -> Outcome | None:
    """A declaration older than the one in force: only an acceptance that finds no other still takes it."""
    if latest is None or not latest.by or not latest.by[0].later_than(draft):
        return None
    note = f"version {latest.fact.version} amends the declaration later: this one changes nothing"
    return Outcome(id=draft.id, state=State.APPLIED, note=note, open=True, shipment=latest.fact.mrn)


def _accept(
    message: Logged, acceptance: AmendmentAcceptance, drafts: list[Logged], latest: Version
) -> tuple[list[Outcome], Version]:
    """Outcomes of one acceptance and of the declaration it takes out of `drafts`, and the version then in force."""
    mrn, held = latest.fact.mrn, latest.fact.amended_at
    choice = choose_amended(message, acceptance, drafts)
    taken = [] if choice is None else [choice]
    for one in taken:
        drafts.remove(one)
    if held is not None and acceptance.amended_at <= held:
        note = f"version {latest.fact.version} was accepted at the same time or later: this one changes nothing"
        late = [Outcome(id=m.id, state=State.APPLIED, note=note, shipment=mrn) for m in (message, *taken)]
        return late, latest
    content = acceptance.declaration or _content(choice)
    if content is None:
        note = f"no amended declaration of {mrn} was received yet"
        return [Outcome(id=message.id, state=State.WAITING, note=note, open=True, shipment=mrn)], latest
    return _version(message.id, latest, [*taken, message], content)


def _version(
    fact_id: str, latest: Version, by: Sequence[Logged], content: Declaration | None
) -> tuple[list[Outcome], Version]:
    """The next version, made by an acceptance that is the last of `by`, and the outcomes of these messages."""
    acceptance = by[-1].reading.statement
    assert isinstance(acceptance, AmendmentAcceptance) and content is not None  # noqa: S101, PT018 - the callers have both
    fact = content.accepted(
        mrn=latest.fact.mrn,
        lrn=latest.fact.lrn,
        version=latest.fact.version + 1,
        accepted_at=latest.fact.accepted_at,
        amended_at=acceptance.amended_at,
    )
    stated = stated_by(fact, fact_id, [m.source for m in by])
    assert isinstance(stated, DeclarationAccepted)  # noqa: S101 - it keeps its kind
    outcomes = [
        Outcome(
            id=m.id,
            state=State.RECEIVED,
            shipment=fact.mrn,
            fact_id=fact_id,
            fact=stated if m.id == fact_id else None,
        )
        for m in by
    ]
    return outcomes, Version(stated, tuple(by))


def _was_meant(draft: Logged, latest: Version) -> bool:
    """Whether the acceptance in force took an earlier declaration only because this one was not there yet."""
    if len(latest.by) < 2 or draft.closed:
        return False
    taken, acceptance = latest.by[0], latest.by[-1]
    statement = acceptance.reading.statement
    named = isinstance(statement, AmendmentAcceptance) and statement.correlates == taken.reading.message_id
    fits = acceptance.reading.declarant in {None, draft.reading.declarant}
    return fits and not named and not draft.later_than(acceptance) and draft.later_than(taken)


def _content(message: Logged | None) -> Declaration | None:
    statement = None if message is None else message.reading.statement
    return statement.declaration if isinstance(statement, Amended) else None
