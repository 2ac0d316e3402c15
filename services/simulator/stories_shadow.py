"""Shipments that resemble what was refused before, and one that only looks so: nothing else is wrong with them."""

from collections.abc import Iterator
from decimal import Decimal

from services.simulator.declarations import Format
from services.simulator.desk import Desk, Shipment, StoryPlan, goods_item
from services.simulator.goods import CONTROLLED
from services.simulator.parties import BUYERS, IN_OTHER_LETTERS, THROUGH_A_THIRD_COUNTRY, TRADERS, Party
from services.simulator.steps import Story
from services.simulator.stories_traffic import NOT_LISTED


def shadows(desk: Desk) -> Iterator[Story]:
    """The press of 2017, the name spelt otherwise and through a third country; what Finland denied; a press alone."""
    for name, goods, format_, consignee, codes in (
        ("press-of-2017", "press", Format.AES, THROUGH_A_THIRD_COUNTRY, ("refusal.shadow",)),
        ("denied-elsewhere", "flow-former", Format.JSON, IN_OTHER_LETTERS, ("denial.match",)),
        ("press-to-somebody-else", "press", Format.AES, BUYERS[1], ()),
    ):
        story = StoryPlan(desk, name)
        _declared_as_not_listed(story, format_, goods, consignee).settle("not-controlled").release().resembling(*codes)
        yield story.finished()


def _declared_as_not_listed(story: StoryPlan, format_: Format, goods: str, consignee: Party) -> Shipment:
    """Controlled goods that cite no licence."""
    stated = CONTROLLED[goods]
    item = goods_item(stated, 1, Decimal(1), stated.unit_value, NOT_LISTED)
    return story.shipment(format_, item, exporter=TRADERS[4], consignee=consignee).lodge()
