"""Days in a time zone: licences begin and end with a day of their authority."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone; ValueError or a KeyError of zoneinfo when there is none of that name."""
    return ZoneInfo(name)


def start_of(day: date, time_zone: str) -> datetime:
    """The first moment of a day in a zone. OverflowError at the end of the calendar."""
    return datetime.combine(day, time.min, zone(time_zone)).astimezone(UTC)


def end_of(day: date, time_zone: str) -> datetime:
    """The first moment after a day in a zone. OverflowError at the end of the calendar."""
    return start_of(day + timedelta(days=1), time_zone)
