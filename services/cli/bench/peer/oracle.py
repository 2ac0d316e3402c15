"""What must come out of the job: the rules once more, as plain as they can be written, over the commands as they stand.

It shares nothing with the fold. What it judges is read from the topics, after the job: every entry of every partition.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from services.cli.bench.peer.messages import Command, Entry

Place = tuple[int, int]


@dataclass
class Oracle:
    """Fed with the commands of each partition in order of offset, it knows the entry of each."""

    expected: dict[Place, tuple[Any, ...]] = field(default_factory=dict)
    balances: dict[str, Decimal] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    done: set[tuple[str, str, int, str]] = field(default_factory=set)

    def command(self, partition: int, offset: int, command: Command) -> None:
        licence, op, quantity = command.licence, command.op.value, command.quantity
        balance, version = self.balances.get(licence, Decimal(0)), self.versions.get(licence, 0)
        what = (licence, command.mrn, command.item, op)
        if what in self.done:
            verdict = "DUPLICATE"
        elif op == "DRAW" and quantity > balance:
            verdict = "OVERRUN"
        else:
            verdict = "APPLIED"
            version += 1
            balance += -quantity if op == "DRAW" else quantity
            self.done.add(what)
            self.balances[licence], self.versions[licence] = balance, version
        self.expected[partition, offset] = (*what, quantity, verdict, version, balance)

    def judge(self, entries: Iterable[Entry]) -> "Judgement":
        """`entries` as they stand on the topic, each partition in order."""
        judgement, seen = Judgement(), dict[Place, Entry]()
        last: dict[str, int] = {}
        for entry in entries:
            place = entry.source_partition, entry.source_offset
            if place in seen:
                # What was published and not marked is published again after a kill; a reader drops it by its place.
                judgement.repeated += 1
                judgement.wrong += seen[place] != entry
                continue
            seen[place] = entry
            in_order = last.get(entry.licence, -1) < entry.source_offset
            last[entry.licence] = entry.source_offset
            judgement.wrong += not in_order or self.expected.get(place) != _told(entry)
        judgement.lost = len(self.expected.keys() - seen.keys())
        return judgement


@dataclass
class Judgement:
    """`repeated` may be, after a kill; nothing may be `lost`, or `wrong` in content or order."""

    lost: int = 0
    wrong: int = 0
    repeated: int = 0


def _told(entry: Entry) -> tuple[Any, ...]:
    what = (entry.licence, entry.mrn, entry.item, entry.op.value)
    return (*what, entry.quantity, entry.verdict.value, entry.version, entry.balance_after)
