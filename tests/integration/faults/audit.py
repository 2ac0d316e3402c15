"""The entries of one licence against the oracle, entry by entry."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tests.integration.faults.oracle import Oracle
from tests.integration.faults.oracle_shipments import Draw, Step
from tests.integration.faults.plain import Plain

Consumed = Callable[[str], tuple[int, Plain] | None]
"""The message of an id as the product consumed it, and its offset; None: no topic holds it."""
COLUMNS = ("authorised", "reserved", "consumed", "exited")
END = Step("", None, changed=False)


@dataclass
class Audit:
    """What one licence's entries were caused by, and everything that is wrong with them."""

    licence: str
    message: Consumed
    oracle: Oracle = field(default_factory=Oracle)
    causes: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    _revision: int = 0
    _hash: str = ""
    _steps: Iterator[Step] = field(default_factory=lambda: iter(()))
    _cause: str = ""
    _offsets: dict[str, int] = field(default_factory=dict)

    def follow(self, entries: Iterable[Plain]) -> "Audit":
        """Stops at the first entry that is wrong: what follows rests on it."""
        for entry in entries:
            self._chain(entry)
            self._step(entry)
            if not self.wrong:
                self._compare(entry)
            if self.wrong:
                return self
        if self._next(None).changed:
            self._say("entries are missing at the end")
        return self

    def _say(self, what: str) -> None:
        self.wrong.append(f"{self.licence} revision {self._revision}: {what}")

    def _chain(self, entry: Plain) -> None:
        gap = entry["revision"] != self._revision + 1 or entry["previous_hash"] != self._hash
        self._revision, self._hash = entry["revision"], entry["hash"]
        if gap or entry["licence"] != self.licence:
            self._say("does not follow the entry before")

    def _step(self, entry: Plain) -> None:
        """The oracle does what the entry says was done next."""
        mrn = entry["shipment"]["mrn"] if entry["shipment"] else None
        if entry["cause"] != "REJUDGED":
            left = self._next(None)
            if left.changed:
                return self._say(f"{left.mrn} should have been judged again before")
            self._begin(entry["cause_id"])
        elif entry["cause_id"] != self._cause:
            return self._say("judged again for another message than the last one")
        step = self._next(mrn)
        if (step.cause, step.mrn) != (entry["cause"], mrn):
            self._say(f"{entry['cause']} of {mrn}, expected {step.cause or 'nothing'} of {step.mrn}")
        return None

    def _begin(self, cause: str) -> None:
        found = self.message(cause)
        if found is None:
            return self._say(f"caused by {cause}, which no topic holds")
        offset, message = found
        if cause in self.causes or self.oracle.is_late(message):
            return self._say(f"message {cause} was decided before")
        kind = message["_type"]
        if offset <= self._offsets.get(kind, -1):
            return self._say(f"{kind} at offset {offset} was decided after a later one")
        self.causes.add(cause)
        self._cause, self._offsets[kind], self._steps = cause, offset, self.oracle.hand(message)
        return None

    def _next(self, mrn: str | None) -> Step:
        """The next step that concerns this shipment, or that changed anything."""
        return next((step for step in self._steps if step.changed or (mrn is not None and step.mrn == mrn)), END)

    def _compare(self, entry: Plain) -> None:
        stated = {
            (balance["line"], dimension): tuple(balance[dimension][column] for column in COLUMNS)
            for balance in entry["balances"]
            for dimension in ("quantity", "value")
            if balance[dimension] is not None
        }
        expected = self.oracle.columns()
        for place in sorted(stated.keys() | expected.keys()):
            if stated.get(place) != expected.get(place):
                self._say(f"line {place} is {_shown(stated.get(place))}, expected {_shown(expected.get(place))}")
        shipment = entry["shipment"]
        if shipment is None:
            return
        known = self.oracle.shipments[shipment["mrn"]]
        arrival = list(self.oracle.shipments).index(shipment["mrn"]) + 1
        if (shipment["demand"]["revision"], shipment["arrival"]) != (known.demand["revision"], arrival):
            self._say(f"{shipment['mrn']} stands at another demand or place of arrival")
        for held, draw in zip(shipment["draws"], known.draws, strict=True):
            if _held(held) != _expected(draw):
                self._say(f"{shipment['mrn']} {draw.place}: {_held(held)}, expected {_expected(draw)}")


def _shown(amounts: tuple[object, ...] | None) -> str:
    return "nothing" if amounts is None else " ".join(map(str, amounts))


def _held(held: Plain) -> tuple[object, ...]:
    amounts = [held[f"{column}_{dimension}"] for column in COLUMNS[1:] for dimension in ("quantity", "value")]
    return (held["line"], held["verdict"], sorted(held["reasons"]), held["listed_only"], *amounts)


def _expected(draw: Draw) -> tuple[object, ...]:
    return (draw.line, draw.verdict, sorted(draw.reasons), draw.listed, *draw.reserved, *draw.consumed, *draw.exited)
