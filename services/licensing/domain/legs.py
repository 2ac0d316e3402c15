"""What a licence for nuclear goods stands on beside itself, and whether each leg stands now.

Whether a leg covers the goods of a shipment is judged with the shipment, by the ledger; here the authorities see which
one is required, which is there, and which of them is in force.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.core.messages import Authorisation, AuthorisationKind, Licence, LicenceStatus
from services.licensing.domain.status import status_at

IN_FORCE = frozenset({LicenceStatus.ISSUED, LicenceStatus.REINSTATED})


@dataclass(frozen=True, slots=True)
class Leg:
    """A kind, and those of it that are entered. `required` None: the licence is not entered yet, so nobody knows."""

    kind: AuthorisationKind
    required: bool | None
    entered: tuple[Authorisation, ...]

    def stands(self, now: datetime) -> bool:
        return any(is_live(of, now) for of in self.entered)


def legs(licence: Licence | None, beside: Iterable[Authorisation]) -> tuple[Leg, ...]:
    """One for each kind, in a fixed order."""
    entered = tuple(beside)
    requires = licence and licence.requires
    required = {
        AuthorisationKind.FEDERAL_AUTHORISATION: requires and requires.federal_authorisation,
        AuthorisationKind.END_USE_CERTIFICATE: requires and requires.end_use_certificate,
        AuthorisationKind.STATE_GUARANTEE: requires and requires.state_guarantee,
    }
    return tuple(
        Leg(kind, None if requires is None else needed is True, tuple(of for of in entered if of.kind is kind))
        for kind, needed in required.items()
    )


def is_live(of: Authorisation, now: datetime) -> bool:
    """In force by its status, and within its days where it was given."""
    today = now.astimezone(ZoneInfo(of.time_zone)).date()
    in_time = of.valid_from <= today and (of.valid_to is None or today <= of.valid_to)
    return in_time and status_at(of.statuses, now) in IN_FORCE
