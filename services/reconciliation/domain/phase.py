"""Where a shipment stands: the phase its facts give, whatever the order they came in.

Exited outranks invalidated, which outranks the later of released and not released, which outrank accepted
(Reg. (EU) 952/2013 arts 172-174, 194; Impl. Reg. (EU) 2015/2447 arts 332-335).
"""

from dataclasses import dataclass
from datetime import datetime

from services.core.messages import (
    DeclarationInvalidated,
    ExitResult,
    GoodsExited,
    GoodsReleased,
    Phase,
    ReleaseRefused,
    Shipment,
)

Setting = GoodsReleased | ReleaseRefused | DeclarationInvalidated | GoodsExited


@dataclass(frozen=True, slots=True)
class Standing:
    """A phase, the fact that set it, and when that fact happened; no fact: accepted."""

    phase: Phase
    fact: Setting | None = None
    occurred_at: datetime | None = None


_ACCEPTED = Standing(Phase.ACCEPTED)


def departure(shipment: Shipment) -> GoodsExited | None:
    """The exit that counts: the latest, a final one before any other; null when nothing left.

    Result B1 says that the goods did not leave: it sets no phase, what was consumed stays consumed until invalidated.
    """
    if not shipment.exits:
        return None
    left = [e for e in shipment.exits if e.result is not ExitResult.B1]
    return max(left, key=lambda e: (e.final, e.exited_at, e.fact_id), default=None)


def decision_on_release(shipment: Shipment) -> Standing:
    """The later of released and not released; at the same moment the release counts, because it holds the amount."""
    release = shipment.releases[-1] if shipment.releases else None
    refusal = shipment.refusals[-1] if shipment.refusals else None
    if release and not (refusal and refusal.decided_at > release.released_at):
        return Standing(Phase.RELEASED, release, release.released_at)
    if refusal:
        return Standing(Phase.NOT_RELEASED, refusal, refusal.decided_at)
    return _ACCEPTED


def standing(shipment: Shipment) -> Standing:
    """The phase of all facts together."""
    if exited := departure(shipment):
        return Standing(Phase.EXITED, exited, exited.exited_at)
    if shipment.invalidations:
        latest = shipment.invalidations[-1]
        return Standing(Phase.INVALIDATED, latest, latest.invalidated_at)
    return decision_on_release(shipment)
