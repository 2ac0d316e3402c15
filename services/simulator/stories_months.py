"""A licence that limits what any 30 days may draw, and the use of it that its holder reports."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from services.simulator.declarations import Format
from services.simulator.desk import Desk, StoryPlan, licensed_item
from services.simulator.reports import Figures, Report
from services.simulator.steps import Story

MONTHLY = "monthly"
FIRST = datetime(2026, 3, 10, 7, 30, tzinfo=UTC)
MARCH = date(2026, 3, 1), date(2026, 3, 31)


def months(desk: Desk) -> Iterator[Story]:
    """Five in any 30 days: more is refused, less or later covered. Then its holder reports other than customs saw."""
    licence = desk.licence(MONTHLY)
    story = StoryPlan(desk, MONTHLY)
    sent = Report(licence, "sent", "electronic-transfer", *MARCH, Decimal(2))
    first = story.under(Format.JSON, licence, licensed_item(licence, 3), accepted_at=FIRST).lodge().settle("covered")
    later = FIRST + timedelta(days=9)
    second = story.under(Format.AES, licence, licensed_item(licence, 3), accepted_at=later).lodge().settle("refused")
    second.amend(licensed_item(licence, 2)).settle("covered")
    after = FIRST + timedelta(days=39)
    third = story.under(Format.WCO, licence, licensed_item(licence, 3), accepted_at=after).lodge().settle("covered")
    first.release().leave().settle().covered(*first.held(exited=True), sent.hold())
    second.release().settle().covered(*second.held(consumed=True)).alerted("period.overrun")
    third.covered(*third.held())
    story.report(sent)
    story.report(Report(licence, "exported", "export", *MARCH, Decimal(4)))
    figures = {"reported": "4", "unseen": "2", "consumed": "5", "difference": "-1"}
    story.compare(Figures(licence, *MARCH, tuple(figures.items())))
    yield story.finished()
