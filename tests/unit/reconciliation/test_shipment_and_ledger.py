"""Both folds together, in memory: what shipments ask is what the ledger answers, and the other way round."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from services.core.facts import Fact
from services.core.message import Message
from services.core.messages import (
    Cover,
    DeclarationAccepted,
    Demand,
    Finding,
    Licence,
    Shipment,
    Verdict,
    VerdictKind,
)
from services.core.values import Mrn, format_amount
from services.reconciliation.domain.invariants import violations
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.shipment import empty
from services.reconciliation.handlers.ledger import new_ledger
from services.reconciliation.topology import LEDGER_HANDLERS, SHIPMENT_HANDLERS
from tests.builders import ACCEPTED_AT, REF, a_licence
from tests.builders_customs import (
    MRN,
    a_declaration,
    a_document,
    a_refusal,
    a_release,
    a_total,
    an_exit,
    an_invalidation,
    an_item,
    hours,
)

COVERED, REFUSED = VerdictKind.COVERED, VerdictKind.REFUSED
OTHER = Mrn("26BE343000000002A0")


@dataclass
class Exchange:
    """The topics between the two folds as queues; every message is handled once, in order of its topic."""

    shipments: dict[str, Shipment] = field(default_factory=dict)
    ledgers: dict[str, LicenceLedger] = field(default_factory=dict)
    outputs: list[Message] = field(default_factory=list)

    def hand(self, *messages: Message) -> "Exchange":
        for message in messages:
            waiting = deque([message])
            while waiting:
                outputs = self._handle(waiting.popleft())
                self.outputs += outputs
                waiting += [output for output in outputs if isinstance(output, Demand | Cover)]
        return self

    def _handle(self, message: Message) -> Iterable[Message]:
        if isinstance(message, Licence | Demand):
            ledger = self.ledgers.get(message.key) or new_ledger(message.key)
            given = LEDGER_HANDLERS[type(message)](ledger, message, ACCEPTED_AT)
            self.ledgers[message.key] = given.state
            assert not list(violations(given.state))
            return given.outputs
        if type(message) not in SHIPMENT_HANDLERS:
            return ()
        shipment = self.shipments.get(message.key) or empty(message.key)
        decided = SHIPMENT_HANDLERS[type(message)](shipment, message, ACCEPTED_AT)
        self.shipments[message.key] = decided.state
        return decided.outputs

    def verdict(self, mrn: Mrn = MRN) -> Verdict:
        verdict = self.shipments[mrn].verdict
        assert verdict is not None
        return verdict

    def codes(self) -> set[str]:
        return {output.code for output in self.outputs if isinstance(output, Finding)}

    def quantity(self) -> str:
        """Reserved, consumed, exited of line 1."""
        amounts = self.ledgers[REF].balances[0].quantity
        assert amounts is not None
        return " ".join(map(format_amount, (amounts.reserved, amounts.consumed, amounts.exited)))


def presses(quantity: str, mrn: Mrn = MRN, version: int = 1) -> DeclarationAccepted:
    """A declaration of so many presses, 100 000 euro each."""
    item = an_item(a_document(REF, quantity=quantity, amount=f"{int(quantity) * 100_000}.00"))
    return a_declaration(item, mrn=mrn, version=version, fact_id=f"{mrn}-{version}", amended_at=hours(version))


def test_a_covered_shipment_is_reserved_consumed_and_exited() -> None:
    exchange = Exchange().hand(a_licence(), presses("2"))
    assert (exchange.verdict().verdict, exchange.quantity()) == (COVERED, "2 0 0")
    exchange.hand(a_release())
    assert (exchange.verdict().verdict, exchange.quantity()) == (COVERED, "0 2 0")
    exchange.hand(an_exit())
    assert (exchange.verdict().verdict, exchange.quantity()) == (COVERED, "0 2 2")
    assert exchange.verdict().applied == tuple(sorted((f"{MRN}-1", "released", "exited")))
    assert exchange.codes() == set()


def test_more_than_the_licence_allows_is_refused_with_its_reason() -> None:
    exchange = Exchange().hand(a_licence(), presses("3"))
    (item,) = exchange.verdict().items
    assert (item.verdict, item.reasons) == (REFUSED, ("quantity.overrun", "value.overrun"))
    assert exchange.codes() == {"quantity.overrun", "value.overrun"}
    assert exchange.quantity() == "0 0 0"


def test_a_shipment_waits_refused_for_a_licence_that_comes_later() -> None:
    exchange = Exchange().hand(presses("2"))
    assert exchange.verdict().items[0].reasons == ("licence.unknown",)
    exchange.hand(a_licence())
    assert exchange.verdict().verdict is COVERED


def test_an_invalidated_shipment_leaves_room_for_a_refused_one() -> None:
    exchange = Exchange().hand(a_licence(), presses("2"), presses("1", OTHER))
    assert exchange.verdict(OTHER).verdict is REFUSED
    exchange.hand(an_invalidation())
    assert exchange.verdict(OTHER).verdict is COVERED
    assert (exchange.verdict().verdict, exchange.quantity()) == (COVERED, "1 0 0")


def test_a_licence_dropped_by_an_amendment_gets_its_amount_back() -> None:
    unlicensed = a_declaration(an_item(), version=2, amended_at=hours(1))
    exchange = Exchange().hand(a_licence(), presses("2"), unlicensed)
    assert (exchange.verdict().verdict, exchange.quantity()) == (VerdictKind.NOT_CONTROLLED, "0 0 0")
    assert exchange.verdict().version == 2


def test_what_did_not_leave_returns_after_the_final_exit() -> None:
    exchange = Exchange().hand(a_licence(), presses("2"), a_release())
    exchange.hand(an_exit(a_total(1, "1"), fact_id="first", final=False))
    assert exchange.quantity() == "0 2 1"
    exchange.hand(an_exit(a_total(1, "1"), fact_id="last", after_h=31))
    assert (exchange.quantity(), exchange.codes()) == ("0 1 1", {"exit.shortfall"})


def test_more_goods_than_declared_are_a_finding_and_no_write_off() -> None:
    exchange = Exchange().hand(a_licence(), presses("1"), a_release(), an_exit(a_total(1, "2")))
    assert (exchange.quantity(), exchange.codes()) == ("0 1 1", {"exit.excess"})


def test_a_refused_shipment_that_is_released_is_consumed_and_reported() -> None:
    exchange = Exchange().hand(a_licence(), presses("3"), a_release())
    assert exchange.quantity() == "0 3 0"
    assert exchange.verdict().verdict is REFUSED
    assert "released.uncovered" in exchange.codes()


LIFE: tuple[Fact, ...] = (
    presses("1"),
    presses("2", version=2),
    a_refusal(after_h=2),
    a_release(after_h=3),
    an_exit(a_total(1, "1"), fact_id="half", final=False),
    an_exit(a_total(1, "2"), fact_id="all", after_h=31),
)


@given(st.permutations([*LIFE, *LIFE[:3]]))
def test_any_order_of_a_shipments_facts_ends_in_the_same_balance(order: list[Fact]) -> None:
    exchange = Exchange().hand(a_licence(), *order)
    assert exchange.quantity() == "0 2 2"
    assert exchange.verdict().verdict is COVERED
    assert set(exchange.verdict().applied) == {fact.fact_id for fact in LIFE}


def test_everything_sent_again_changes_nothing() -> None:
    exchange = Exchange().hand(a_licence(), *LIFE)
    before = list(exchange.outputs)
    exchange.hand(a_licence(), *LIFE, *before)
    assert exchange.outputs == before
