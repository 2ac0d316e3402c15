"""What PostgreSQL plans the reads of the register by, when much was entered at once.

It counts its tables anew once a minute. Until then it reads a register that was just filled as if that were nearly
empty: for one page it fetches and sorts all there is.
"""

from collections.abc import Sequence
from typing import Final

from services.core.errors import Transient
from services.licensing.adapters.register import Outcome
from services.runtime.database import AWAY, Database
from services.runtime.telemetry import log

FIRST: Final = 5_000
_COUNT: Final = "ANALYZE (SKIP_LOCKED) licensing.licence, licensing.licence_revision"


class Planning:
    """Has the tables counted after so many new licences of this process, then after twice as many, and so on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entered = 0
        self._next = FIRST

    def entered(self, answers: Sequence[Outcome | Exception]) -> None:
        """What became of licences that came together."""
        self._entered += sum(not isinstance(answer, Exception) and bool(answer.outputs) for answer in answers)

    async def keep_up(self) -> None:
        """Nothing is lost when it cannot be done: PostgreSQL does it itself later."""
        if self._entered < self._next:
            return
        self._next = 2 * self._entered
        try:
            async with self._database.connection() as connection:
                await connection.execute(_COUNT)
        except (Transient, *AWAY) as error:
            log.warning("planning.waiting", reason=str(error))
