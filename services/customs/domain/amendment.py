"""Joining the messages of one MRN that amend its declaration: the whole declaration again, and customs' acceptance.

An accepted amendment is the next version: the number of the latest plus one, in force from its acceptance; the moment
the declaration was accepted never changes. The result does not depend on the order of arrival, save that of amendments
of which the later one came first: each is the whole declaration, so the earlier one changes nothing any more.
"""

from collections.abc import Sequence

from services.core.messages import DeclarationAccepted
from services.core.values import Mrn
from services.customs.domain.declaration import Declaration, stated_by
from services.customs.domain.lodgement import Outcome, State, amendment_open, choose_amended, reject
from services.customs.domain.reading import Amended, AmendmentAcceptance, Logged, Rejection


def amend(
    mrn: Mrn, messages: Sequence[Logged], drafts: Sequence[Logged], latest: DeclarationAccepted | None
) -> list[Outcome]:
    """What becomes of the open messages that amend one declaration.

    `drafts`: amended declarations that name only the LRN. `latest`: the version in force, None before acceptance.
    """
    amended = sorted((m for m in messages if isinstance(m.reading.statement, Amended)), key=lambda m: m.order)
    open_drafts = [*amended, *drafts]
    outcomes: list[Outcome] = []
    acceptances = [(m.reading.statement, m) for m in messages if isinstance(m.reading.statement, AmendmentAcceptance)]
    for statement, message in sorted(acceptances, key=lambda pair: (pair[0].amended_at, pair[1].id)):
        if latest is None:
            note = "the declaration of this MRN was not accepted yet"
            outcomes.append(Outcome(id=message.id, state=State.WAITING, note=note, open=True, shipment=mrn))
            continue
        found, latest = _accept(message, statement, open_drafts, latest)
        outcomes += found
    left = [m for m in amended if m in open_drafts]
    for message in sorted(messages, key=lambda m: m.order):
        if isinstance(message.reading.statement, Rejection):
            outcomes += reject(message, left)
    return outcomes + [amendment_open(message) for message in left]


def _accept(
    message: Logged, acceptance: AmendmentAcceptance, drafts: list[Logged], latest: DeclarationAccepted
) -> tuple[list[Outcome], DeclarationAccepted]:
    """Outcomes of one acceptance and of the declaration it takes out of `drafts`, and the version then in force."""
    mrn = latest.mrn
    choice = choose_amended(message, acceptance, drafts)
    taken = [] if choice is None else [choice]
    for one in taken:
        drafts.remove(one)
    if latest.amended_at is not None and acceptance.amended_at <= latest.amended_at:
        note = f"version {latest.version} was accepted at the same time or later: this one changes nothing"
        late = [Outcome(id=m.id, state=State.APPLIED, note=note, shipment=mrn) for m in (message, *taken)]
        return late, latest
    content = acceptance.declaration or _content(choice)
    if content is None:
        note = f"no amended declaration of {mrn} was received yet"
        return [Outcome(id=message.id, state=State.WAITING, note=note, open=True, shipment=mrn)], latest
    version = content.accepted(
        mrn=mrn,
        lrn=latest.lrn,
        version=latest.version + 1,
        accepted_at=latest.accepted_at,
        amended_at=acceptance.amended_at,
    )
    fact = stated_by(version, message.id, [m.source for m in (*taken, message)])
    outcomes = [Outcome(id=message.id, state=State.RECEIVED, shipment=mrn, fact_id=message.id, fact=fact)]
    outcomes += [Outcome(id=one.id, state=State.RECEIVED, shipment=mrn, fact_id=message.id) for one in taken]
    return outcomes, version


def _content(message: Logged | None) -> Declaration | None:
    statement = None if message is None else message.reading.statement
    return statement.declaration if isinstance(statement, Amended) else None
