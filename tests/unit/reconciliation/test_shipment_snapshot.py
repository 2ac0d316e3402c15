"""A stored shipment goes on as if it had never been stored."""

from services.core.messages import ExitResult, Shipment
from services.runtime.codec import Codec
from tests.builders_customs import (
    a_declaration,
    a_document,
    a_presentation,
    a_refusal,
    a_release,
    a_replacement,
    a_total,
    an_amendment,
    an_arrival,
    an_exit,
    an_exit_release,
    an_exit_stop,
    an_invalidation,
    an_item,
    an_override,
    hours,
)
from tests.builders_shipments import Way

LIFE = (
    a_declaration(an_item(a_document("L1", quantity="2"), a_document("L2", line=None))),
    a_declaration(an_item(a_document("L1", quantity="3")), fact_id="conflict"),
    a_declaration(an_item(a_document("L1", quantity="3", amount="9.99")), version=2, amended_at=hours(1)),
    an_amendment(a_replacement(a_document("L3")), after_h=2),
    a_refusal(after_h=3),
    a_release(after_h=4),
    an_exit(fact_id="b1", result=ExitResult.B1),
    an_exit(a_total(1, "2")),
    an_invalidation(after_h=60),
    a_presentation(),
    an_override(),
    an_arrival(),
    an_exit_stop(),
    an_exit_release(),
)


def stored(way: Way) -> Way:
    codec = Codec()
    return Way(codec.decode_record(Shipment, codec.encode_record(way.shipment)), way.outputs)


def test_a_shipment_comes_back_from_its_snapshot_as_it_was() -> None:
    way = Way()
    for fact in LIFE:
        way = way.told(fact).answered({"L1": ("quantity.overrun",)})
        assert stored(way).shipment == way.shipment


def test_a_stored_shipment_recognises_what_it_has_seen() -> None:
    way = Way().told(*LIFE).answered()
    again = stored(way)
    assert again.told(*LIFE).answered().outputs == way.outputs


def test_a_life_with_a_snapshot_after_each_step_gives_the_same_messages() -> None:
    straight, saved = Way(), Way()
    for fact in LIFE:
        straight = straight.told(fact).answered()
        saved = stored(stored(saved).told(fact)).answered()
    assert saved.outputs == straight.outputs
