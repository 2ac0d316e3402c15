"""DESIGN 2, 3 and 6: order within a shipment is free, repeats change nothing, a replay gives the same bytes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.core.message import Message
from services.core.messages import Cover, Demand
from services.runtime.codec import Codec
from tests.behaviours.exchange import Exchange
from tests.behaviours.written import (
    OTHER_REF,
    REF,
    A,
    B,
    both,
    declaration,
    document,
    invalidation,
    item,
    left,
    licence,
    no_release,
    release,
    total,
)

CODEC = Codec()
LICENCES = (licence(both("100", "9000.00"), both("50", "500.00", number=2)), licence(ref=OTHER_REF))
LIFE: tuple[dict[str, Any], ...] = (
    declaration(A, document("3", "300.00"), document("1", ref=OTHER_REF)),
    declaration(A, items=[item(document("4", "400.00")), item(document("2", "20.00", line=2), number=2)], version=2),
    no_release(A, "2026-03-02T10:00:00Z"),
    release(A, "2026-03-02T11:00:00Z"),
    left(A, total("1"), at="2026-03-03T08:00:00Z", final=False, message_id="so far"),
    left(A, total("3"), at="2026-03-04T08:00:00Z"),
    declaration(B, document("7", "700.00")),
    release(B),
    invalidation(B),
)


def standing(exchange: Exchange) -> tuple[Any, ...]:
    """All that must not depend on the order of arrival: everything but revisions and places in the queue."""
    ledgers = []
    for ref in (REF, OTHER_REF):
        seen = exchange.ledger(ref)
        draws = sorted((draw["mrn"], draw["item"], str(draw | {"arrival": 0})) for draw in seen["draws"])
        ledgers.append((seen["lines"], draws))
    verdicts = [exchange.last_verdict(mrn) for mrn in (A, B)]
    return ledgers, [(v.version, v.phase, v.verdict, v.items, v.applied) for v in verdicts if v]


IN_ORDER = standing(Exchange(*LICENCES, *LIFE))


@given(st.permutations(LIFE))
def test_any_order_of_a_shipments_facts_ends_the_same(order: list[dict[str, Any]]) -> None:
    # B is reserved before it is withdrawn, or withdrawn before any licence judged it: what customs was told differs.
    order.sort(key=lambda message: message["mrn"] == B)
    exchange = Exchange(*LICENCES, *order)
    columns, verdicts = standing(exchange)
    assert columns == IN_ORDER[0]
    assert verdicts[0] == IN_ORDER[1][0]


@given(st.permutations([*LIFE[:6], *LICENCES]))
def test_a_licence_may_come_at_any_moment(order: list[dict[str, Any]]) -> None:
    assert standing(Exchange(*order)) == standing(Exchange(*LICENCES, *LIFE[:6]))


@given(st.data())
def test_covers_may_come_at_any_moment(data: st.DataObject) -> None:
    exchange = Exchange(*LICENCES, answering=False)
    for message in LIFE[:6]:
        exchange.send(message)
        if data.draw(st.booleans()):
            exchange.answer(in_reverse=data.draw(st.booleans()))
    assert standing(exchange.answer()) == standing(Exchange(*LICENCES, *LIFE[:6]))


@given(st.permutations([*LICENCES, *LIFE]))
def test_everything_again_changes_nothing(order: list[dict[str, Any]]) -> None:
    exchange = Exchange(*LICENCES, *LIFE)
    before = list(exchange.outputs)
    exchange.send(*order)
    exchange.hand(*(output for output in before if isinstance(output, Demand | Cover)))
    assert exchange.outputs == before


def encoded(messages: list[Message]) -> list[bytes]:
    return [CODEC.encode(message) for message in messages]


@given(st.permutations([*LICENCES, *LIFE]))
def test_a_replay_gives_the_same_bytes(order: list[dict[str, Any]]) -> None:
    assert encoded(Exchange(*order).outputs) == encoded(Exchange(*order).outputs)
