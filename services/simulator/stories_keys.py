"""Nuclear goods need more than the licence of the region: one leg after the other is missing, then all are there."""

from collections.abc import Iterator

from services.simulator.declarations import Format
from services.simulator.desk import Desk, StoryPlan, licensed_item
from services.simulator.keys import keys_of
from services.simulator.steps import Story

TWO_KEYS = "two-keys"
"""The licence that is registered without them."""


def keys(desk: Desk) -> Iterator[Story]:
    """Refused for want of three legs, of two, of one; then covered, released and gone."""
    licence = desk.licence(TWO_KEYS)
    story = StoryPlan(desk, TWO_KEYS)
    made = story.under(Format.AES, licence, licensed_item(licence, 40)).lodge().settle("refused")
    *first, last = keys_of(licence)
    for key in first:
        story.authorise(key)
        made.settle("refused")
    story.authorise(last)
    made.settle().release().leave().covered(*made.held(exited=True))
    made.alerted("federal-authorisation.missing", "end-use-certificate.missing", "state-guarantee.missing")
    yield story.finished()
