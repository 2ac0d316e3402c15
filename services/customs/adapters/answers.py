"""The table `customs.answer`: the latest verdict per shipment."""

from collections.abc import Callable, Mapping, Sequence

from psycopg.rows import DictRow

from services.core.errors import Corrupt
from services.core.messages import Verdict
from services.core.values import Mrn
from services.customs.domain.answer import Answer
from services.runtime.codec import Codec
from services.runtime.columns import Bytes, Texts
from services.runtime.database import Connection
from services.runtime.statements import Part
from services.runtime.store import PartStore

_SELECT = "SELECT mrn, verdict, dead FROM customs.answer WHERE mrn = ANY(%s)"
_UPSERT = b"""
INSERT INTO customs.answer (mrn, partition, verdict, dead)
SELECT mrn, %s, verdict, dead
FROM moved, unnest(%s::text[], %s::bytea[], %s::text[]) AS rows (mrn, verdict, packed),
    LATERAL (SELECT string_to_array(packed, ' ') AS dead) AS unpacked
ON CONFLICT (mrn) DO UPDATE SET partition = excluded.partition, verdict = excluded.verdict, dead = excluded.dead
"""

Telling = Callable[[Sequence[Verdict]], Sequence[Part]]
"""What writes who is to be told of these verdicts."""


def _nobody(_: Sequence[Verdict]) -> Sequence[Part]:
    return ()


class AnswerStore(PartStore[Answer]):
    """Answers as rows of their own, so that the door finds them by MRN.

    `telling` gets each new final verdict, once.
    """

    def __init__(self, codec: Codec, telling: Telling = _nobody) -> None:
        self._codec = codec
        self._telling = telling

    async def load(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, Answer]:
        rows = await (await connection.execute(_SELECT, (Texts(ids),))).fetchall()
        return {row["mrn"]: self.answer(row) for row in rows}

    def parts(self, partition: int, states: Mapping[str, Answer]) -> Sequence[Part]:
        verdicts = Bytes(None if a.verdict is None else self._codec.encode_record(a.verdict) for a in states.values())
        dead = Texts(" ".join(answer.dead) for answer in states.values())
        stored = Part(_UPSERT, (partition, Texts(states), verdicts, dead))
        return (stored, *self._telling([verdict for answer in states.values() for verdict in answer.untold]))

    def answer(self, row: DictRow) -> Answer:
        """From the columns `mrn`, `verdict` and `dead`."""
        verdict = None if row["verdict"] is None else self._codec.decode_record(Verdict, bytes(row["verdict"]))
        if verdict is not None and verdict.mrn != row["mrn"]:
            raise Corrupt(f"the answer of {row['mrn']} holds a verdict on {verdict.mrn}")
        return Answer(Mrn(row["mrn"]), verdict, tuple(row["dead"]))
