"""The lock of the connection pool, taken out of turn."""

import asyncio
from collections import deque
from typing import Literal


class PoolLock(asyncio.Lock):
    """A lock that whoever comes takes at once when it is free, though others wait for it.

    asyncio's own is handed to the one who waits longest, who takes it at his next turn of the loop; all who come
    meanwhile queue behind. psycopg's pool takes it twice for each use of a connection, and holds it over an `await` now
    and then: from that moment on it changed hands once a turn of the loop, for as long as there was load, and each use
    of a connection waited for as many turns as there were users. What the pool does while it holds the lock is short,
    so nobody waits long for want of a turn.
    """

    def __init__(self) -> None:
        super().__init__()
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    def locked(self) -> bool:
        return self._taken

    async def acquire(self) -> Literal[True]:
        while self._taken:
            freed = asyncio.get_running_loop().create_future()
            self._waiting.append(freed)
            try:
                await freed
            except asyncio.CancelledError:
                if not self._taken:
                    self._tell()  # who was told and goes away tells the next
                raise
        self._taken = True
        return True

    def release(self) -> None:
        if not self._taken:
            raise RuntimeError("the lock is not taken")
        self._taken = False
        self._tell()

    def _tell(self) -> None:
        """That it is free: the first who still waits."""
        while self._waiting:
            freed = self._waiting.popleft()
            if not freed.done():
                freed.set_result(None)
                return
