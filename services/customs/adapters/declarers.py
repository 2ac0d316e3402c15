"""Who declared what, from the log: asked on the transaction that registers, before anything is stored."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from services.core.errors import Refused
from services.core.messages import DeclarationAccepted
from services.core.values import Mrn
from services.customs.adapters.intake import Submission
from services.customs.domain.rights import changed, objection
from services.runtime.columns import Texts
from services.runtime.database import Connection

PAPER: Final = "paper-write-off"
_DECLARERS: Final = f"""
SELECT shipment, array_agg(DISTINCT party) AS parties FROM customs.message
WHERE shipment = ANY(%s) AND fact_type = '{DeclarationAccepted.SCHEMA}' AND kind <> '{PAPER}' GROUP BY shipment
""".encode()  # noqa: S608 - names of a schema and of a kind


class Declarers:
    """Judges who may change a declaration. `checked`: whether there are parties to be told apart.

    `administering`: those that may change the declarations of others.
    """

    def __init__(self, *, checked: bool, administering: Collection[str] = ()) -> None:
        self._checked = checked
        self._administering = frozenset(administering)

    async def objections(self, connection: Connection, submissions: Sequence[Submission]) -> Mapping[str, Refused]:
        """By the id of each message that its party may not send."""
        judged = [s for s in submissions if self._checked and s.party not in self._administering]
        mrns = sorted({mrn for s in judged if (mrn := changed(s.reading)) is not None})
        if not mrns:
            return {}
        rows = await (await connection.execute(_DECLARERS, (Texts(mrns),))).fetchall()
        known = {Mrn(row["shipment"]): row["parties"] for row in rows}
        found = {s.id: objection(s.party, s.reading, known) for s in judged}
        return {name: refusal for name, refusal in found.items() if refusal is not None}
