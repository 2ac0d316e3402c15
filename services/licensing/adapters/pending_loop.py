"""The loop by which amendments take effect at their time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from prometheus_client import Gauge

from services.core.errors import Rejected, Transient
from services.licensing.adapters.answers import now
from services.licensing.adapters.pending_register import Command, PendingSearch, Settled, TakeEffect
from services.licensing.domain.pending import State
from services.runtime.database import AWAY
from services.runtime.telemetry import log

EVERY_S = 0.5
AT_ONCE = 100

REFUSED = Gauge("tolbrug_amendments_refused", "Amendments that could not take effect at their time, not put aside yet.")
LATE = Gauge("tolbrug_amendments_late_seconds", "How long the first amendment that is due waits to take effect.")


class DueAmendments:
    """Every process of the door runs it; which one is first does not matter.

    An amendment that cannot be settled is logged and passed over, with those of its licence that wait behind it. It
    shows as late, may be withdrawn, and is tried again when the process starts anew.
    """

    def __init__(self, search: PendingSearch, submit: Callable[[Command], Awaitable[Settled]]) -> None:
        self._search = search
        self._submit = submit
        self._stuck: set[str] = set()

    async def run(self) -> None:
        """Until cancelled. PostgreSQL being away delays, and loses nothing."""
        while True:
            try:
                await self.look(now())
            except (Transient, *AWAY) as error:
                log.warning("amendments.waiting", reason=str(error))
            await asyncio.sleep(EVERY_S)

    async def look(self, at: datetime) -> None:
        """Settle all whose time has come."""
        for one in await self._search.due(at, AT_ONCE, self._stuck):
            await self._settle(TakeEffect(one.id, one.ref, at))
        refused, first = await self._search.open()
        REFUSED.set(refused)
        LATE.set(0.0 if first is None else max(0.0, (now() - first).total_seconds()))

    async def _settle(self, due: TakeEffect) -> None:
        try:
            settled = await self._submit(due)
        except (Transient, *AWAY):
            raise
        except Rejected as error:
            settled = await self._submit(replace(due, unwritable=str(error)))
        except Exception:  # noqa: BLE001 - the door goes on; that this one is late is measured, and alerted on
            self._stuck.add(due.id)
            log.exception("amendment.failed", id=due.id)
            return
        if settled.pending.state is State.REFUSED and settled.changed:
            codes = [fault.code for fault in settled.pending.faults]
            log.warning("amendment.refused", id=due.id, codes=codes)
