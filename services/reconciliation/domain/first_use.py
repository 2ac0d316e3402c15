"""When a general authorisation was first used: notice of it is counted from then.

To export is to place goods under the export procedure (Reg. (EU) 2021/821 art. 2(2)), which their release does, and the
date that counts for a procedure is that of acceptance (Reg. (EU) 952/2013 art. 172(2)). So it is the earliest
acceptance of goods that were released and are covered; of goods declared after they left, their exit. It does not
change when they leave, and is gone when their declaration is invalidated.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from services.core.messages import DrawVerdict, HeldShipment, Licence
from services.core.values import Mrn
from services.reconciliation.domain.bench import RELEASED
from services.reconciliation.domain.scope import GENERAL


class FirstUse(NamedTuple):
    """The earliest export; of two at one moment, the one with the lower MRN."""

    moment: datetime
    mrn: Mrn


def first_use_of(terms: Licence | None, shipments: Iterable[HeldShipment]) -> FirstUse | None:
    """Among these shipments; None under a licence of another kind."""
    if terms is None or terms.type not in GENERAL:
        return None
    return min((use for one in shipments if (use := _use(one)) is not None), default=None)


def first_use_with(
    known: FirstUse | None, terms: Licence | None, now: HeldShipment, shipments: Mapping[Mrn, HeldShipment]
) -> FirstUse | None:
    """After one of the shipments stands as it now does. It looks at the others only when that was the first."""
    if terms is None or terms.type not in GENERAL:
        return None
    use = _use(now)
    if known is None or (use is not None and use <= known):
        return use
    return first_use_of(terms, shipments.values()) if known.mrn == now.mrn else known


def _use(shipment: HeldShipment) -> FirstUse | None:
    demand = shipment.demand
    if demand.phase not in RELEASED or all(held.verdict is not DrawVerdict.COVERED for held in shipment.draws):
        return None
    return FirstUse(demand.judged_at or demand.accepted_at, shipment.mrn)
