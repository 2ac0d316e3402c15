"""What the door's GET routes read: messages of the log, shipments, answers."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from psycopg.rows import DictRow

from services.core.errors import Corrupt
from services.core.messages import DeclarationAccepted, DeclarationAmended
from services.customs.adapters.answers import AnswerStore
from services.customs.domain.answer import Answer, Standing, standing
from services.customs.domain.declaration import Fact
from services.customs.domain.lodgement import State
from services.runtime.codec import Codec
from services.runtime.database import Database

T = TypeVar("T")

LONGEST_WAIT_S = 60.0
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.2

_ID = re.compile(r"[0-9a-f]{32}")
_COLUMNS = (
    "id, message_id, kind, mrn, lrn, sha256, received_at, warnings, state, note, shipment, fact_id, fact_type, fact"
)
_ONE = f"SELECT {_COLUMNS} FROM customs.message WHERE id = %s"  # noqa: S608 - column names of this file only
_ALL = f"SELECT {_COLUMNS} FROM customs.message WHERE shipment = %s ORDER BY seq"  # noqa: S608 - as above
_ACCEPTED = "SELECT EXISTS (SELECT FROM customs.message WHERE shipment = %s AND fact_type = %s) AS accepted"
_RAW = "SELECT body, media_type, charset FROM customs.message WHERE id = %s"
_FACT_IDS = "SELECT DISTINCT fact_id FROM customs.message WHERE shipment = %s AND fact_id IS NOT NULL"
# A rejection declares nothing: a verdict is to come only of what gave a fact, or waits to give one.
_KNOWN = (
    "SELECT EXISTS (SELECT FROM customs.message WHERE shipment = %s"
    " AND (fact_id IS NOT NULL OR (open AND kind <> 'DMSREJ'))) AS known"
)


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message of the log with where it stands."""

    row: DictRow
    standing: Standing
    note: str | None
    fact: Fact | None


@dataclass(frozen=True, slots=True)
class ShipmentView:
    """Everything the log and the verdicts say about one MRN, in order of receipt. Never without a message."""

    mrn: str
    messages: tuple[MessageView, ...]
    answer: Answer | None

    @property
    def declaration(self) -> DeclarationAccepted | None:
        """The highest whole version; of two that claim the same version the first received."""
        whole = [m.fact for m in self.messages if isinstance(m.fact, DeclarationAccepted)]
        return max(whole, key=lambda fact: fact.version, default=None)

    @property
    def version(self) -> int | None:
        """The version of the declaration with its amendments; each amendment by pointers counts one."""
        declaration = self.declaration
        deltas = sum(isinstance(m.fact, DeclarationAmended) for m in self.messages)
        return None if declaration is None else declaration.version + deltas


class Queries:
    """Reads committed rows; nothing is kept between calls."""

    def __init__(self, database: Database, codec: Codec, store: AnswerStore) -> None:
        self._database = database
        self._codec = codec
        self._store = store

    async def message(self, message_id: str) -> MessageView | None:
        if not _ID.fullmatch(message_id):
            return None
        rows = await self._database.rows(_ONE, (message_id,))
        if not rows:
            return None
        row = rows[0]
        if row["fact_id"] is None:
            return self._view(row, None, accepted=False)
        found = await self._database.rows(_ACCEPTED, (row["shipment"], DeclarationAccepted.SCHEMA))
        return self._view(row, await self.answer(row["shipment"]), accepted=found[0]["accepted"])

    async def raw(self, message_id: str) -> DictRow | None:
        """`body`, `media_type` and `charset` as received."""
        if not _ID.fullmatch(message_id):
            return None
        rows = await self._database.rows(_RAW, (message_id,))
        return rows[0] if rows else None

    async def answer(self, mrn: str) -> Answer | None:
        async with self._database.connection() as connection:
            return (await self._store.load(connection, [mrn])).get(mrn)

    async def shipment(self, mrn: str) -> ShipmentView | None:
        """None when no message belongs to this MRN."""
        rows = await self._database.rows(_ALL, (mrn,))
        if not rows:
            return None
        answer = await self.answer(mrn)
        accepted = any(row["fact_type"] == DeclarationAccepted.SCHEMA for row in rows)
        return ShipmentView(mrn, tuple(self._view(row, answer, accepted=accepted) for row in rows), answer)

    async def known(self, mrn: str) -> bool:
        return bool((await self._database.rows(_KNOWN, (mrn,)))[0]["known"])

    async def fact_ids(self, mrn: str) -> Sequence[str]:
        """Ids of all facts received for an MRN so far."""
        return [row["fact_id"] for row in await self._database.rows(_FACT_IDS, (mrn,))]

    def _view(self, row: DictRow, answer: Answer | None, *, accepted: bool) -> MessageView:
        state = State(row["state"])
        now, note = standing(state, row["note"], row["id"], row["fact_id"], answer, accepted=accepted)
        return MessageView(row, now, note, self._fact(row))

    def _fact(self, row: DictRow) -> Fact | None:
        if row["fact"] is None:
            return None
        fact = self._codec.decode(bytes(row["fact"]))
        if not isinstance(fact, Fact):
            raise Corrupt(f"message {row['id']} holds a {fact.SCHEMA}, which is no fact of customs")
        return fact


async def until(probe: Callable[[], Awaitable[T]], enough: Callable[[T], bool], wait_s: float) -> T:
    """Ask again, ever less often, until the answer is enough or the time is over; the last answer."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + min(wait_s, LONGEST_WAIT_S)
    pause = _FIRST_PAUSE_S
    while True:
        found = await probe()
        left = deadline - loop.time()
        if enough(found) or left <= 0:
            return found
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE_S)
