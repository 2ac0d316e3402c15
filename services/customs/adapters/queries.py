"""What the door's GET routes read: messages of the log, shipments, answers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import DictRow

from services.core.errors import Corrupt
from services.core.facts import Fact
from services.core.messages import DeclarationAccepted, DeclarationAmended, DeclarationForm
from services.core.values import Mrn
from services.customs.adapters.answers import AnswerStore
from services.customs.adapters.watch import Watch
from services.customs.domain.answer import Answer, Standing, standing
from services.customs.domain.lodgement import State
from services.runtime.codec import Codec
from services.runtime.database import Database

_ID = re.compile(r"[0-9a-f]{32}")
_COLUMNS = (
    "id, message_id, kind, mrn, lrn, sha256, received_at, warnings, state, note, shipment, fact_id, fact_type, fact"
)
_ALL = f"SELECT {_COLUMNS} FROM customs.said WHERE shipment = %s ORDER BY seq"  # noqa: S608 - as above
_RAW = "SELECT body, media_type, charset FROM customs.message WHERE id = %s"
_SENT = "SELECT FROM customs.message WHERE id = %s AND party = %s"
_SPOKE_OF = "SELECT FROM customs.said WHERE shipment = %s AND party = %s LIMIT 1"
_FACT_IDS = "SELECT DISTINCT fact_id FROM customs.said WHERE shipment = %s AND fact_id IS NOT NULL"
# What is watched (see `watch`). Each row is looked for by its key, whatever the planner knows of a table that has just
# begun to fill. A rejection declares nothing: a verdict is to come only of what gave a fact, or waits to give one.
_ANSWERS: Final = b"""
SELECT asked.name, a.mrn, a.verdict, a.dead, coalesce(a.version, 'none') AS version,
    EXISTS (SELECT FROM customs.message WHERE shipment = asked.name
        AND (fact_id IS NOT NULL OR (open AND kind <> 'DMSREJ'))) AS known
FROM unnest(%s::text[], %s::text[]) AS asked (name, seen)
LEFT JOIN LATERAL (
    SELECT mrn, verdict, dead, xmin::text AS version FROM customs.answer WHERE mrn = asked.name OFFSET 0
) AS a ON true
WHERE coalesce(a.version, 'none') <> asked.seen
"""
_MESSAGES: Final = f"""
SELECT asked.name, m.*, a.mrn AS answered, a.verdict, a.dead, accepted.known AS accepted,
    concat_ws(' ', m.written, a.written, accepted.known) AS version
FROM unnest(%s::text[], %s::text[]) AS asked (name, seen)
LEFT JOIN LATERAL (
    SELECT {_COLUMNS}, xmin AS written FROM customs.message WHERE id = asked.name OFFSET 0
) AS m ON true
LEFT JOIN LATERAL (
    SELECT mrn, verdict, dead, xmin AS written FROM customs.answer
    WHERE mrn = m.shipment AND m.fact_id IS NOT NULL OFFSET 0
) AS a ON true
CROSS JOIN LATERAL (SELECT EXISTS (
    SELECT FROM customs.message WHERE shipment = m.shipment AND fact_type = '{DeclarationAccepted.SCHEMA}'
) AS known) AS accepted
WHERE concat_ws(' ', m.written, a.written, accepted.known) <> asked.seen
""".encode()  # noqa: S608 - names of this file and of a schema


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
        """The highest whole version, before any entered from paper; of two that claim the same the first received."""
        whole = [m.fact for m in self.messages if isinstance(m.fact, DeclarationAccepted)]
        return max(whole, key=lambda fact: (fact.form is not DeclarationForm.PAPER, fact.version), default=None)

    @property
    def version(self) -> int | None:
        """The version of the declaration with its amendments; each amendment by pointers counts one."""
        declaration = self.declaration
        deltas = sum(isinstance(m.fact, DeclarationAmended) for m in self.messages)
        return None if declaration is None else declaration.version + deltas


@dataclass(frozen=True, slots=True)
class Known:
    """Whether a verdict on an MRN is to be had at all, and the answer there is."""

    known: bool
    answer: Answer | None


class Queries:
    """Reads committed rows; nothing is kept between calls.

    `answers` by MRN and `messages` by id can be waited for; a message that is not there is None.
    """

    def __init__(self, database: Database, codec: Codec, store: AnswerStore) -> None:
        self._database = database
        self._codec = codec
        self._store = store
        self.answers: Final = Watch(database, _ANSWERS, self._known)
        self.messages: Final = Watch(database, _MESSAGES, self._message)

    async def message(
        self, message_id: str, enough: Callable[[MessageView | None], bool] = lambda _: True, wait_s: float = 0
    ) -> MessageView | None:
        """A message, as soon as it is enough or the time is over; None when there is none."""
        return await self.messages.until(message_id, enough, wait_s) if _ID.fullmatch(message_id) else None

    async def raw(self, message_id: str) -> DictRow | None:
        """`body`, `media_type` and `charset` as received."""
        if not _ID.fullmatch(message_id):
            return None
        rows = await self._database.rows(_RAW, (message_id,))
        return rows[0] if rows else None

    async def sent(self, party: str, message_id: str) -> bool:
        """Whether a party sent this message."""
        return bool(_ID.fullmatch(message_id) and await self._database.rows(_SENT, (message_id, party)))

    async def spoke_of(self, party: str, mrn: Mrn) -> bool:
        """Whether a party sent anything that belongs to this MRN."""
        return bool(await self._database.rows(_SPOKE_OF, (mrn, party)))

    async def shipment(self, mrn: str) -> ShipmentView | None:
        """None when no message belongs to this MRN."""
        rows = await self._database.rows(_ALL, (mrn,))
        if not rows:
            return None
        async with self._database.connection() as connection:
            answer = (await self._store.load(connection, [mrn])).get(mrn)
        accepted = any(row["fact_type"] == DeclarationAccepted.SCHEMA for row in rows)
        return ShipmentView(mrn, tuple(self._view(row, answer, accepted=accepted) for row in rows), answer)

    async def fact_ids(self, mrn: str) -> Sequence[str]:
        """Ids of all facts received for an MRN so far."""
        return [row["fact_id"] for row in await self._database.rows(_FACT_IDS, (mrn,))]

    def _known(self, row: DictRow) -> Known:
        return Known(row["known"], None if row["mrn"] is None else self._store.answer(row))

    def _message(self, row: DictRow) -> MessageView | None:
        if row["id"] is None:
            return None
        answer = None if row["answered"] is None else self._store.answer({**row, "mrn": row["answered"]})
        return self._view(row, answer, accepted=row["accepted"])

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
