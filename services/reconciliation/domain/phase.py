"""Where a shipment stands: the phase its facts give, whatever the order they came in.

Exited outranks invalidated, which outranks the later of released and not released, which outrank accepted
(Reg. (EU) 952/2013 arts 172-174, 194; Impl. Reg. (EU) 2015/2447 arts 332-335). A phase is what a licence is asked in;
`course` says where people see the shipment.
"""

from dataclasses import dataclass
from datetime import datetime

from services.core.messages import (
    DeclarationAccepted,
    DeclarationForm,
    DeclarationInvalidated,
    ExitReleased,
    ExitResult,
    GoodsExited,
    GoodsReleased,
    Phase,
    ReleaseRefused,
    Shipment,
)
from services.reconciliation.domain.declaration import paper, whole_versions

Setting = DeclarationAccepted | GoodsReleased | ExitReleased | ReleaseRefused | DeclarationInvalidated | GoodsExited


@dataclass(frozen=True, slots=True)
class Standing:
    """A phase, the fact that set it, and when that fact happened; no fact: the declaration alone gives it.

    `final`: the goods exited, and nothing more is to leave.
    """

    phase: Phase
    fact: Setting | None = None
    occurred_at: datetime | None = None
    final: bool = False


_ACCEPTED = Standing(Phase.ACCEPTED)
_OF_RELEASED_GOODS = Standing(Phase.RELEASED)


def ends(exited: GoodsExited, shipment: Shipment) -> bool:
    """Whether nothing more is to leave after this exit.

    Of goods that arrived in parts, whoever takes them out tells of each part; that all have left customs tells (Impl.
    Reg. (EU) 2015/2447 art. 333(4)-(5)).
    """
    return exited.final and not (exited.notified and any(arrival.split for arrival in shipment.arrivals))


def departure(shipment: Shipment) -> GoodsExited | None:
    """The exit that counts: the latest, the end before a part, a part with totals before one without; null when none.

    Result B1 says that the goods did not leave: it sets no phase, what was consumed stays consumed until invalidated.
    """
    if not shipment.exits:
        return None
    left = [e for e in shipment.exits if e.result is not ExitResult.B1]

    def weight(e: GoodsExited) -> tuple[bool, bool, datetime, str]:
        end = ends(e, shipment)
        return end, end or bool(e.items), e.exited_at, e.fact_id

    return max(left, key=weight, default=None)


def decision_on_release(shipment: Shipment) -> Standing:
    """The later of released and not released; at the same moment the release counts, because it holds the amount.

    Goods that an office of exit released for exit were released: the message that says so may still be on its way, and
    a re-export notification has none. So were goods that were written off on paper.
    """
    release = _release(shipment)
    refusal = shipment.refusals[-1] if shipment.refusals else None
    if release and not (refusal and refusal.decided_at > release.released_at):
        return Standing(Phase.RELEASED, release, release.released_at)
    written = paper(shipment)
    if refusal and not (written and written.accepted_at >= refusal.decided_at):
        return Standing(Phase.NOT_RELEASED, refusal, refusal.decided_at)
    if written:
        replaced = written is not whole_versions(shipment)[0]
        return Standing(Phase.RELEASED, written if replaced else None, written.accepted_at)
    return _ACCEPTED


def _release(shipment: Shipment) -> GoodsReleased | ExitReleased | None:
    """The release that counts; one for exit only when no release for export stands after the last refusal."""
    release = shipment.releases[-1] if shipment.releases else None
    if not shipment.exit_releases:
        return release
    refused = shipment.refusals[-1].decided_at if shipment.refusals else None
    if release and (refused is None or release.released_at >= refused):
        return release
    return shipment.exit_releases[-1]


def standing(shipment: Shipment) -> Standing:
    """The phase of all facts together."""
    if exited := departure(shipment):
        return Standing(Phase.EXITED, exited, exited.exited_at, ends(exited, shipment))
    if shipment.invalidations:
        latest = shipment.invalidations[-1]
        return Standing(Phase.INVALIDATED, latest, latest.invalidated_at)
    decided = decision_on_release(shipment)
    return _OF_RELEASED_GOODS if decided is _ACCEPTED and _is_supplementary(shipment) else decided


def _is_supplementary(shipment: Shipment) -> bool:
    """Its goods were released under the declarations it completes (Reg. (EU) 952/2013 arts 166-167)."""
    return bool(shipment.declarations) and shipment.declarations[-1].form is DeclarationForm.SUPPLEMENTARY
