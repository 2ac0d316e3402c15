"""Which times a message may state: those that every clock, zone and calendar behind the door can reckon with.

The first and the last years of the calendar are left out. In another zone they lie outside it, so that a time which
is written correctly could still not be judged, neither here nor by any reader of the fact.
"""

from datetime import UTC, date, datetime
from typing import Final

FIRST: Final = 1970
LAST: Final = 9998


def reckoned(day: date) -> date:
    """The same day or time; ValueError when its year is outside 1970 to 9998."""
    if not FIRST <= day.year <= LAST:
        raise ValueError(f"year {day.year} is outside {FIRST} to {LAST}")
    return day


def instant(value: datetime) -> datetime:
    """A time with its zone as the same moment in UTC; ValueError when its year is outside 1970 to 9998."""
    reckoned(value)
    return value.astimezone(UTC)
