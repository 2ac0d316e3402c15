"""Working days of two states at once, from published calendars of public holidays."""

from collections.abc import Callable
from datetime import date

import holidays

_SATURDAY = 5
_ISO = {"EL": "GR", "XI": "GB"}
"""Codes of customs that are not those of ISO 3166."""


def working_days(*states: str) -> Callable[[date], bool]:
    """Whether a day is worked in all of these states (two-letter codes). ValueError: no calendar of one is known."""
    try:
        calendars = [holidays.country_holidays(_ISO.get(state, state)) for state in states]
    except NotImplementedError as error:
        raise ValueError(f"no calendar of public holidays is known: {', '.join(states)}") from error
    return lambda day: day.weekday() < _SATURDAY and not any(day in calendar for calendar in calendars)
