"""What of the code lists decides: which document types cite a licence, and which units convert; each from day to day.

Days are those of the time zone the lists are kept in. The codes of a declaration are judged as of its acceptance,
whatever came into force since. They are those of the release: lists that are imported decide at the customs door only,
for a ledger must follow from what is recorded (docs/decisions/0013-code-lists.md).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.core.messages import ListedCode

TIME_ZONE = "Europe/Brussels"

Period = tuple[datetime | None, datetime | None]
"""From the first moment until before the second; None: without a bound."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes that decide. `content` says all of it as text: it is what the name of a rule set is made of."""

    content: str
    citing: dict[str, tuple[Period, ...]] = field(compare=False)
    """Types of the documents that draw on a licence of the authority."""
    masses: dict[str, tuple[tuple[Period, int], ...]] = field(compare=False)
    """Units of mass, and the power of ten of a gram that each is."""

    def as_of(self, moment: datetime) -> "AsOf":
        return AsOf(self, moment)


@dataclass(frozen=True, slots=True)
class AsOf:
    """The codes in force at a moment."""

    codes: Codes
    moment: datetime

    def cites_a_licence(self, document_type: str) -> bool:
        periods = self.codes.citing.get(document_type)
        return periods is not None and any(_holds(period, self.moment) for period in periods)

    def power_of_ten(self, unit: str) -> int | None:
        """Of a gram; None for what is no unit of mass."""
        masses = self.codes.masses.get(unit, ())
        return next((power for period, power in masses if _holds(period, self.moment)), None)


def _holds(period: Period, moment: datetime) -> bool:
    begin, end = period
    return (begin is None or begin <= moment) and (end is None or moment < end)


def codes_of(document_types: Iterable[ListedCode], units: Iterable[ListedCode], time_zone: str = TIME_ZONE) -> Codes:
    """What decides of these two lists. KeyError or ValueError of zoneinfo when there is no such time zone."""
    zone = ZoneInfo(time_zone)
    citing: dict[str, tuple[Period, ...]] = {}
    masses: dict[str, tuple[tuple[Period, int], ...]] = {}
    rows: list[list[str]] = []
    for code in document_types:
        if code.cites_licence:
            citing[code.code] = (*citing.get(code.code, ()), _period(code, zone))
            rows.append(["document", code.code, str(code.valid_from), str(code.valid_to)])
    for unit in units:
        if unit.grams_power_of_ten is not None:
            masses[unit.code] = (*masses.get(unit.code, ()), (_period(unit, zone), unit.grams_power_of_ten))
            rows.append(["unit", unit.code, str(unit.valid_from), str(unit.valid_to), str(unit.grams_power_of_ten)])
    return Codes(json.dumps([time_zone, sorted(rows)], separators=(",", ":")), citing, masses)


def _period(code: ListedCode, zone: ZoneInfo) -> Period:
    last = code.valid_to
    after = None if last is None or last == date.max else last + timedelta(days=1)
    begin, end = (_midnight(day, zone) for day in (code.valid_from, after))
    return begin, end


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    """The first moment of a day. One at the ends of the calendar is no moment in another zone: no bound."""
    if day is None or not date.min + timedelta(days=1) < day < date.max - timedelta(days=1):
        return None
    return datetime.combine(day, time(), zone).astimezone(UTC)


_SINCE_2021 = date(2021, 9, 9)
DEFAULT_CODES = codes_of(
    [
        ListedCode(code="X002", name="", valid_to=_SINCE_2021 - timedelta(days=1), cites_licence=True),
        *(
            ListedCode(code=f"X{number:03d}", name="", valid_from=_SINCE_2021, cites_licence=True)
            for number in range(60, 73)
        ),
    ],
    [
        ListedCode(code=unit, name="", grams_power_of_ten=power)
        for unit, power in {"GRM": 0, "KGM": 3, "DTN": 5, "TNE": 6}.items()
    ],
)
"""The same as in the lists that are bundled, which a test compares.

TARIC document types of Regulation (EU) 2021/821: X060 individual, X061 to X068 Union general EU001 to EU008, X069
large project, X070 global, X071 national general, X072 transit. X002 is the single code they replaced on 2021-09-09.
Other types (Y901 "not listed", invoices, transport) cite none. Powers of ten in grams: UN/ECE Recommendation 20.
"""
