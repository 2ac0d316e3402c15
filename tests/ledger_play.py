"""A ledger played message by message: what came out of each step, and what stands. Invariants hold after each."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.core.decision import Decision
from services.core.message import Message
from services.core.messages import (
    Authorisation,
    CarriedOn,
    CarryOver,
    Cover,
    Demand,
    DrawCover,
    Entry,
    Finding,
    HeldDraw,
    Licence,
    LicenceReminder,
    LicenceStatus,
    LineBalance,
    Phase,
    UsageReport,
)
from services.core.values import Mrn
from services.reconciliation.domain.invariants import violations
from services.reconciliation.domain.ledger import LicenceLedger, apply
from services.reconciliation.domain.licence_deadlines import next_due
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.rules import DEFAULT_RULE_SET
from services.reconciliation.domain.verification import Recorded
from services.reconciliation.handlers.ledger import (
    answer_demand,
    licence_reminder,
    new_ledger,
    record_authorisation,
    record_carried_on,
    record_carry_over,
    record_licence,
    record_licence_reminder,
)
from services.reconciliation.handlers.usage import record_usage
from tests.builders import ISSUED, REF, a_demand, a_draw, a_licence, a_line, a_status, later, mrn


def recorded(entries: Iterable[Entry]) -> list[Recorded]:
    """As they are stored and published."""
    return [Recorded(entry, entry.avro()) for entry in entries]


class Play:
    """Hand it licences and demands; it hands you what they gave."""

    def __init__(self, *messages: Message, rule_set: RuleSet = DEFAULT_RULE_SET) -> None:
        self.state: LicenceLedger = new_ledger(REF)
        self.rule_set = rule_set
        self.entries: list[Entry] = []
        self.outputs: tuple[Message, ...] = ()
        self._minute = 0
        self._revisions: dict[Mrn, int] = {}
        for message in messages:
            self.hand(message)

    def hand(self, message: Message) -> "Play":
        """Handle a message as it is; invariants must hold after it, and its entries must give its state."""
        self._minute += 1
        decision = self._decide(message, later(self._minute))
        replayed = self.state
        new = [output for output in decision.outputs if isinstance(output, Entry)]
        for entry in new:
            replayed = apply(replayed, entry)
        assert replayed == decision.state
        assert not list(violations(decision.state))
        self.state, self.outputs = decision.state, decision.outputs
        self.entries.extend(new)
        if isinstance(message, Demand):
            self._revisions[message.mrn] = max(message.revision, self._revisions.get(message.mrn, 0))
        return self

    def _decide(self, message: Message, now: datetime) -> Decision[LicenceLedger]:
        if isinstance(message, Licence):
            return record_licence(self.state, message, now, rule_set=self.rule_set)
        if isinstance(message, Authorisation):
            return record_authorisation(self.state, message, now, rule_set=self.rule_set)
        if isinstance(message, CarryOver):
            return record_carry_over(self.state, message, now, rule_set=self.rule_set)
        if isinstance(message, CarriedOn):
            return record_carried_on(self.state, message, now, rule_set=self.rule_set)
        if isinstance(message, LicenceReminder):
            return record_licence_reminder(self.state, message, now, rule_set=self.rule_set)
        if isinstance(message, UsageReport):
            return record_usage(self.state, message, now, rule_set=self.rule_set)
        assert isinstance(message, Demand)
        return answer_demand(self.state, message, now, rule_set=self.rule_set)

    def ask(self, demand: Demand) -> "Play":
        """A demand with the next revision of its shipment."""
        return self.hand(replace(demand, revision=self._revisions.get(demand.mrn, 0) + 1))

    def phase(self, mrn: Mrn, phase: Phase, **changes: Any) -> "Play":
        """The shipment's last demand in another phase."""
        return self.ask(replace(self.state.shipments[mrn].demand, phase=phase, **changes))

    def change(self, **changes: Any) -> "Play":
        """The next revision of the licence with other fields."""
        terms = self.state.terms
        assert terms is not None
        return self.hand(replace(terms, revision=terms.revision + 1, **changes))

    def wait(self) -> "Play":
        """Time passes until the licence is to be looked at."""
        due = next_due(self.state)
        assert due is not None
        return self.hand(licence_reminder(self.state.licence, due))

    @property
    def new_entries(self) -> list[Entry]:
        return [output for output in self.outputs if isinstance(output, Entry)]

    @property
    def covers(self) -> list[Cover]:
        return [output for output in self.outputs if isinstance(output, Cover)]

    @property
    def findings(self) -> list[Finding]:
        return [output for output in self.outputs if isinstance(output, Finding)]

    @property
    def codes(self) -> list[str]:
        """Codes of the findings of the last step."""
        return [finding.code for finding in self.findings]

    @property
    def answer(self) -> DrawCover:
        """The only answer of the last step."""
        [cover] = self.covers
        [draw] = cover.draws
        return draw

    def held(self, mrn: Mrn | None = None, place: int = 0) -> HeldDraw:
        return self.state.shipments[mrn or a_demand().mrn].draws[place]

    def line(self, number: int = 1) -> LineBalance:
        return next(balance for balance in self.state.balances if balance.line == number)

    def quantity(self, line: int = 1) -> tuple[Decimal | int, ...]:
        """Reserved, consumed, exited."""
        amounts = self.line(line).quantity
        assert amounts is not None
        return amounts.reserved, amounts.consumed, amounts.exited

    def value(self, line: int = 1) -> tuple[Decimal | int, ...]:
        """Reserved, consumed, exited."""
        amounts = self.line(line).value
        assert amounts is not None
        return amounts.reserved, amounts.consumed, amounts.exited


def a_full_play() -> Play:
    """Two lines, refused, reserved, released, short and freed shipments, an amended licence."""
    play = Play(a_demand(mrn=mrn(9)), a_licence(a_line(1), a_line(2, quantity="5")))
    play.ask(a_demand(a_draw("2", "150000.00"), a_draw("1", line=2, item=2), mrn=mrn(1)))
    play.ask(a_demand(a_draw("2"), mrn=mrn(2)))
    play.ask(a_demand(a_draw("4", line=2), mrn=mrn(3), phase=Phase.RELEASED))
    play.phase(mrn(3), Phase.EXITED, final_exit=True)
    play.change(statuses=(ISSUED, a_status(LicenceStatus.SUSPENDED)))
    play.phase(mrn(1), Phase.INVALIDATED)
    play.ask(a_demand(a_draw("7", line=2), mrn=mrn(4), phase=Phase.RELEASED))
    return play
