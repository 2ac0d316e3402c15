"""Formats of data elements (Impl. Reg. (EU) 2015/2447 annex B). A parser gives the value or raises ValueError."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from functools import cache
from typing import TypeVar

from services.core.text import no_text
from services.core.values import CommodityCode, Unit, parse_commodity_code, parse_decimal, parse_unit
from services.customs.adapters.times import instant, reckoned

T = TypeVar("T")

Parse = Callable[[str], T]
"""Gives the value of a text, or raises ValueError saying what is wrong with it."""

_LAYOUT = re.compile(r"[ \t\r\n]+")
_DIGITS = re.compile(r"[0-9]+")
_OFFICE = re.compile(r"[A-Z]{2}[A-Z0-9]{6}")
_DOCUMENT_TYPE = re.compile(r"[A-Z0-9]{4}")
_TIME_304 = re.compile(r"([0-9]{14})(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?")
_DATE_102 = re.compile(r"[0-9]{8}")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNIX_DATE = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([0-9]{1,2}) ([0-9:]{8}) (?:UTC|GMT|Z) ([0-9]{4})")
_XML_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?)?")


@cache
def an(most: int) -> Parse[str]:
    """Text of 1 to `most` characters of any script, without outer space or control characters (`an..most`)."""

    def parse(text: str) -> str:
        if not 1 <= len(text) <= most or text != text.strip():
            raise ValueError(f"not 1 to {most} characters without outer space: {text[:80]!r}")
        if (found := no_text(text)) is not None:
            raise ValueError(f"{found} is no text: {text[:80]!r}")
        return text

    return parse


@cache
def free_text(most: int) -> Parse[str]:
    """Text of 1 to `most` characters; line breaks and outer space are the sender's layout and become single spaces."""

    short = an(most)

    def parse(text: str) -> str:
        return short(_LAYOUT.sub(" ", text).strip(" "))

    return parse


@cache
def number(total: int, decimals: int, *, positive: bool = False) -> Parse[Decimal]:
    """An exact number, not negative, of `total` digits of which `decimals` behind the point (`n..16,6`)."""

    def parse(text: str) -> Decimal:
        value = parse_decimal(text.strip())
        whole, _, fraction = text.strip().lstrip("0").partition(".")
        if len(whole) + len(fraction) > total or len(fraction) > decimals:
            raise ValueError(f"not n..{total},{decimals}: {text!r}")
        if value < 0 or (positive and value == 0):
            raise ValueError(f"not {'above' if positive else 'at least'} zero: {text!r}")
        return value

    return parse


@cache
def integer(least: int, most: int) -> Parse[int]:
    def parse(text: str) -> int:
        if not _DIGITS.fullmatch(text.strip()) or len(text.strip()) > 9 or not least <= int(text) <= most:
            raise ValueError(f"not a whole number from {least} to {most}: {text[:40]!r}")
        return int(text)

    return parse


@cache
def one_of(*codes: str) -> Parse[str]:
    def parse(text: str) -> str:
        if text not in codes:
            raise ValueError(f"not one of {', '.join(codes)}: {text[:40]!r}")
        return text

    return parse


def office(text: str) -> str:
    if not _OFFICE.fullmatch(text):
        raise ValueError(f"not a customs office (country and 6 characters, such as BE343000): {text[:40]!r}")
    return text


def document_type(text: str) -> str:
    if not _DOCUMENT_TYPE.fullmatch(text):
        raise ValueError(f"not a document type (4 letters and digits, such as X060): {text[:40]!r}")
    return text


def unit(text: str) -> Unit:
    """AES writes unit and qualifier in one (an..4, `KGMG`), WCO with a sign between (`KGM#G`): here always `KGM#G`."""
    if len(text) == 4 and text.isalpha():
        text = f"{text[:3]}#{text[3]}"
    return parse_unit(text)


def commodity(text: str) -> CommodityCode:
    """HS subheading and CN digits; TARIC digits of a longer code play no part in exports (DE 18 09)."""
    return CommodityCode(parse_commodity_code(text)[:8])


@cache
def xml_time(zone: tzinfo) -> Parse[datetime | date]:
    """An `xs:dateTime` or `xs:date`; a time without zone is of `zone`."""

    def parse(text: str) -> datetime | date:
        if not _XML_DATE.fullmatch(text.strip()):
            raise ValueError(f"not a date or time such as 2026-03-02T08:15:00: {text[:40]!r}")
        if "T" not in text:
            return reckoned(date.fromisoformat(text.strip()))
        value = datetime.fromisoformat(text.strip())
        return instant(value if value.tzinfo else value.replace(tzinfo=zone))

    return parse


def moment(value: datetime | date | None, stated_at: datetime | None, zone: tzinfo) -> datetime | None:
    """An instant from a value that may be a day only.

    A message that speaks of the day it was written on happened when it was written; another day counts from its start.
    """
    if value is None or isinstance(value, datetime):
        return value
    if stated_at is not None and stated_at.astimezone(zone).date() == value:
        return stated_at
    return datetime.combine(value, time(), zone).astimezone(UTC)


@cache
def wco_time(zone: tzinfo) -> Parse[datetime]:
    """A WCO time: format 304 with any zone notation, 102, or the form of `date` that some DMS notifications carry."""

    def parse(text: str) -> datetime:
        value = _wco_naive(text.strip())
        return instant(value if value.tzinfo else value.replace(tzinfo=zone))

    return parse


def _wco_naive(text: str) -> datetime:
    if match := _TIME_304.fullmatch(text):
        stamp, offset = match.group(1), match.group(2) or ""
        return datetime.fromisoformat(f"{stamp[:8]}T{stamp[8:]}{'+00' if offset == 'Z' else offset}")
    if _DATE_102.fullmatch(text):
        return datetime.fromisoformat(text)
    if match := _UNIX_DATE.fullmatch(text):
        month, day, clock, year = match.groups()
        if month in _MONTHS:
            return datetime.fromisoformat(f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02}T{clock}+00:00")
    if _XML_DATE.fullmatch(text):
        return datetime.fromisoformat(text)
    raise ValueError(f"not a time such as 20260302081500Z: {text[:40]!r}")
