"""A replay goes no faster than asked."""

from services.reconciliation.adapters.replay_pace import SHORTEST_S, Pace


class Clock:
    """Goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def read(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_what_is_done_too_soon_waits_until_it_is_due() -> None:
    clock = Clock()
    pace = Pace(50, clock.read, clock.sleep)
    for done in range(1, 501):
        await pace.keep(done)
        assert done / 50 - (clock.now - 100) < SHORTEST_S
    assert 10 - SHORTEST_S <= clock.now - 100 <= 10


async def test_what_is_late_does_not_wait() -> None:
    clock = Clock()
    pace = Pace(50, clock.read, clock.sleep)
    clock.now += 60
    await pace.keep(100)
    assert clock.now == 160
