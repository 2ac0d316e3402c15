"""Joining the messages of one LRN: what was lodged, and what customs answered.

Customs answers under the LRN, the declarant's own number. AES repeats the declarant in its answer, WCO does not; two
declarants may use the same LRN. The result is a function of the set of messages that are open together:

- an acceptance takes the declaration it correlates to, else the latest one of its declarant (a declaration lodged again
  under the same LRN replaces the one before); with several declarants and none named it waits;
- a rejection closes the earliest open declaration. A closed one is still taken when an acceptance finds no other: a
  wrongly attributed rejection must never lose a shipment;
- an acceptance of an MRN accepted before is a repeat and gives no fact;
- customs may first register a pre-lodged declaration under its MRN and accept it when the goods are presented: the
  acceptance then says that they were;
- an amendment that customs accepts before there is an MRN counts as the declaration lodged again.

What amends an accepted declaration joins by MRN, see `amendment`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.core.facts import Fact
from services.core.messages import GoodsPresented
from services.core.values import Mrn
from services.customs.domain.declaration import stated_by
from services.customs.domain.reading import Acceptance, Amended, AmendmentAcceptance, Lodged, Logged, Rejection


class State(StrEnum):
    """Where a message stands in the log. APPLIED here: it needs no effect; else the verdicts say what is applied."""

    RECEIVED = "received"
    WAITING = "waiting"
    APPLIED = "applied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of one message. `open`: later messages of its LRN may still join it.

    `references`: the consignment references that the declaration it accepts names.
    """

    id: str
    state: State
    note: str | None = None
    open: bool = False
    shipment: Mrn | None = None
    fact_id: str | None = None
    fact: Fact | None = None
    references: tuple[str, ...] = ()


@dataclass(slots=True)
class _Known:
    """MRNs accepted so far, and those among them that customs has only registered: their goods are not presented."""

    accepted: set[Mrn]
    registered: set[Mrn]


def join(messages: Sequence[Logged], known: Collection[Mrn], registered: Collection[Mrn] = ()) -> list[Outcome]:
    """What becomes of the open messages of one party and LRN.

    `known`: MRNs accepted or registered before. `registered`: those that were registered only.
    """
    lodged = sorted((m for m in messages if isinstance(m.reading.statement, Lodged)), key=_order)
    drafts = sorted((m for m in messages if isinstance(m.reading.statement, Amended)), key=_order)
    outcomes: list[Outcome] = []
    accepted, confirmed = _Known(set(known), set(registered)), confirm(messages, drafts)
    lodged = sorted((*lodged, *confirmed.values()), key=_order)
    drafts = [draft for draft in drafts if draft not in confirmed.values()]
    for message in sorted(messages, key=_decided):
        if isinstance(message.reading.statement, Acceptance):
            outcomes += _accept(message, message.reading.statement, lodged, accepted)
    for message in sorted(messages, key=_decided):
        if isinstance(message.reading.statement, Rejection):
            outcomes += reject(message, drafts if message.reading.statement.of_amendment else lodged)
        elif isinstance(message.reading.statement, AmendmentAcceptance):
            outcomes += _confirmed(message, confirmed.get(message.id), lodged)
    return outcomes + [_still_open(message) for message in lodged] + [amendment_open(draft) for draft in drafts]


def confirm(messages: Sequence[Logged], drafts: Sequence[Logged]) -> dict[str, Logged]:
    """For each accepted amendment without MRN, by id, the declaration it accepts."""
    left, confirmed = list(drafts), dict[str, Logged]()
    for message in sorted(messages, key=_decided):
        statement = message.reading.statement
        if isinstance(statement, AmendmentAcceptance):
            choice = choose_amended(message, statement, left)
            if choice is not None:
                left.remove(choice)
                confirmed[message.id] = choice
    return confirmed


def _confirmed(message: Logged, choice: Logged | None, lodged: Sequence[Logged]) -> list[Outcome]:
    """It stays open, and with it what it confirms, until the MRN is known."""
    if choice is None:
        note = f"no amended declaration with LRN {message.reading.lrn} was received yet"
        return [Outcome(id=message.id, state=State.WAITING, note=note, open=True)]
    note = "amends what was lodged"
    return [Outcome(id=message.id, state=State.APPLIED, note=note, open=choice.id in {m.id for m in lodged})]


def choose_amended(message: Logged, acceptance: AmendmentAcceptance, drafts: Sequence[Logged]) -> Logged | None:
    """The amended declaration that an acceptance is about: the one it correlates to, else the latest issued before."""
    fitting = [m for m in drafts if message.reading.declarant in {None, m.reading.declarant}]
    fitting = [m for m in fitting if not m.closed] or fitting
    named = [m for m in fitting if acceptance.correlates and m.reading.message_id == acceptance.correlates]
    fitting = named or [m for m in fitting if not m.later_than(message)]
    return max(fitting, key=_order, default=None)


