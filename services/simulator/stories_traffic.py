"""Everyday traffic: goods that need no licence, and goods well within theirs, in every life a declaration can have."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from services.simulator.declarations import Document, ExitItem, Format, Item
from services.simulator.desk import Desk, Shipment, StoryPlan, goods_item, licensed_item
from services.simulator.goods import ORDINARY
from services.simulator.licences import Licence
from services.simulator.parties import BUYERS, TRADERS
from services.simulator.register import AMPLE
from services.simulator.steps import Story

UNCONTROLLED = 344
REPEAT_EVERY = 11
SHUFFLE_EVERY = 7
FORMATS = (Format.AES, Format.AES, Format.WCO, Format.JSON, Format.JSON)
NOT_LISTED = Document("Y901", "not listed")


def traffic(desk: Desk) -> Iterator[Story]:
    for number in range(UNCONTROLLED):
        yield _uncontrolled(desk, number)
    for place, (key, *_) in enumerate(AMPLE):
        for turn in range(4):
            yield _within_licence(desk, desk.licence(key), place, turn)


def _uncontrolled(desk: Desk, number: int) -> Story:
    story = StoryPlan(desk, f"uncontrolled-{number}")
    format_ = desk.random.choice(FORMATS)
    items = tuple(ordinary_item(desk, place + 1) for place in range(desk.random.choice((1, 1, 1, 2, 3))))
    exporter, buyer = desk.random.choice(TRADERS), desk.random.choice(BUYERS)
    shipment = story.shipment(format_, *items, exporter=exporter, consignee=buyer)
    _life(desk, shipment, format_)
    _disturb(desk, story, number)
    return story.finished()


def ordinary_item(desk: Desk, number: int) -> Item:
    goods = desk.random.choice(ORDINARY)
    mass = Decimal(desk.random.randrange(50, 24_000))
    value = (mass * goods.unit_value).quantize(Decimal("0.01"))
    references = (NOT_LISTED,) if desk.random.random() < 0.3 else ()
    return goods_item(goods, number, mass, value, *references)


def _life(desk: Desk, shipment: Shipment, format_: Format) -> None:
    """One of the lives of a declaration that draws on nothing."""
    shipment.lodge()
    fate = desk.random.random()
    if fate < 0.06:
        return
    if fate < 0.10:
        shipment.invalidate()
    elif fate < 0.14 and format_ is not Format.WCO:
        shipment.refuse_release("documents do not match the goods")
    elif fate < 0.22:
        shipment.release()
    else:
        if fate < 0.27 and format_ is not Format.AES:
            shipment.amend(ordinary_item(desk, 1))
        result = "A4" if fate > 0.96 else "B1" if fate > 0.94 else "A1"
        shipment.release().leave(result)


def _within_licence(desk: Desk, licence: Licence, place: int, turn: int) -> Story:
    story = StoryPlan(desk, f"covered-{licence.ref}-{turn}")
    format_ = FORMATS[(place + turn) % len(FORMATS)]
    quantity = _some(desk, licence)
    shipment = story.under(format_, licence, licensed_item(licence, quantity)).lodge()
    life = (place + turn * 3) % len(COVERED_LIVES)
    COVERED_LIVES[life](shipment, licence, quantity)
    _disturb(desk, story, place * 4 + turn)
    return story.finished()


def _some(desk: Desk, licence: Licence) -> Decimal:
    if licence.line().goods.unit == "NAR":
        return Decimal(desk.random.randrange(2, 6))
    return Decimal(desk.random.randrange(1_000, 400_000)) / 1000


def _stays_accepted(shipment: Shipment, _licence: Licence, _quantity: Decimal) -> None:
    shipment.covered(*shipment.held())


def _is_released(shipment: Shipment, _licence: Licence, _quantity: Decimal) -> None:
    shipment.release().covered(*shipment.held(consumed=True))


def _leaves(shipment: Shipment, _licence: Licence, _quantity: Decimal) -> None:
    shipment.release().leave().covered(*shipment.held(exited=True))


def _leaves_with_minor_discrepancies(shipment: Shipment, _licence: Licence, _quantity: Decimal) -> None:
    shipment.release().leave("A4").covered(*shipment.held(exited=True))


def _does_not_leave(shipment: Shipment, _licence: Licence, _quantity: Decimal) -> None:
    """B1: not left, and consumed until customs invalidates it."""
    shipment.release().leave("B1").covered(*shipment.held(consumed=True))


def _is_invalidated(shipment: Shipment, _licence: Licence, _quantity: Decimal) -> None:
    """Freed; the answer customs was given before stands."""
    shipment.settle("covered").invalidate().covered()


def _is_amended(shipment: Shipment, licence: Licence, quantity: Decimal) -> None:
    """One more than declared, then released and gone."""
    shipment.amend(licensed_item(licence, quantity + 1))
    shipment.release().leave().covered(*shipment.held(exited=True))


def _leaves_in_parts(shipment: Shipment, _licence: Licence, quantity: Decimal) -> None:
    """Totals so far, where the format can state them: first one unit, then all of it."""
    if shipment.declaration.format is Format.JSON and shipment.held()[0].quantity:
        shipment.release().leave(hours=52, final=False, items=(ExitItem(1, Decimal(1)),))
        shipment.leave(hours=76, items=(ExitItem(1, quantity),))
    else:
        shipment.release().leave()
    shipment.covered(*shipment.held(exited=True))


COVERED_LIVES: tuple[Callable[[Shipment, Licence, Decimal], None], ...] = (
    _leaves,
    _is_released,
    _is_amended,
    _leaves_in_parts,
    _stays_accepted,
    _leaves_with_minor_discrepancies,
    _is_invalidated,
    _does_not_leave,
)


def _disturb(desk: Desk, story: StoryPlan, number: int) -> None:
    """The order of arrival is changed, or messages come again."""
    if number % SHUFFLE_EVERY == 0:
        story.shuffle(desk.random)
    if number % REPEAT_EVERY == 0:
        story.repeat(story.messages()[:: desk.random.choice((1, 2))])
