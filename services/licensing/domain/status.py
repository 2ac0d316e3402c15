"""The life of a licence as a table: which status may follow which.

Sources: Reg. (EU) 2021/821 art. 16 (annul, suspend, modify, revoke); status list of Impl. Reg. (EU) 2024/2145, annex I.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from services.core.days import end_of
from services.core.messages import Licence, LicenceStatus, StatusChange

_LIVE_MAY_BECOME = frozenset(
    {
        LicenceStatus.SUSPENDED,
        LicenceStatus.REVOKED,
        LicenceStatus.ANNULLED,
        LicenceStatus.SURRENDERED,
        LicenceStatus.EXPIRED,
        LicenceStatus.EXHAUSTED,
    }
)

STEPS: Final[Mapping[LicenceStatus, frozenset[LicenceStatus]]] = {
    LicenceStatus.ISSUED: _LIVE_MAY_BECOME,
    LicenceStatus.REINSTATED: _LIVE_MAY_BECOME,
    LicenceStatus.SUSPENDED: frozenset(
        {
            LicenceStatus.REINSTATED,
            LicenceStatus.REVOKED,
            LicenceStatus.ANNULLED,
            LicenceStatus.SURRENDERED,
            LicenceStatus.EXPIRED,
        }
    ),
    # An amount may come back after the last was drawn: the authority then reinstates.
    LicenceStatus.EXHAUSTED: frozenset(
        {LicenceStatus.REINSTATED, LicenceStatus.REVOKED, LicenceStatus.ANNULLED, LicenceStatus.EXPIRED}
    ),
    # Annulment says that the licence was never good, also when it ended otherwise before.
    LicenceStatus.REVOKED: frozenset({LicenceStatus.ANNULLED}),
    LicenceStatus.SURRENDERED: frozenset({LicenceStatus.ANNULLED}),
    LicenceStatus.EXPIRED: frozenset({LicenceStatus.ANNULLED}),
    LicenceStatus.ANNULLED: frozenset(),
}
"""From a status to those that may follow it. ISSUED follows nothing: it is how every history begins."""

FINAL: Final = frozenset(status for status, following in STEPS.items() if following <= {LicenceStatus.ANNULLED})
"""Ends of a licence. Nothing but annulment takes effect after one."""


class IllegalStep(ValueError):
    """The history of the licence does not allow this step; the text says which status stands in the way."""


def status_at(statuses: tuple[StatusChange, ...], instant: datetime) -> LicenceStatus:
    """The status in force at an instant; before the issue takes effect, ISSUED all the same."""
    reached = bisect_right(statuses, instant, key=lambda step: step.effective_at)
    return statuses[max(reached, 1) - 1].status


def standing(licence: Licence, instant: datetime) -> LicenceStatus:
    """The status in force, EXPIRED also when nobody said so: from the end of the last day of validity."""
    status = status_at(licence.statuses, instant)
    if licence.valid_to is None or LicenceStatus.EXPIRED not in STEPS[status]:
        return status
    return LicenceStatus.EXPIRED if instant >= end_of(licence.valid_to, licence.time_zone) else status


def with_step(statuses: tuple[StatusChange, ...], step: StatusChange) -> tuple[StatusChange, ...]:
    """The history with one more step, put where it takes effect; IllegalStep when its neighbours do not allow it.

    A step may take effect in the past or in the future. An end that takes effect before steps already recorded
    removes those it makes impossible; the earlier revision of the licence still shows them.
    """
    if step.effective_at < statuses[0].effective_at:
        raise IllegalStep(f"takes effect before the licence was issued ({statuses[0].effective_at.isoformat()})")
    place = bisect_right(statuses, step.effective_at, key=lambda known: known.effective_at)
    before, after = statuses[:place], statuses[place:]
    if step.status not in STEPS[before[-1].status]:
        raise IllegalStep(f"{before[-1].status.lower()} cannot become {step.status.lower()}")
    if after and after[0].status not in STEPS[step.status]:
        if step.status not in FINAL:
            raise IllegalStep(f"{step.status.lower()} cannot become {after[0].status.lower()}, recorded for later")
        after = ()
    return (*before, step, *after)
