"""A second account of one licence's ledger, naive on purpose: DESIGN section 6 on plain dicts, in lists and sums.

It keeps no columns: it adds up all draws whenever it needs a total. It shares no code with the product, and it knows no
findings: a judgement made again that changes the evidence alone is an entry it does not ask for (`Step.changed`).
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.integration.faults.oracle_legs import LEGS, missing_legs
from tests.integration.faults.oracle_periods import exceeds_a_window
from tests.integration.faults.oracle_rules import (
    NONE,
    Pair,
    asks,
    broken_rules,
    controls_quantity,
    controls_value,
    line_of,
    overruns,
    pair,
)
from tests.integration.faults.oracle_shipments import (
    GONE,
    Draw,
    Shipment,
    Step,
    Takes,
    columns_of,
    completed,
    leaves,
    same_again,
    share_out,
    stands_for,
    who_stand_in,
)
from tests.integration.faults.plain import Plain

FREED = {"NOT_RELEASED", "INVALIDATED"}
LACKING = {"quantity.overrun", "value.overrun", "period.overrun"}
WANTING = LACKING | {*LEGS.values()}
ONLY_LISTED = {"licence.unknown", "licence.line-unknown", "exporter.mismatch", "unit.mismatch", "currency.mismatch"}


class Oracle:
    """One licence. Hand it a message, and go through the steps it makes one by one."""

    def __init__(self) -> None:
        self.terms: Plain | None = None
        self.beside: dict[tuple[str, str], Plain] = {}
        """What stands beside the licence, by kind and reference."""
        self.reminded: Any = None
        self.shipments: dict[str, Shipment] = {}
        """By MRN, in order of arrival: a shipment keeps its place when it asks again."""

    # What stands

    def columns(self) -> dict[tuple[int, str], tuple[Decimal, ...]]:
        """Authorised, reserved, consumed and exited per line and dimension."""
        return columns_of(self.terms, self.shipments.values())

    def _drawn(self, line: int) -> Pair:
        held = [d.held for s in self.shipments.values() for d in s.draws if d.line == line]
        return sum((h[0] for h in held), Decimal(0)), sum((h[1] for h in held), Decimal(0))

    def is_late(self, message: Plain) -> bool:
        """Whether something newer than this message was decided before: it is then passed over."""
        if message["_type"].endswith("LicenceReminder"):
            return self.reminded is not None and bool(message["due"] <= self.reminded)
        if message["_type"].endswith("Licence"):
            former = self.terms
        elif message["_type"].endswith("Authorisation"):
            former = self.beside.get((message["kind"], message["ref"]))
        else:
            former = self.shipments[message["mrn"]].demand if message["mrn"] in self.shipments else None
        return former is not None and bool(message["revision"] <= former["revision"])

    # What happens

    def hand(self, message: Plain) -> Iterator[Step]:
        """A licence, what stands beside it, a reminder or a demand."""
        does = {"Licence": self._licence, "Authorisation": self._authorisation, "LicenceReminder": self._reminder}
        return does.get(message["_type"].rpartition(".")[2], self._demand)(message)

    def _reminder(self, told: Plain) -> Iterator[Step]:
        self.reminded = told["due"]
        yield Step("LICENCE", None)

    def _authorisation(self, of: Plain) -> Iterator[Step]:
        self.beside[of["kind"], of["ref"]] = of
        yield Step("LICENCE", None)
        if self.terms is not None:
            for mrn, shipment in self.shipments.items():
                if shipment.demand["phase"] == "ACCEPTED" and shipment.draws:
                    yield Step("REJUDGED", mrn, changed=self._judge_again(shipment))

    def _licence(self, terms: Plain) -> Iterator[Step]:
        arrives, self.terms = self.terms is None, terms
        yield Step("LICENCE", None)
        for mrn, shipment in self.shipments.items():
            if arrives:
                stood_for = stands_for(self.shipments, mrn)
                yield self._anew(mrn)
                yield from self._follow(mrn, stood_for)
            elif shipment.demand["phase"] == "ACCEPTED" and shipment.draws:
                yield Step("REJUDGED", mrn, changed=self._judge_again(shipment))

    def _demand(self, demand: Plain) -> Iterator[Step]:
        mrn = demand["mrn"]
        drawn_before = {place: column[1] + column[2] for place, column in self.columns().items()}
        before, stood_for = self.shipments.get(mrn), stands_for(self.shipments, mrn)
        self.shipments[mrn] = Shipment(demand, [])
        self._judge_one(mrn, before)
        yield Step("DEMAND", mrn)
        yield from self._follow(mrn, stood_for)
        drawn = {place: column[1] + column[2] for place, column in self.columns().items()}
        if any(drawn[place] < drawn_before[place] for place in drawn):
            for other, waiting in self.shipments.items():
                if other != mrn and waiting.demand["phase"] == "ACCEPTED" and self._may_gain(waiting):
                    yield Step("REJUDGED", other, changed=self._judge_again(waiting))

    def _anew(self, mrn: str) -> Step:
        shipment = self.shipments[mrn]
        before = shipment.draws
        self._judge_one(mrn, Shipment(shipment.demand, before))
        return Step("REJUDGED", mrn, changed=before != shipment.draws)

    def _follow(self, mrn: str, stood_for: set[str]) -> Iterator[Step]:
        """Those it completes or completed, and those that complete it, by arrival."""
        concerned = stood_for ^ stands_for(self.shipments, mrn)
        concerned |= {other for other in self.shipments if mrn in stands_for(self.shipments, other)}
        for other in [known for known in self.shipments if known in concerned]:
            yield self._anew(other)

    def _judge_one(self, mrn: str, before: Shipment | None) -> None:
        """One that completes others is judged as if they held nothing; one that is completed holds nothing."""
        shipment = self.shipments[mrn]
        demand = shipment.demand
        if demand["phase"] not in FREED and who_stand_in(self.shipments, mrn):
            self._stood_in(shipment, before)
            return
        others = completed(self.shipments, demand)
        hidden = [other.draws for other in others]
        for other in others:
            other.draws = []
        self._judge(shipment, before)
        for other, draws in zip(others, hidden, strict=True):
            other.draws = draws
        if others and demand["phase"] == "RELEASED" and not any(draw.listed for draw in shipment.draws):
            share_out(shipment.draws, self._left_under(others))
        if demand["pre_lodged"] and demand["phase"] == "ACCEPTED":
            for draw in shipment.draws:
                draw.reserved = NONE

    def _left_under(self, others: list[Shipment]) -> Iterator[tuple[int, Pair]]:
        """What left of each draw of these, with its line."""
        for other in others:
            for draw in other.draws if other.demand["phase"] == "EXITED" else ():
                line = line_of(self.terms, draw.asked["line"] or draw.line)
                if line is not None:
                    yield line["line"], pair(leaves(draw, line, other)[1])

    def _stood_in(self, shipment: Shipment, before: Shipment | None) -> None:
        earlier = {draw.place: draw for draw in before.draws} if before else {}
        shipment.draws = sorted((Draw(asked) for asked in shipment.demand["draws"]), key=lambda draw: draw.place)
        for draw in shipment.draws:
            was = earlier.get(draw.place)
            line = self._line(draw, was)
            gone = shipment.demand["phase"] in GONE
            if was and gone and not was.reasons & WANTING and same_again(draw, shipment, before, was):
                draw.verdict, draw.reasons = was.verdict, set(was.reasons)
            else:
                draw.reasons = self._broken(draw, line, shipment, None)
                draw.verdict = "REFUSED" if draw.reasons else "COVERED"

    def _judge(self, shipment: Shipment, before: Shipment | None) -> None:
        """The demand's draws replace those before, then each is judged in item order."""
        earlier = {draw.place: draw for draw in before.draws} if before else {}
        shipment.draws = []
        new = [Draw(asked) for asked in shipment.demand["draws"]]
        new.sort(key=lambda draw: draw.place)
        lines = [self._line(draw, earlier.get(draw.place)) for draw in new]
        phase = shipment.demand["phase"]
        if phase in GONE:
            secured = [
                self._secured(draw, line, shipment, before, earlier.get(draw.place))
                for draw, line in zip(new, lines, strict=True)
            ]
            for wanted in (True, False):  # who holds the amount already comes first
                for draw, line, has in zip(new, lines, secured, strict=True):
                    if has is wanted:
                        self._release(draw, line, shipment, before, earlier.get(draw.place), secured=has)
                        shipment.draws.append(draw)
            shipment.draws.sort(key=lambda draw: draw.place)
            return
        for draw, line in zip(new, lines, strict=True):
            if phase == "ACCEPTED":
                self._accept(draw, line, shipment)
            else:
                draw.verdict = "FREED"
            shipment.draws.append(draw)

    def _line(self, draw: Draw, before: Draw | None) -> Plain | None:
        """A document without a line number stays on the line it was matched to."""
        line = line_of(self.terms, draw.asked["line"] or (before.line if before else 0))
        draw.line = line["line"] if line else 0
        return line

    def _broken(self, draw: Draw, line: Plain | None, shipment: Shipment, takes: Takes | None) -> set[str]:
        """Everything that fails; `takes` None: it holds its amount already, which is not judged again."""
        lacking = self._legs(line, shipment, takes) | (self._overruns(line, shipment, takes) if takes else set())
        return broken_rules(self.terms, line, shipment.demand, draw.asked) | lacking

    def _overruns(self, line: Plain | None, shipment: Shipment, takes: Takes) -> set[str]:
        window = exceeds_a_window(self.terms, line, shipment.demand, takes, self.shipments.values())
        return window | overruns(line, takes, self._drawn(line["line"]) if line else NONE)

    def _legs(self, line: Plain | None, shipment: Shipment, takes: Takes | None) -> set[str]:
        beside, moment = list(self.beside.values()), shipment.demand["accepted_at"]
        drawn = {each["line"]: self._drawn(each["line"])[0] for each in (self.terms["lines"] if self.terms else [])}
        return missing_legs(self.terms, line, beside, moment, takes, drawn)

    def _accept(self, draw: Draw, line: Plain | None, shipment: Shipment) -> None:
        wanted = asks(draw.asked, line)
        draw.reasons = self._broken(draw, line, shipment, wanted)
        draw.verdict = "REFUSED" if draw.reasons else "COVERED"
        draw.reserved = NONE if draw.reasons else pair(wanted)

    def _secured(
        self, draw: Draw, line: Plain | None, shipment: Shipment, before: Shipment | None, was: Draw | None
    ) -> bool:
        """Whether it holds, in each controlled dimension, what it takes."""
        if was is None or line is None or was.listed or was.verdict == "FREED" or was.line != draw.line:
            return False
        if was.reasons & LACKING and not same_again(draw, shipment, before, was):
            return False
        if was.verdict == "REFUSED" and was.held == NONE:
            return False
        takes = pair(leaves(draw, line, shipment)[0])
        return (not controls_quantity(line) or takes[0] <= was.held[0]) and (
            not controls_value(line) or takes[1] <= was.held[1]
        )

    def _release(
        self,
        draw: Draw,
        line: Plain | None,
        shipment: Shipment,
        before: Shipment | None,
        was: Draw | None,
        *,
        secured: bool,
    ) -> None:
        takes, left = leaves(draw, line, shipment)
        if secured and was is not None and same_again(draw, shipment, before, was):
            draw.verdict, draw.reasons = was.verdict, set(was.reasons)
        else:
            draw.reasons = self._broken(draw, line, shipment, None if secured else takes)
            draw.verdict = "REFUSED" if draw.reasons else "COVERED"
            draw.listed = bool(draw.reasons & ONLY_LISTED)
        if not draw.listed:
            draw.consumed, draw.exited = pair(takes), pair(left)

    def _may_gain(self, shipment: Shipment) -> bool:
        """Whether an amount that a refused draw lacked is there now."""
        for draw in shipment.draws:
            line = line_of(self.terms, draw.asked["line"] or draw.line)
            lacked = draw.reasons & WANTING
            if line is not None and draw.verdict == "REFUSED" and lacked:
                wanted = asks(draw.asked, line)
                if lacked - self._overruns(line, shipment, wanted) - self._legs(line, shipment, wanted):
                    return True
        return False

    def _judge_again(self, shipment: Shipment) -> bool:
        """An accepted shipment: what is reserved stays, what was refused may be covered; whether anything changed."""
        before, early = shipment.draws, shipment.demand["pre_lodged"]
        if who_stand_in(self.shipments, shipment.demand["mrn"]):
            self._stood_in(shipment, Shipment(shipment.demand, before))
            return before != shipment.draws
        told = [self._as_if_held(was) for was in before] if early else before
        shipment.draws = list(told)
        for number, was in enumerate(told):
            draw = shipment.draws[number] = Draw(was.asked)
            line = self._line(draw, was)
            keeps = was.verdict == "COVERED" or was.held != NONE
            wanted = asks(draw.asked, line)
            draw.reasons = self._broken(draw, line, shipment, None if keeps else wanted)
            draw.verdict = "REFUSED" if draw.reasons else "COVERED"
            draw.reserved = pair(wanted) if keeps or not draw.reasons else NONE
        for draw in shipment.draws if early else ():
            draw.reserved = NONE
        return before != shipment.draws

    def _as_if_held(self, was: Draw) -> Draw:
        """A pre-lodged draw that was told to be covered counts while its shipment is judged."""
        line = line_of(self.terms, was.asked["line"] or was.line)
        return replace(was, reserved=pair(asks(was.asked, line))) if was.verdict == "COVERED" else was
