"""Where all messages stand, as metrics: what was accepted is decided, waiting, dead or in flight.

A message is settled once its effect is decided, or when it needs none and nothing can join it; only the others are
looked at, oldest first, and at most `MOST` of them. In flight is what is still to be published, or was published less
than a given time ago. A message beyond that which is neither decided nor waiting nor dead is unaccounted for: it is
shown, and nothing is done about it. What has waited for another message for more than `LONG_S` is counted by kind: a
declaration without its acceptance, a movement whose reference nobody declared. Every door of an installation shows the
same numbers.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from prometheus_client import Gauge
from psycopg.rows import DictRow

from services.core.errors import Transient
from services.core.messages import DeclarationAccepted
from services.customs.adapters.answers import AnswerStore
from services.customs.domain.answer import Answer, Standing
from services.runtime.database import AWAY, Connection, Database
from services.runtime.telemetry import log

MOST: Final = 100_000
"""Unsettled messages that a pass counts."""
LATE: Final = 1_000
"""Late messages that a pass looks up in the outbox."""
GROUP: Final = 100
LONG_S: Final = 24 * 3600.0
SHARE: Final = 0.2
"""Of the time that a pass of settling may take: senders and folds share core and database with it."""

MESSAGES = Gauge("tolbrug_customs_messages", "Messages by where they stand.", ["state"])
UNACCOUNTED = Gauge(
    "tolbrug_customs_messages_unaccounted",
    "Messages that are not decided, waiting, dead-lettered or in flight; must be 0.",
)
LONG = Gauge(
    "tolbrug_customs_messages_waiting_long", "Messages that have waited for another for more than 24 hours.", ["kind"]
)

# One process at a time settles: the others would wait for its rows only to find nothing left.
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('tolbrug.customs.settled')) AS alone"
_STATED = """
SELECT m.id, m.seq, m.fact_id, m.shipment FROM customs.message m JOIN customs.answer a ON a.mrn = m.shipment
WHERE NOT m.settled AND m.fact_id IS NOT NULL AND a.verdict IS NOT NULL AND m.seq > %s ORDER BY m.seq LIMIT %s
"""
_NEEDLESS = """
SELECT id FROM customs.message
WHERE NOT settled AND fact_id IS NULL AND state = 'applied' AND NOT open ORDER BY seq LIMIT %s
"""
_SETTLE = """
WITH done AS (UPDATE customs.message SET settled = true WHERE id = ANY(%s) AND NOT settled RETURNING 1)
UPDATE customs.settled SET messages = messages + (SELECT count(*) FROM done)
"""
_SETTLED = "SELECT messages FROM customs.settled"
# A message without a fact stands where the log says. Of one with a fact the age counts from when the fact was stated.
_UNSETTLED = """
WITH unsettled AS (
    SELECT m.id, m.shipment, coalesce(f.received_at, m.received_at) AS stated_at, CASE
        WHEN m.fact_id IS NULL THEN m.state
        WHEN m.fact_id = ANY(a.dead) THEN 'dead-lettered'
        WHEN NOT EXISTS (
            SELECT FROM customs.message d WHERE d.shipment = m.shipment AND d.fact_type = %(accepted)s
        ) THEN 'waiting'
        ELSE 'received' END AS state
    FROM (
        SELECT id, shipment, fact_id, state, received_at FROM customs.message
        WHERE NOT settled ORDER BY seq LIMIT %(most)s
    ) AS m
    LEFT JOIN customs.answer a ON a.mrn = m.shipment
    LEFT JOIN customs.message f ON f.id = m.fact_id
)
SELECT state, count(*) AS messages, (array_agg(ARRAY[id, shipment] ORDER BY stated_at)
    FILTER (WHERE state = 'received' AND stated_at < now() - %(flight)s * interval '1 second'))[:%(late)s] AS late
