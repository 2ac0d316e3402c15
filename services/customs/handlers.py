"""Use cases of the customs door: receive a group of messages, take in a verdict."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.core.decision import Decision
from services.core.errors import Corrupt
from services.core.facts import Fact
from services.core.messages import DeclarationAccepted, Verdict, VerdictKind
from services.core.values import Mrn
from services.customs.domain.amendment import Version, amend
from services.customs.domain.answer import Answer
from services.customs.domain.lodgement import Outcome, State, join
from services.customs.domain.reading import (
    Acceptance,
    Amended,
    Amendment,
    Answered,
    Cancellation,
    Lodged,
    Logged,
    NothingToDo,
)
from services.customs.domain.request import answer

LodgementKey = tuple[str, str, str]
"""Party, system, LRN."""

AmendmentKey = tuple[str, str, Mrn]
"""Party, system, MRN."""


def lodgement_key(message: Logged) -> LodgementKey | None:
    """The row to lock before a message may be joined; None for a message that stands alone."""
    if not message.joins or message.reading.lrn is None:
        return None
    return (message.party, message.reading.system, message.reading.lrn)


def amendment_key(message: Logged) -> AmendmentKey | None:
    """Under which it joins what amends the same declaration; None for a message that does not, or names no MRN."""
    mrn = message.reading.amends
    return None if mrn is None else (message.party, message.reading.system, mrn)


def acceptance_mrns(messages: Sequence[Logged]) -> list[Mrn]:
    """The MRNs to lock before these messages are joined, in order."""
    statements = (message.reading.statement for message in messages)
    return sorted({s.mrn for s in statements if isinstance(s, Acceptance)})


def receive(message: Logged) -> Outcome:
    """What becomes of a message that stands alone; one that joins others waits until `settle`.

    A lodged declaration is told here what `settle` says of it when nothing else is there, as is the rule: then what is
    stored of it need not be changed in the same transaction.
    """
    reading = message.reading
    fact = message.fact()
    if fact is not None:
        return Outcome(id=message.id, state=State.RECEIVED, shipment=fact.mrn, fact_id=fact.fact_id, fact=fact)
    if isinstance(reading.statement, NothingToDo):
        return Outcome(id=message.id, state=State.APPLIED, note=reading.statement.reason, shipment=reading.mrn)
    if isinstance(reading.statement, Lodged) and lodgement_key(message) is not None:
        return join([message], ())[0]
    return Outcome(id=message.id, state=State.WAITING, open=True, shipment=reading.mrn)


def settle(
    groups: Mapping[LodgementKey, Sequence[Logged]],
    known: Collection[Mrn],
    registered: Collection[Mrn] = (),
    amending: Mapping[AmendmentKey, Sequence[Logged]] | None = None,
    latest: Mapping[Mrn, Version] | None = None,
) -> list[Outcome]:
    """What becomes of all open messages of these LRNs and of these amendments of MRNs.

    `known`: MRNs accepted or registered before; `registered`: those of them whose goods are still to be presented.
    `latest`: the versions in force of MRNs known before. Keys are taken in order, so that a replay decides the same.
    """
    accepted, versions = set(known), dict(latest or {})
    outcomes: dict[str, Outcome] = {}
    for key in sorted(groups):
        for outcome in join(groups[key], accepted, registered):
            outcomes[outcome.id] = outcome
            if outcome.fact is not None:
                accepted.add(outcome.fact.mrn)
            if isinstance(outcome.fact, DeclarationAccepted):
                versions[outcome.fact.mrn] = Version(outcome.fact)
    for party, system, mrn in sorted(amending or {}):
        messages = (amending or {})[(party, system, mrn)]
        asked = [m for m in messages if isinstance(m.reading.statement, Amendment | Cancellation | Answered)]
        for outcome in answer(mrn, asked):
            outcomes[outcome.id] = outcome
        messages = [message for message in messages if message not in asked]
        drafts = _drafts(messages, groups, outcomes)
        for outcome in amend(mrn, messages, drafts, versions.get(mrn)):
            outcomes[outcome.id] = outcome
    return list(outcomes.values())


def _drafts(
    messages: Sequence[Logged], groups: Mapping[LodgementKey, Sequence[Logged]], outcomes: Mapping[str, Outcome]
) -> list[Logged]:
    """Amended declarations of the LRNs these messages name, which name no MRN themselves and are not taken yet."""
    keys = {key for message in messages if (key := lodgement_key(message)) is not None}
    found = [m for key in sorted(keys) for m in groups.get(key, ()) if isinstance(m.reading.statement, Amended)]
    return [m for m in found if m.id not in outcomes or outcomes[m.id].fact_id is None]


def facts(outcomes: Sequence[Outcome]) -> list[Fact]:
    return [outcome.fact for outcome in outcomes if outcome.fact is not None]


def take_verdict(answer: Answer, verdict: Verdict, _now: datetime) -> Decision[Answer]:
    """The answer with a newer verdict; an older one or a repeat changes nothing. What it applies is dead no longer.

    Corrupt when a revision comes a second time with other content.
    """
    held = answer.verdict
    if held is not None and verdict.revision < held.revision:
        return Decision(answer)
    if held is not None and verdict.revision == held.revision:
        if held != verdict:
            raise Corrupt(f"verdict {verdict.mrn} revision {verdict.revision} came twice with different content")
        return Decision(answer)
    dead = tuple(fact for fact in answer.dead if fact not in verdict.applied)
    untold = answer.untold if verdict.verdict is VerdictKind.PENDING else (*answer.untold, verdict)
    return Decision(replace(answer, verdict=verdict, dead=dead, untold=untold))


def take_dead_letter(answer: Answer, fact: Fact, _now: datetime) -> Decision[Answer]:
    """A fact that its reader could not handle: the messages behind it are dead-lettered until it is redriven."""
    if fact.fact_id in answer.dead or fact.fact_id in answer.applied:
        return Decision(answer)
    return Decision(replace(answer, dead=(*answer.dead, fact.fact_id)))
