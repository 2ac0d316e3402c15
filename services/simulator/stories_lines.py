"""Shipments that are covered though it takes more than one look: several lines, documents, units, licences, days."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from services.simulator.declarations import Document, Format, Hold, Item
from services.simulator.desk import Desk, StoryPlan, licensed_item
from services.simulator.steps import Story
from services.simulator.stories_traffic import ordinary_item


def lines(desk: Desk) -> Iterator[Story]:
    yield _two_lines(desk)
    yield _two_documents(desk)
    yield _converted(desk, Format.JSON, "1.5", "TNE", "1500")
    yield _converted(desk, Format.AES, "250500", "GRM", "250.5")
    yield _first_day(desk)
    yield _other_licence(desk)
    yield _before_suspension(desk)


def _two_lines(desk: Desk) -> Story:
    """Three items: one on each line of a licence, one that needs none."""
    two = desk.licence("two-lines")
    story = StoryPlan(desk, "two-lines")
    items = (licensed_item(two, 2), licensed_item(two, 3, line=2, number=2), ordinary_item(desk, 3))
    made = story.under(Format.AES, two, *items).lodge().release().leave()
    made.covered(*made.held(exited=True))
    return story.finished()


def _two_documents(desk: Desk) -> Story:
    """Two documents of one item on the same line are one draw of their sum."""
    two = desk.licence("two-lines")
    story = StoryPlan(desk, "two-documents")
    item = licensed_item(two, 1)
    doubled = replace(item, documents=(item.documents[0], *item.documents))
    made = story.under(Format.JSON, two, doubled).lodge().release()
    made.covered(*made.held(consumed=True))
    return story.finished()


def _converted(desk: Desk, format_: Format, stated: str, unit: str, in_kilograms: str) -> Story:
    """Mass converts exactly: the line is drawn in its own unit."""
    maraging = desk.licence("ample-maraging")
    story = StoryPlan(desk, f"converted-{unit}")
    item = licensed_item(maraging, in_kilograms)
    document = replace(item.documents[0], quantity=Decimal(stated), unit=unit)
    made = story.under(format_, maraging, _with(item, document)).lodge().release()
    value = document.amount or Decimal(0)
    made.covered(Hold(maraging.ref, 1, consumed=True, quantity=Decimal(in_kilograms), value=value))
    return story.finished()


def _first_day(desk: Desk) -> Story:
    """Half past midnight in Belgium on the first day of validity is still the day before in UTC."""
    press = desk.licence("ample-press")
    story = StoryPlan(desk, "first-day")
    at = datetime(2026, 1, 14, 23, 30, tzinfo=UTC)
    made = story.under(Format.JSON, press, licensed_item(press, 1), accepted_at=at).lodge()
    made.covered(*made.held())
    return story.finished()


def _other_licence(desk: Desk) -> Story:
    """An amendment cites another licence of the same holder: the first one is freed."""
    first, second = desk.licence("ample-press"), desk.licence("two-lines")
    story = StoryPlan(desk, "other-licence")
    made = story.under(Format.JSON, first, licensed_item(first, 1)).lodge().settle("covered")
    made.amend(licensed_item(second, 1)).release().leave()
    made.covered(*made.held(exited=True))
    return story.finished()


def _before_suspension(desk: Desk) -> Story:
    """Accepted before the licence was suspended, declared after: business time decides, and the suspension is said."""
    licence = desk.licence("suspended")
    story = StoryPlan(desk, "before-suspension")
    at = datetime(2026, 2, 16, 9, 0, tzinfo=UTC)
    made = story.under(Format.AES, licence, licensed_item(licence, 1), accepted_at=at).lodge().release()
    made.covered(*made.held(consumed=True)).alerted("licence.changed-under-shipment")
    return story.finished()


def _with(item: Item, document: Document) -> Item:
    return replace(item, documents=(document, *item.documents[1:]))