def _accept(message: Logged, acceptance: Acceptance, lodged: list[Logged], known: _Known) -> list[Outcome]:
    """Outcomes of an acceptance and of the declaration it takes out of `lodged`."""
    mrn = acceptance.mrn
    if mrn in known.registered and acceptance.pre_lodged is False:
        known.registered.remove(mrn)
        presented = GoodsPresented(fact_id="", mrn=mrn, presented_at=acceptance.accepted_at)
        fact = stated_by(presented, message.id, [message.source])
        return [Outcome(id=message.id, state=State.RECEIVED, shipment=mrn, fact_id=message.id, fact=fact)]
    if mrn in known.accepted:
        note = "a repeat: this MRN was accepted before"
        return [Outcome(id=message.id, state=State.APPLIED, note=note, shipment=mrn)]
    choice = _choose(message, acceptance, lodged)
    if isinstance(choice, str):
        return [Outcome(id=message.id, state=State.WAITING, note=choice, open=True, shipment=mrn)]
    known.accepted.add(mrn)
    if acceptance.pre_lodged:
        known.registered.add(mrn)
    lodged.remove(choice)
    fact, references = _accepted_fact(choice, message, acceptance)
    return [
        Outcome(
            id=message.id, state=State.RECEIVED, shipment=mrn, fact_id=message.id, fact=fact, references=references
        ),
        Outcome(id=choice.id, state=State.RECEIVED, shipment=mrn, fact_id=message.id),
    ]


def _accepted_fact(declared: Logged, message: Logged, acceptance: Acceptance) -> tuple[Fact, tuple[str, ...]]:
    """The fact, and the consignment references of its goods."""
    statement = declared.reading.statement
    assert isinstance(statement, Lodged | Amended)  # noqa: S101 - chosen among the lodged
    declaration, told = statement.declaration, acceptance.pre_lodged
    if told is not None:
        declaration = replace(declaration, pre_lodged=told)
    fact = declaration.accepted(
        mrn=acceptance.mrn, lrn=message.reading.lrn, version=acceptance.version, accepted_at=acceptance.accepted_at
    )
    return stated_by(fact, message.id, [declared.source, message.source]), declaration.references


def _choose(message: Logged, acceptance: Acceptance, lodged: Sequence[Logged]) -> Logged | str:
    """The declaration an acceptance is about, or why there is none to take."""
    reading = message.reading
    fitting = [m for m in lodged if reading.declarant in {None, m.reading.declarant}]
    fitting = [m for m in fitting if not m.closed] or fitting
    correlated = [m for m in fitting if acceptance.correlates and m.reading.message_id == acceptance.correlates]
    if correlated:
        return correlated[-1]
    if not fitting:
        return f"no declaration with LRN {reading.lrn} was received yet"
    declarants = {m.reading.declarant for m in fitting}
    if len(declarants) > 1:
        return f"ambiguous: declarants {', '.join(sorted(str(d) for d in declarants))} use LRN {reading.lrn}"
    return fitting[-1]


def reject(message: Logged, lodged: list[Logged]) -> list[Outcome]:
    """A rejection is done at once; it stays open until it has closed a declaration."""
    of_amendment = isinstance(message.reading.statement, Rejection) and message.reading.statement.of_amendment
    what = "the amended declaration" if of_amendment else "the lodged declaration"
    for place, candidate in enumerate(lodged):
        if candidate.closed or candidate.later_than(message):
            continue
        lodged[place] = replace(candidate, closed=True)
        return [Outcome(id=message.id, state=State.APPLIED, note=f"closed {what}", shipment=message.reading.mrn)]
    note = f"{what} to close was not received yet"
    return [Outcome(id=message.id, state=State.APPLIED, note=note, open=True, shipment=message.reading.mrn)]


def _still_open(message: Logged) -> Outcome:
    if message.closed:
        return Outcome(id=message.id, state=State.APPLIED, note="customs rejected it", open=True)
    note = f"no acceptance of LRN {message.reading.lrn} was received yet"
    return Outcome(id=message.id, state=State.WAITING, note=note, open=True)


def amendment_open(message: Logged) -> Outcome:
    """An amendment that nothing has decided yet."""
    mrn, what = message.reading.amends, message.reading.amends or f"LRN {message.reading.lrn}"
    if message.closed:
        return Outcome(id=message.id, state=State.APPLIED, note="customs rejected it", open=True, shipment=mrn)
    note = f"no acceptance of the amendment of {what} was received yet"
    return Outcome(id=message.id, state=State.WAITING, note=note, open=True, shipment=mrn)


def _order(message: Logged) -> tuple[datetime, str]:
    return message.order


def _decided(message: Logged) -> tuple[bool, datetime, str]:
    """Registrations come before acceptances, whatever hour of the same day either states."""
    statement = message.reading.statement
    at = statement.accepted_at if isinstance(statement, Acceptance) else None
    at = statement.amended_at if isinstance(statement, AmendmentAcceptance) else at
    registers = isinstance(statement, Acceptance) and statement.pre_lodged is True
    return (not registers, at or message.order[0], message.id)
