"""SQL of consignment references: what is known under each, and the facts that follow. On the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from psycopg.rows import DictRow

from services.core.messages import Source
from services.core.values import Mrn
from services.customs.adapters import consolidations
from services.customs.adapters.log import MessageLog
from services.customs.domain.consignment import References, Tale, counts, declared, follow, tales
from services.customs.domain.consolidation import above, spread
from services.customs.domain.lodgement import Outcome
from services.customs.domain.reading import Logged, Moved, Movement, Word
from services.runtime.columns import Bytes, Flags, Texts
from services.runtime.database import Connection

# In the order of references: rivals wait for each other at the first they share, and then see what it has.
_HOLD: Final = """
INSERT INTO customs.consignment AS c (ucr, mrns)
SELECT ucr, string_to_array(mrns, ' ') FROM unnest(%s::text[], %s::text[]) AS r (ucr, mrns) ORDER BY ucr
ON CONFLICT (ucr) DO UPDATE SET mrns = ARRAY(SELECT DISTINCT unnest(c.mrns || excluded.mrns) ORDER BY 1)
RETURNING ucr, mrns
"""
_ADD: Final = """
INSERT INTO customs.movement (ucr, message_id, departed, word, at, reference, answered)
SELECT ucr, message_id, departed, word, at::timestamptz, reference, false
FROM unnest(%s::text[], %s::text[], %s::boolean[], %s::text[], %s::text[], %s::text[])
  AS r (ucr, message_id, departed, word, at, reference)
"""
# All of a reference that a declaration names now; else only what the new messages answer, or what answers them.
_RELATED: Final = """
WITH fresh AS (SELECT * FROM customs.movement WHERE message_id = ANY(%(fresh)s) AND ucr = ANY(%(ucrs)s)),
related AS (
    SELECT o.* FROM customs.movement o WHERE o.ucr = ANY(%(named)s)
    UNION
    SELECT o.* FROM fresh f JOIN customs.movement o ON o.ucr = f.ucr AND o.departed = f.departed
    WHERE f.word <> 'asked' AND o.word = 'asked' AND NOT o.answered
        AND (f.reference = o.reference OR f.reference IS NULL OR o.reference IS NULL)
    UNION
    SELECT o.* FROM fresh f JOIN LATERAL (
        SELECT DISTINCT ON (word) * FROM customs.movement o
        WHERE o.ucr = f.ucr AND o.departed = f.departed AND o.word <> 'asked'
            AND (f.reference = o.reference OR f.reference IS NULL OR o.reference IS NULL)
        ORDER BY word
    ) AS o ON f.word = 'asked'
)
SELECT r.*, m.party, m.kind, m.sha256, m.received_at FROM related r JOIN customs.message m ON m.id = r.message_id
WHERE r.message_id <> ALL(%(fresh)s) ORDER BY r.message_id, r.ucr
"""
_TOLD: Final = "SELECT id, shipment FROM customs.said WHERE id = ANY(%s) AND fact_id IS NOT NULL"
_ANSWERED: Final = """
UPDATE customs.movement AS m SET answered = true FROM unnest(%s::text[], %s::text[]) AS r (ucr, message_id)
WHERE m.ucr = r.ucr AND m.message_id = r.message_id
"""
_FIRST: Final = """
UPDATE customs.message AS m SET state = r.state, note = r.note, shipment = r.shipment, fact_id = r.fact_id,
    fact_type = r.fact_type, fact = r.fact, open = true
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[])
  AS r (id, state, note, shipment, fact_id, fact_type, fact)
