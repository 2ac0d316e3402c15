"""Movements that name goods by a consignment reference (UCR) and no MRN, and the declarations that name the reference.

A movement is about each declaration that names one of its references, whichever of them comes first. What somebody asks
customs to record counts once customs has answered; an answer that has a time counts by itself. For each declaration a
message gives one fact, the furthest it tells, and what it gave it never gives again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.core.facts import Fact
from services.core.messages import ArrivedAtExit, ExitResult, GoodsExited, Source
from services.core.values import Mrn
from services.customs.domain.declaration import stated_by
from services.customs.domain.lodgement import Outcome, State
from services.customs.domain.reading import Logged, Moved, Movement, Word, message_id

References = Mapping[str, Collection[Mrn]]
"""Consignment references, each with the accepted declarations that name it, or one under it (`consolidation`)."""


@dataclass(frozen=True, slots=True)
class Tale:
    """A message that tells of movements. `fresh`: it came just now."""

    movement: Movement
    source: Source
    fresh: bool = False

    @property
    def id(self) -> str:
        return self.source.message_id

    @property
    def joined(self) -> set[str]:
        """References that may now be under a master reference, with all that is under them."""
        return {*(placed.ucr for placed in self.movement.placed), *self.movement.answers}

    @property
    def ucrs(self) -> set[str]:
        """All references it names."""
        over = {placed.master for placed in self.movement.placed if placed.master is not None}
        return {*(moved.ucr for moved in self.movement.moved), *self.joined, *over}


def reference(ucr: str, part: str | None = None) -> str:
    """A consignment reference as it is joined by. A part of one is declared and moved by itself."""
    name = ucr.strip().upper()
    return name if part is None else f"{name} part {part.strip().upper()}"


def tales(fresh: Iterable[Logged]) -> list[Tale]:
    """Those of the new messages that tell of movements."""
    return [
        Tale(message.reading.statement, message.source, fresh=True)
        for message in fresh
        if isinstance(message.reading.statement, Movement)
    ]


def declared(settled: Iterable[Outcome]) -> dict[str, set[Mrn]]:
    """The references that newly accepted declarations name."""
    named: dict[str, set[Mrn]] = {}
    for outcome in settled:
        if outcome.shipment is not None:
            for ucr in outcome.references:
                named.setdefault(ucr, set()).add(outcome.shipment)
    return named


def follow(references: References, told_of: Sequence[Tale], told: Collection[tuple[str, Mrn]]) -> list[Outcome]:
    """What becomes of messages about these references, with those that answer them or that they answer.

    `told`: message and MRN of each fact stated before.
    """
    outcomes = [_placed(tale) for tale in told_of if not tale.movement.moved]
    for tale in sorted((tale for tale in told_of if tale.movement.moved), key=lambda one: one.id):
        counting = [moved for moved in tale.movement.moved if counts(tale, moved, told_of)]
        by_mrn: dict[Mrn, list[Moved]] = {}
        for moved in counting:
            for mrn in references.get(moved.ucr, ()):
                by_mrn.setdefault(mrn, []).append(moved)
        facts = [_fact(tale, mrn, by_mrn[mrn]) for mrn in sorted(by_mrn) if (tale.id, mrn) not in told]
        outcomes += [_stated(tale, fact) for fact in facts]
        silent = not facts and not any(name == tale.id for name, _ in told)
        if silent and (tale.fresh or tale.movement.word is Word.ASKED):
            outcomes.append(_nothing(tale, counting, told_of))
    return outcomes


def counts(tale: Tale, moved: Moved, told_of: Sequence[Tale]) -> bool:
    """Whether it happened, as far as customs says, and when."""
    word = tale.movement.word
    if moved.at is None or word is Word.REFUSED:
        return False
    return word is Word.GRANTED or Word.GRANTED in _answers(tale, moved, told_of)


def _answers(tale: Tale, moved: Moved, told_of: Sequence[Tale]) -> set[Word]:
    """What customs said to a movement that was asked for: under its own reference, when both state one."""
    asked = tale.movement.reference
    return {
        answer.movement.word
        for answer in told_of
        if answer.movement.word is not Word.ASKED
        and (answer.movement.reference is None or asked in {None, answer.movement.reference})
        and any(m.ucr == moved.ucr and m.left == moved.left for m in answer.movement.moved)
    }


def _fact(tale: Tale, mrn: Mrn, moved: Sequence[Moved]) -> Fact:
    """The departure when there is one, else the arrival; of several the earliest."""
    left = any(one.left for one in moved)
    at = min(one.at for one in moved if one.at is not None and one.left == left)
    if left:
        fact: Fact = GoodsExited(fact_id="", mrn=mrn, exited_at=at, result=ExitResult.A1, final=True)
    else:
        fact = ArrivedAtExit(fact_id="", mrn=mrn, arrived_at=at)
    return stated_by(fact, message_id(tale.id, (mrn,)), [tale.source])


def _stated(tale: Tale, fact: Fact) -> Outcome:
    return Outcome(id=tale.id, state=State.RECEIVED, shipment=fact.mrn, fact_id=fact.fact_id, fact=fact, open=True)


def _placed(tale: Tale) -> Outcome:
    """A message that moves nothing by itself."""
    what = [f"{p.ucr} is put under {p.master}" if p.master else f"{p.ucr} is under none" for p in tale.movement.placed]
    what += [f"customs placed {ucr} as was asked" for ucr in tale.movement.answers]
    return Outcome(id=tale.id, state=State.APPLIED, note="; ".join(what))


def _nothing(tale: Tale, counting: Sequence[Moved], told_of: Sequence[Tale]) -> Outcome:
    """A movement that has given no fact so far, and what it waits for."""
    moved, word = tale.movement.moved, tale.movement.word
    what = ", ".join(sorted({f"the {'departure' if m.left else 'arrival'} of {m.ucr}" for m in moved}))
    if counting:
        note = f"no declaration that names the consignment reference was accepted yet: {what}"
        return Outcome(id=tale.id, state=State.WAITING, note=note, open=True)
    if word is Word.GRANTED:
        note = f"customs recorded {what}: the message that asked for it says when"
        return Outcome(id=tale.id, state=State.APPLIED, note=note, open=True)
    answers = {word for one in moved for word in _answers(tale, one, told_of)}
    if Word.GRANTED in answers:
        return Outcome(id=tale.id, state=State.APPLIED, note=f"it does not say when: {what}", open=True)
    if word is Word.REFUSED or answers:
        return Outcome(id=tale.id, state=State.APPLIED, note=f"customs refused {what}", open=True)
    return Outcome(id=tale.id, state=State.WAITING, note=f"customs has not answered yet: {what}", open=True)
