"""Code lists: which code was in force on which day. A list has versions that never change; a version is a value."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Final

from services.core.messages import CodeList, ListedCode

DOCUMENT_TYPES: Final = "document-types"
UNITS: Final = "units"
COUNTRIES: Final = "countries"
OFFICES: Final = "offices"
PROCEDURES: Final = "procedures"

SHAPES: Final[Mapping[str, re.Pattern[str]]] = {
    DOCUMENT_TYPES: re.compile(r"[A-Z0-9]{4}"),
    UNITS: re.compile(r"[A-Z0-9]{2,4}(#[A-Z0-9]{1,4})?|#[A-Z0-9]{1,4}"),
    COUNTRIES: re.compile(r"[A-Z]{2}"),
    OFFICES: re.compile(r"[A-Z]{2}[A-Z0-9]{6}"),
    PROCEDURES: re.compile(r"[A-Z0-9]{1,4}"),
}
"""The lists there are, and what a code of each looks like (Impl. Reg. (EU) 2015/2447 annex B)."""

NOT_IN_FORCE: Final = "code.not-in-force"
UNKNOWN: Final = "code.unknown"

_MOST_DAYS = 1_000


def version_of(codes: Iterable[ListedCode], *, complete: bool) -> str:
    """The name of this content. Neither who imported it nor when is part of it."""
    rows = [_row(code) for code in codes]
    text = json.dumps([complete, rows], separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _row(code: ListedCode) -> list[str | bool | int | None]:
    return [
        code.code,
        _day(code.valid_from),
        _day(code.valid_to),
        code.name,
        code.source,
        _day(code.dated),
        code.cites_licence,
        code.grams_power_of_ten,
    ]


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def in_force(code: ListedCode, day: date) -> bool:
    """Both days are inclusive."""
    return (code.valid_from is None or code.valid_from <= day) and (code.valid_to is None or day <= code.valid_to)


class DatedList:
    """One version of a list, asked about days; what it finds for a day it keeps."""

    def __init__(self, stated: CodeList) -> None:
        self.stated = stated
        self._ever = frozenset(code.code for code in stated.codes)
        self._days: dict[date, frozenset[str]] = {}

    def on(self, day: date) -> frozenset[str]:
        """The codes in force."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _MOST_DAYS:
                self._days.clear()
            found = self._days[day] = frozenset(code.code for code in self.stated.codes if in_force(code, day))
        return found

    def objection(self, code: str, day: date) -> str | None:
        """Why a code was not one of that day; None when it was, or when the list is not complete enough to say.

        A unit with its qualifier (`KGM#G`) is listed as it stands, or in its two parts.
        """
        codes = self.on(day)
        if code in codes:
            return None
        parts = _parts(code)
        if parts and all(part in codes for part in parts):
            return None
        if code in self._ever or (parts and all(part in self._ever for part in parts)):
            return NOT_IN_FORCE
        return UNKNOWN if self.stated.complete else None


def _parts(code: str) -> tuple[str, ...]:
    unit, sign, qualifier = code.partition("#")
    return (unit, sign + qualifier) if sign and unit else ()
