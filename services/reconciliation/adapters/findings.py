"""Findings, found by id among what the folds put out."""

from hashlib import sha256

from services.core.messages import Finding
from services.runtime.codec import Codec
from services.runtime.database import Database

# The type stands in the text, not in a parameter: only so does the planner see that the partial index serves it.
SELECT = (
    "SELECT value FROM reconciliation.output WHERE type = 'reconciliation.v1.Finding' AND identity = %s"
    " ORDER BY at LIMIT 1"
)


def identity_of(finding_id: str) -> str:
    """`Message.identity` of the finding with this id."""
    return sha256(f"{Finding.SCHEMA}\x1f{finding_id}".encode()).hexdigest()[:32]


class Findings:
    """Reads committed findings, published or not."""

    def __init__(self, database: Database, codec: Codec) -> None:
        self._database = database
        self._codec = codec

    async def read(self, finding_id: str) -> Finding | None:
        rows = await self._database.rows(SELECT, (identity_of(finding_id),))
        message = self._codec.decode(bytes(rows[0]["value"])) if rows else None
        return message if isinstance(message, Finding) else None
