"""What the ledger could not take: its dead letters, as they stand on their topics.

That a message was rejected is a recorded fact like an entry. The release that replays may take what an earlier one did
not, and what was sent back since came later: it must not be asked again.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.runtime.dead_letter_office import letters
from services.runtime.settings import KafkaSettings


class Rejection(NamedTuple):
    """Where a message failed (`decode` or `handle`), and why."""

    stage: str
    reason: str


Rejections = Mapping[tuple[str, int], Rejection]
"""Of one partition, by topic and offset. About 200 bytes each, which is not bounded otherwise."""


async def rejections(
    kafka: KafkaSettings, topics: Iterable[str], fold: str
) -> dict[int, dict[tuple[str, int], Rejection]]:
    """All there are now, by the partition the message was read from. `fold`: of which service and fold."""
    found: dict[int, dict[tuple[str, int], Rejection]] = {}
    reasons: dict[Rejection, Rejection] = {}
    async for letter in letters(kafka, topics):
        origin = letter.origin
        places = origin.get("partition", ""), origin.get("offset", "")
        if origin.get("fold") != fold or not all(place.isdecimal() for place in places):
            continue
        partition, offset = map(int, places)
        why = Rejection(origin.get("stage", ""), letter.reason)
        found.setdefault(partition, {})[letter.topic, offset] = reasons.setdefault(why, why)
    return found