FROM unsettled GROUP BY state
"""
_LONG = """
SELECT kind, count(*) AS messages FROM (
    SELECT kind FROM customs.message WHERE state = 'waiting' AND fact_id IS NULL
        AND received_at < now() - %s * interval '1 second' LIMIT %s
) AS long GROUP BY kind
"""
_FLYING = """
SELECT convert_from(key, 'UTF8') AS mrn FROM customs.outbox
WHERE key = ANY(%(keys)s) AND (published_at IS NULL OR published_at > now() - %(flight)s * interval '1 second')
"""


class Accounts:
    """Settles and counts until cancelled."""

    def __init__(self, database: Database, store: AnswerStore, *, every_s: float, in_flight_s: float) -> None:
        self._database = database
        self._store = store
        self._every_s = every_s
        self._in_flight_s = in_flight_s

    async def watch(self) -> None:
        """The loop. PostgreSQL being away delays it."""
        while True:
            with suppress(Transient, *AWAY):
                await self.settle()
                await self.show()
            await asyncio.sleep(self._every_s)

    async def settle(self) -> None:
        """Settle what is decided by now, in small groups with pauses between."""
        after: int | None = 0
        while after is not None:
            begun = time.monotonic()
            async with self._database.transaction() as connection:
                after = await self._settle_group(connection, after)
            if after is not None:
                await asyncio.sleep((time.monotonic() - begun) * (1 / SHARE - 1))

    async def _settle_group(self, connection: Connection, after: int) -> int | None:
        """Where the next group begins; None when there is none, or when another process settles."""
        alone = await (await connection.execute(_ALONE)).fetchone()
        if alone is None or not alone["alone"]:
            return None
        stated = await (await connection.execute(_STATED, (after, GROUP))).fetchall()
        needless = await (await connection.execute(_NEEDLESS, (GROUP,))).fetchall()
        answers = await self._store.load(connection, sorted({row["shipment"] for row in stated}))
        done = [row["id"] for row in [*_decided(stated, answers), *needless]]
        if done:
            await connection.execute(_SETTLE, (done,))
        if len(stated) < GROUP and len(needless) < GROUP:
            return None
        return int(stated[-1]["seq"]) if stated else after

    async def show(self) -> None:
        """Set the gauges from what is committed."""
        values = {
            "accepted": DeclarationAccepted.SCHEMA,
            "most": MOST,
            "flight": self._in_flight_s,
            "late": LATE,
        }
        rows = await self._database.rows(_UNSETTLED, values)
        counts = {state.value: 0 for state in Standing} | {row["state"]: row["messages"] for row in rows}
        counts[Standing.APPLIED.value] += (await self._database.rows(_SETTLED))[0]["messages"]
        late = {one[0]: one[1] for row in rows for one in row["late"] or ()}
        lost = await self._not_in_flight(late)
        for state, count in counts.items():
            MESSAGES.labels(state).set(count)
        UNACCOUNTED.set(len(lost))
        LONG.clear()
        for row in await self._database.rows(_LONG, (LONG_S, MOST)):
            LONG.labels(row["kind"]).set(row["messages"])
        if lost:
            log.critical("messages.unaccounted", messages=len(lost), first=sorted(lost)[:20])

    async def _not_in_flight(self, late: Mapping[str, str | None]) -> Sequence[str]:
        """Those of whose shipment nothing is to be published or was published just now."""
        if not late:
            return ()
        keys = [mrn.encode() for mrn in {mrn for mrn in late.values() if mrn is not None}]
        rows = await self._database.rows(_FLYING, {"keys": keys, "flight": self._in_flight_s})
        flying = {row["mrn"] for row in rows}
        return [message for message, mrn in late.items() if mrn not in flying]


def _decided(stated: Sequence[DictRow], answers: Mapping[str, Answer]) -> list[DictRow]:
    """Those whose effect is in the verdict: the same question that senders are answered by."""
    return [row for row in stated if {row["id"], row["fact_id"]} & answers[row["shipment"]].applied]
