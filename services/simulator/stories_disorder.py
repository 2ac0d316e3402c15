"""What no customs system should send, and what does come: broken messages, one id for two contents, a rejection."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from services.simulator import xml_wco
from services.simulator.declarations import Format, Outgoing
from services.simulator.desk import Desk, Shipment, StoryPlan
from services.simulator.parties import BUYERS, TRADERS
from services.simulator.steps import MALFORMED, Send, Story
from services.simulator.stories_traffic import ordinary_item

CONFLICT = (409,)


def disorder(desk: Desk) -> Iterator[Story]:
    yield _malformed(desk, Format.AES)
    yield _malformed(desk, Format.JSON)
    yield _same_id_other_content(desk)
    yield _rejected(desk)


def _malformed(desk: Desk, format_: Format) -> Story:
    """Cut off in transit: neither XML nor JSON any more."""
    story = StoryPlan(desk, f"malformed-{format_}")
    _plain(desk, story, format_).lodge().never_accepted()
    whole = story.messages()[0]
    story.steps = [Send(_cut(whole), MALFORMED)]
    return story.finished()


def _cut(message: Outgoing) -> Outgoing:
    return replace(message, body=message.body[: len(message.body) * 2 // 3])


def _same_id_other_content(desk: Desk) -> Story:
    """The first content of an id counts; another under the same id is refused."""
    story = StoryPlan(desk, "same-id-other-content")
    _plain(desk, story, Format.JSON).lodge().release().leave()
    first = story.messages()[0]
    changed = json.loads(first.body)
    changed["items"][0]["net_mass_kg"] = str(Decimal(changed["items"][0]["net_mass_kg"]) + 1)
    story.steps.append(Send(replace(first, body=json.dumps(changed).encode()), CONFLICT, repeat=True))
    return story.finished()


def _rejected(desk: Desk) -> Story:
    """Lodged and rejected: it never becomes a declaration."""
    story = StoryPlan(desk, "rejected")
    made = _plain(desk, story, Format.WCO)
    made.send(*xml_wco.reject(made.declaration)).never_accepted()
    return story.finished()


def _plain(desk: Desk, story: StoryPlan, format_: Format) -> Shipment:
    return story.shipment(format_, ordinary_item(desk, 1), exporter=TRADERS[0], consignee=BUYERS[0])
