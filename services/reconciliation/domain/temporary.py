"""Goods that left for an exhibition or fair (EU004) and are not known to be back.

Reg. (EU) 2021/821 annex II section D part 3: re-imported within 120 days after the initial export, complete and without
modification (point 1), unless the authority waived it (point 2). No customs message shows a re-import: the authority
records it beside the licence, with the shipment. The days are counted from the exit; while none is known from the
release, which is earlier.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from services.core.days import day_of
from services.core.messages import (
    Authorisation,
    AuthorisationKind,
    DrawVerdict,
    GeneralAuthorisation,
    HeldShipment,
    Licence,
    LicenceStatus,
)
from services.core.values import Mrn
from services.reconciliation.domain.bench import RELEASED
from services.reconciliation.domain.scope import is_under
from services.reconciliation.domain.validity import USABLE
from services.reconciliation.domain.versioned import Versioned

DAYS: Final = timedelta(days=120)
Away = Versioned[Mrn, datetime]
"""By MRN, when its goods left."""


def is_temporary(terms: Licence | None) -> bool:
    """Whether what leaves under the licence must come back."""
    return terms is not None and is_under(terms, GeneralAuthorisation.EU004)


def away_of(
    terms: Licence | None, shipments: Iterable[HeldShipment], beside: Iterable[Authorisation]
) -> Versioned[Mrn, datetime]:
    """The shipments among these whose goods are to come back; none under another licence."""
    if terms is None or not is_temporary(terms):
        return Versioned()
    proofs = [of for of in beside if of.mrn is not None]
    return Versioned({one.mrn: one.demand.occurred_at for one in shipments if _is_away(one, terms, proofs)})


def away_with(known: Away, terms: Licence, now: HeldShipment, beside: Iterable[Authorisation]) -> Away:
    """After one of the shipments stands as it now does, under a licence `is_temporary` says yes of."""
    proofs = [of for of in beside if of.mrn == now.mrn]
    return known.with_item(now.mrn, now.demand.occurred_at) if _is_away(now, terms, proofs) else known.without(now.mrn)


def shown_for(beside: Iterable[Authorisation], mrn: Mrn) -> str:
    """What was shown of a shipment and does not count: on which day its goods came back, and why not."""
    shown = [of for of in beside if of.mrn == mrn]
    found = [f"{of.valid_from}, {'too late' if (at := _status(of)) in USABLE else at.lower()}" for of in shown]
    return "; ".join(found) or "none"


def _status(of: Authorisation) -> LicenceStatus:
    """That of its latest step, and of two at one moment the one that was taken last."""
    return max(reversed(of.statuses), key=lambda step: step.effective_at).status


def _is_away(shipment: HeldShipment, terms: Licence, proofs: Iterable[Authorisation]) -> bool:
    left = shipment.demand.phase in RELEASED and any(one.verdict is DrawVerdict.COVERED for one in shipment.draws)
    return left and not any(of.mrn == shipment.mrn and _shows_it(of, shipment, terms) for of in proofs)


def _shows_it(of: Authorisation, shipment: HeldShipment, terms: Licence) -> bool:
    """Whether a document that stands says that they were back in time, or need not come back."""
    if _status(of) not in USABLE:
        return False
    if of.kind is AuthorisationKind.RE_IMPORT_WAIVER:
        return True
    return (
        of.kind is AuthorisationKind.RE_IMPORT
        and of.valid_from - day_of(shipment.demand.occurred_at, terms.time_zone) <= DAYS
    )
