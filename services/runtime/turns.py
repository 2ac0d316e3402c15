"""Whose turn it is among the partitions that one process works on.

All of them have one event loop: were all at work at once, each would take as long as all together, and each message
passes several of them. So a few work, the others wait and find more to do when their turn comes. That is a courtesy
and no lock: who has waited for long goes ahead, so that a partition that stands still holds up no other.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE = 2
"""One works while what another has decided is being written."""
PATIENCE_S = 0.1


class Turns:
    """The turns of one process."""

    def __init__(self, at_once: int = AT_ONCE, patience_s: float = PATIENCE_S) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._patience_s = patience_s

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Begins when few others work, or after the patience is over."""
        if not await self._came():
            yield
            return
        try:
            yield
        finally:
            self._free.release()

    async def _came(self) -> bool:
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._free.acquire()
        except TimeoutError:
            return False
