"""Days in a time zone: licences begin and end with a day of their authority."""

from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone; ValueError or a KeyError of zoneinfo when there is none of that name."""
    return ZoneInfo(name)


@lru_cache(maxsize=4096)
def start_of(day: date, time_zone: str) -> datetime:
    """The first moment of a day in a zone. OverflowError at the end of the calendar."""
    return datetime.combine(day, time.min, zone(time_zone)).astimezone(UTC)


def end_of(day: date, time_zone: str) -> datetime:
    """The first moment after a day in a zone. OverflowError at the end of the calendar."""
    return start_of(day + timedelta(days=1), time_zone)


def day_of(moment: datetime, time_zone: str) -> date:
    """The day of a moment in a zone; at the end of the calendar, where the zone has none, that of the moment."""
    try:
        return moment.astimezone(zone(time_zone)).date()
    except OverflowError:
        return moment.date()


def years_after(day: date, years: int) -> date:
    """The same day so many years later, at most in the last year there is; 29 February ends with February."""
    return day.replace(year=min(day.year + years, MAXYEAR), day=28 if (day.month, day.day) == (2, 29) else day.day)