WHERE m.id = r.id AND m.fact_id IS NULL
RETURNING m.id
"""
_FURTHER: Final = """
INSERT INTO customs.further_fact (message_id, shipment, fact_id, fact_type, fact)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[])
"""
_OF_FIRST: Final = ("id", "state", "note", "shipment", "fact_id", "fact_type", "fact")
_OF_FURTHER: Final = ("id", "shipment", "fact_id", "fact_type", "fact")


class Consignments:
    """The tables `customs.consignment`, `customs.movement` and `customs.further_fact`."""

    def __init__(self, log: MessageLog) -> None:
        self._log = log

    async def follow(
        self, connection: Connection, fresh: Sequence[Logged], settled: Sequence[Outcome]
    ) -> Sequence[Outcome]:
        """Note what new messages and newly accepted declarations say of references; what became of the movements.

        Called last in the transaction: references are locked after all else.
        """
        new, named = tales(fresh), declared(settled)
        ucrs = sorted({*named, *(ucr for tale in new for ucr in tale.ucrs)})
        if not ucrs:
            return []
        references = await self._hold(connection, {ucr: sorted(named.get(ucr, ())) for ucr in ucrs})
        if new:
            await self._add(connection, new)
        joined = {*named, *(ucr for tale in new for ucr in tale.joined)}
        under = await consolidations.near(connection, joined, ucrs)
        below = under.keys() - references.keys()
        if below:
            references = {**references, **await consolidations.named(connection, below)}
        reached = {*joined, *(master for ucr in joined for master in above(ucr, under))}
        told_of = [*new, *await self._related(connection, new, ucrs, sorted(reached))]
        if not told_of:
            return []
        told = await self._told(connection, [tale.id for tale in told_of])
        outcomes = follow(spread(references, under), told_of, told)
        answered = [
            (moved.ucr, tale.id)
            for tale in told_of
            if tale.movement.word is Word.ASKED
            for moved in tale.movement.moved
            if counts(tale, moved, told_of)
        ]
        if answered:
            await connection.execute(_ANSWERED, [Texts(column) for column in zip(*answered, strict=True)])
        await self._store(connection, outcomes)
        return outcomes

    async def _hold(self, connection: Connection, mrns: Mapping[str, Sequence[Mrn]]) -> References:
        columns = (Texts(mrns), Texts(" ".join(found) for found in mrns.values()))
        rows = await (await connection.execute(_HOLD, columns)).fetchall()
        return {row["ucr"]: [Mrn(mrn) for mrn in row["mrns"]] for row in rows}

    async def _add(self, connection: Connection, new: Sequence[Tale]) -> None:
        await consolidations.add(connection, new)
        rows = [(moved, tale) for tale in new for moved in tale.movement.moved]
        columns = (
            Texts(moved.ucr for moved, _ in rows),
            Texts(tale.id for _, tale in rows),
            Flags(moved.left for moved, _ in rows),
            Texts(tale.movement.word.value for _, tale in rows),
            Texts(None if moved.at is None else moved.at.isoformat() for moved, _ in rows),
            Texts(tale.movement.reference for _, tale in rows),
        )
        await connection.execute(_ADD, columns)

    async def _related(
        self, connection: Connection, new: Sequence[Tale], ucrs: Sequence[str], named: Sequence[str]
    ) -> list[Tale]:
        """Earlier messages that the new ones or the new declarations are about."""
        values = {"fresh": Texts(tale.id for tale in new), "ucrs": Texts(ucrs), "named": Texts(named)}
        rows = await (await connection.execute(_RELATED, values)).fetchall()
        by: dict[str, list[DictRow]] = {}
        for row in rows:
            by.setdefault(row["message_id"], []).append(row)
        return [_tale(found) for found in by.values()]

    async def _told(self, connection: Connection, names: Sequence[str]) -> Collection[tuple[str, Mrn]]:
        rows = await (await connection.execute(_TOLD, (Texts(names),))).fetchall()
        return {(row["id"], Mrn(row["shipment"])) for row in rows}

    async def _store(self, connection: Connection, outcomes: Sequence[Outcome]) -> None:
        """The first fact of a message goes to its row in the log, each other has a row of its own."""
        first: dict[str, Outcome] = {}
        for outcome in outcomes:
            first.setdefault(outcome.id, outcome)
        stored = set[str]()
        if first:
            columns = self._columns([*first.values()], *_OF_FIRST)
            stored = {row["id"] for row in await (await connection.execute(_FIRST, columns)).fetchall()}
        others = [o for o in outcomes if o.fact is not None and not (o.id in stored and o is first[o.id])]
        if others:
            columns = self._columns(others, *_OF_FURTHER)
            await connection.execute(_FURTHER, columns)

    def _columns(self, outcomes: Sequence[Outcome], *names: str) -> list[Texts | Bytes]:
        rows = [self._log.became(outcome) for outcome in outcomes]
        return [(Bytes if name == "fact" else Texts)(row[name] for row in rows) for name in names]


def _tale(rows: Sequence[DictRow]) -> Tale:
    """One message from its rows, in as far as they were asked for."""
    first = rows[0]
    moved = tuple(Moved(row["ucr"], row["departed"], row["at"]) for row in rows)
    source = Source(
        message_id=first["message_id"],
        party=first["party"],
        kind=first["kind"],
        sha256=first["sha256"],
        received_at=first["received_at"],
    )
    return Tale(Movement(Word(first["word"]), moved, first["reference"]), source)
