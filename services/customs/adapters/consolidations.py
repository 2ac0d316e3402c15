"""SQL of what is under which master reference. On the caller's transaction, which holds the references it is about."""

from collections.abc import Collection, Sequence
from typing import Final

from services.core.values import Mrn
from services.customs.domain.consignment import References, Tale
from services.customs.domain.consolidation import Masters, Placing, masters
from services.customs.domain.reading import Word
from services.runtime.columns import Flags, Texts
from services.runtime.database import Connection

_ADD: Final = """
INSERT INTO customs.placing (ucr, master, message_id, granted)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::boolean[])
"""
_ANSWER: Final = "INSERT INTO customs.placing_answer SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
# Everything over the first, everything under the second.
_NEAR: Final = """
WITH RECURSIVE over AS (
    SELECT unnest(%s::text[]) AS ucr
    UNION
    SELECT p.master FROM over JOIN customs.placing p ON p.ucr = over.ucr WHERE p.master IS NOT NULL
), under AS (
    SELECT unnest(%s::text[]) AS ucr
    UNION
    SELECT p.ucr FROM under JOIN customs.placing p ON p.master = under.ucr
)
SELECT ucr, master, granted FROM customs.placing
WHERE ucr IN (SELECT ucr FROM over UNION SELECT ucr FROM under) ORDER BY seq
"""
_ANSWERED: Final = "SELECT ucr FROM customs.placing_answer WHERE ucr = ANY(%s)"
_NAMED: Final = "SELECT ucr, mrns FROM customs.consignment WHERE ucr = ANY(%s) ORDER BY ucr FOR UPDATE"


async def add(connection: Connection, new: Sequence[Tale]) -> None:
    """Keep what new messages say of places."""
    rows = [(placed, tale) for tale in new for placed in tale.movement.placed]
    answers = sorted({ucr for tale in new for ucr in tale.movement.answers})
    if rows:
        columns = (
            Texts(placed.ucr for placed, _ in rows),
            Texts(placed.master for placed, _ in rows),
            Texts(tale.id for _, tale in rows),
            Flags(tale.movement.word is Word.GRANTED for _, tale in rows),
        )
        await connection.execute(_ADD, columns)
    if answers:
        await connection.execute(_ANSWER, (Texts(answers),))


async def near(connection: Connection, over: Collection[str], under: Collection[str]) -> Masters:
    """Who is under whom now, upwards from the first and downwards from the second."""
    values = (Texts(sorted(over)), Texts(sorted(under)))
    rows = await (await connection.execute(_NEAR, values)).fetchall()
    if not rows:
        return {}
    placings = [Placing(row["ucr"], row["master"], row["granted"]) for row in rows]
    named = sorted({name for placing in placings for name in (placing.ucr, placing.master) if name is not None})
    answered = await (await connection.execute(_ANSWERED, (Texts(named),))).fetchall()
    return masters(placings, {row["ucr"] for row in answered})


async def named(connection: Connection, ucrs: Collection[str]) -> References:
    """The declarations that name these references. Held: one that comes to name them waits, and then sees us."""
    rows = await (await connection.execute(_NAMED, (Texts(sorted(ucrs)),))).fetchall()
    return {row["ucr"]: [Mrn(mrn) for mrn in row["mrns"]] for row in rows}
