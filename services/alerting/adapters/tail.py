"""The alerts of all partitions as one stream that can be taken up again anywhere.

A partition's outputs have gapless numbers that are committed in order, because each commit compares and sets the row of
the partition. Across partitions there is no such order: one number for all would let a slow commit appear behind a
reader that is past it. So a position is a vector, one number for each partition, and nothing is missed or repeated.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.core.messages import Alert
from services.runtime.codec import Codec
from services.runtime.database import AWAY, Database

PAUSE_S = 0.2
PAGE = 200

_POSITION = re.compile(r"[0-9]{1,6}\.[0-9]{1,18}(-[0-9]{1,6}\.[0-9]{1,18})*")
_LAST = "SELECT partition, last_output FROM alerting.fold WHERE fold = %s ORDER BY partition"
_AFTER = """
SELECT o.partition, o.seq, o.value FROM alerting.fold f
LEFT JOIN unnest(%s::int[], %s::bigint[]) AS seen (partition, seq) ON seen.partition = f.partition
CROSS JOIN LATERAL (
    SELECT partition, seq, at, value FROM alerting.output
    WHERE fold = f.fold AND partition = f.partition AND seq > coalesce(seen.seq, 0) AND topic = %s
    ORDER BY seq LIMIT %s
) o
WHERE f.fold = %s
ORDER BY max(o.at) OVER (PARTITION BY o.partition ORDER BY o.seq), o.partition, o.seq
"""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reader is in each partition; a partition that is not named is unread."""

    seen: Mapping[int, int]

    @classmethod
    def parse(cls, text: str) -> "Place":
        """ValueError when it is not the `str` of one."""
        if not _POSITION.fullmatch(text):
            raise ValueError(f"not a position of this stream: {text[:100]!r}")
        pairs = (part.split(".") for part in text.split("-"))
        return cls({int(partition): int(seq) for partition, seq in pairs})

    def __str__(self) -> str:
        return "-".join(f"{partition}.{seq}" for partition, seq in sorted(self.seen.items()))

    def past(self, partition: int, seq: int) -> "Place":
        return Place({**self.seen, partition: seq})


class Tail:
    """Follows the outputs of the fold; one loop of the process wakes every reader."""

    def __init__(self, database: Database, codec: Codec, fold: str) -> None:
        self._database = database
        self._codec = codec
        self._fold = fold
        self._last = Place({})
        self._grown = asyncio.Event()

    async def end(self) -> Place:
        """Where the stream ends now."""
        rows = await self._database.rows(_LAST, (self._fold,))
        return Place({row["partition"]: row["last_output"] for row in rows})

    async def after(self, place: Place) -> list[tuple[Place, Alert]]:
        """The next alerts with the position after each; none: wait for `growth`.

        Alerts of one partition come in its order and without a gap; partitions are merged by time.
        """
        partitions, seqs = list(place.seen), list(place.seen.values())
        rows = await self._database.rows(_AFTER, (partitions, seqs, Alert.TOPIC, PAGE, self._fold))
        found = []
        for row in rows:
            alert = self._codec.decode(bytes(row["value"]))
            assert isinstance(alert, Alert)  # noqa: S101 - selected by its topic
            place = place.past(row["partition"], row["seq"])
            found.append((place, alert))
        return found

    @property
    def growth(self) -> asyncio.Event:
        """Set once when there is more. Take it before reading, so that nothing is missed in between."""
        return self._grown

    async def run(self) -> None:
        """Watch for commits until cancelled."""
        while True:
            try:
                end = await self.end()
                if end != self._last:
                    self._last = end
                    self._grown.set()
                    self._grown = asyncio.Event()
            except AWAY:
                pass
            await asyncio.sleep(PAUSE_S)
