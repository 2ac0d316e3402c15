"""Whether a licence, or what stands beside it, may be drawn on at a moment: its days in its zone, its status then."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from services.core.days import zone
from services.core.errors import Rejected
from services.core.messages import Authorisation, Licence, LicenceStatus, StatusChange

USABLE = frozenset({LicenceStatus.ISSUED, LicenceStatus.REINSTATED})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a licence stands at a moment."""

    day: str
    """The day of that moment in the licence's time zone, ISO 8601."""
    in_term: bool
    """Whether that day lies within `valid_from` to `valid_to`, both inclusive."""
    status: LicenceStatus


def status_at(licence: Licence | Authorisation, moment: datetime) -> LicenceStatus:
    """The status in effect at a moment; before the first step, the first one: the term alone says when it begins.

    A licence is often entered after its term began, and business time decides, not the moment of typing.
    """
    if len(licence.statuses) == 1:
        return licence.statuses[0].status
    steps: list[StatusChange] = sorted(licence.statuses, key=lambda step: step.effective_at)
    status = steps[0].status if steps else LicenceStatus.ISSUED
    for step in steps:
        if step.effective_at <= moment:
            status = step.status
    return status


def judged_day(moment: datetime, time_zone: str) -> date:
    """The day of a moment. Rejected for one at the end of the calendar, which is no date in another zone."""
    try:
        return moment.astimezone(zone(time_zone)).date()
    except OverflowError as error:
        raise Rejected(f"{moment.isoformat()} is no date in {time_zone}") from error


def standing(licence: Licence | Authorisation, moment: datetime) -> Standing:
    """How the licence stands at `moment`; a later revision may say otherwise of the same moment.

    Rejected as in `judged_day`. The doors refuse such a moment before.
    """
    day = judged_day(moment, licence.time_zone)
    in_term = licence.valid_from <= day and (licence.valid_to is None or day <= licence.valid_to)
    return Standing(day.isoformat(), in_term, status_at(licence, moment))


def may_be_drawn_on(licence: Licence | Authorisation, moment: datetime) -> bool:
    """Whether `moment` lies in the licence's term and its status then allows it. Rejected as in `standing`."""
    if _well_within_term(licence, moment):
        return status_at(licence, moment) in USABLE
    at = standing(licence, moment)
    return at.in_term and at.status in USABLE


def _well_within_term(licence: Licence | Authorisation, moment: datetime) -> bool:
    """True only when the day is in the term in every time zone: zones are less than a day from UTC.

    So most demands are judged without looking up the zone's offset.
    """
    return moment.tzinfo is UTC and licence.valid_from < moment.date() < (licence.valid_to or date.max)
