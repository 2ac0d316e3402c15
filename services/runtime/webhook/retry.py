"""When a webhook delivery is tried again, and when it is given up (Standard Webhooks: retries over days)."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

FIRST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(hours=1)
GIVE_UP_AFTER: Final = timedelta(days=3)


class Outcome(StrEnum):
    """What became of one attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    FAILED = "failed"
    GONE = "gone"


def outcome(status: int | None, age: timedelta) -> Outcome:
    """`status` is that of the answer, None without one; `age` counts from when the delivery became due first.

    2xx is delivered. 410 says that the receiver wants nothing more. A redirect is not followed: it counts as a failure,
    for it would lead past the check of the address.
    """
    if status is not None and 200 <= status < 300:
        return Outcome.DELIVERED
    if status == 410:
        return Outcome.GONE
    return Outcome.FAILED if age >= GIVE_UP_AFTER else Outcome.RETRY


def delay(attempt: int, spread: float) -> timedelta:
    """The pause after an attempt (from 1): doubling up to an hour, between half and all of it by `spread` in [0, 1).

    The spread keeps many deliveries that failed together from coming back together.
    """
    doubled = FIRST * (1 << min(attempt - 1, 20))
    return min(doubled, LONGEST) * (0.5 + spread / 2)
