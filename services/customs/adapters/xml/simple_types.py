"""Simple types of our XSDs as parsers: the facets are the schema's, the value is ours.

Read are the facets and builtin types that these schemas use; another one is an error when the schema is loaded. Digits
are counted as XSD counts them, in the value: trailing zeros behind the point are no digits.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from services.core.text import no_text
from services.customs.adapters.times import reckoned

XS: Final = "{http://www.w3.org/2001/XMLSchema}"

Parse = Callable[[str], Any]
"""The value of a text; a bare ValueError when it is none. The text is as written, outer space included."""

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What XML calls space; others, such as the ideographic one, are text.
_SPACE = re.compile(r"[ \t\r\n]+")
# Patterns that speak of Unicode categories, which Python's expressions do not know.
_CATEGORIES: Mapping[str, Callable[[str], object]] = {
    r"([^\p{C}\p{Z}]| )*": str.isprintable,
    "[^\\p{Cc}\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef]*": lambda text: no_text(text) is None,
    r"\P{Z}(.*\P{Z})?": lambda text: bool(text) and not text[0].isspace() and not text[-1].isspace(),
}


class Facets:
    """What a simple type restricts, its bases included."""

    def __init__(self, simple: etree._Element, types: Mapping[str, etree._Element]) -> None:
        self.tests: list[Callable[[str], object]] = []
        self.values: set[str] = set()
        self.bounds: dict[str, str] = {}
        self.builtin = ""
        self.name = simple.get("name", "")
        self.meaning = " ".join((simple.findtext(f"{XS}annotation/{XS}documentation") or self.name).split())
        self._restrict(simple, types)

    def _restrict(self, simple: etree._Element, types: Mapping[str, etree._Element]) -> None:
        union = simple.find(f"{XS}union")
        if union is not None:
            self.builtin = union.get("memberTypes", "")
            return
        restriction = simple.find(f"{XS}restriction")
        assert restriction is not None, self.name  # noqa: S101 - our own files
        base = restriction.get("base", "")
        if base in types:
            self._restrict(types[base], types)
        else:
            self.builtin = base
        for facet in restriction:
            self._facet(str(facet.tag).removeprefix(XS), facet.get("value", ""))

    def _facet(self, name: str, value: str) -> None:
        if name == "pattern":
            self.tests.append(_CATEGORIES.get(value) or re.compile(value).fullmatch)
        elif name == "enumeration":
            self.values.add(value)
        else:
            self.bounds[name] = value


def parser(simple: etree._Element, types: Mapping[str, etree._Element]) -> tuple[Parse, str]:
    """The parser of a simple type, and what a text is not when that raises ValueError: meaning and name of the type."""
    facets = Facets(simple, types)
    return _BUILTIN[facets.builtin](facets), f"{facets.meaning} ({facets.name})"


def _text(facets: Facets, *, collapse: bool) -> Parse:
    most = int(facets.bounds.pop("maxLength", 10_000))
    _nothing_else(facets)
    tests, values = tuple(facets.tests), facets.values

    def read(text: str) -> str:
        if collapse:
            text = text.strip(" ") if text.isprintable() and "  " not in text else _SPACE.sub(" ", text).strip(" ")
        if not 1 <= len(text) <= most or (values and text not in values):
            raise ValueError
        for test in tests:
            if not test(text):
                raise ValueError
        return text

    return read


def _decimal(facets: Facets) -> Parse:
    total, decimals = int(facets.bounds.pop("totalDigits")), int(facets.bounds.pop("fractionDigits"))
    (shaped,) = facets.tests
    positive = "minExclusive" in facets.bounds
    least = Decimal(facets.bounds.pop("minExclusive" if positive else "minInclusive"))
    _nothing_else(facets)

    def read(text: str) -> Decimal:
        text = text.strip()
        if not shaped(text):
            raise ValueError
        whole, _, fraction = text.partition(".")
        if len(fraction) > decimals:
            fraction = fraction.rstrip("0")
            text = f"{whole}.{fraction}" if fraction else whole
        if len(fraction) > decimals or len(whole) + len(fraction) > total:
            digits = len(whole.lstrip("0")) + len(fraction.rstrip("0"))
            if len(fraction) > decimals or digits > total:
                raise ValueError
        value = Decimal(text)
        if value < least or (positive and value == least):
            raise ValueError
        return value

    return read


def _integer(facets: Facets) -> Parse:
    (shaped,) = facets.tests
    least, most = int(facets.bounds.pop("minInclusive")), int(facets.bounds.pop("maxInclusive"))
    _nothing_else(facets)

    def read(text: str) -> int:
        text = text.strip()
        if not shaped(text) or not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return read


def _time(_facets: Facets) -> Parse:
    def read(text: str) -> datetime:
        text = text.strip()
        if not _TIME.fullmatch(text):
            raise ValueError
        value = datetime.fromisoformat(text)
        reckoned(value)
        return value

    return read


def _day_or_time(facets: Facets) -> Parse:
    time = _time(facets)

    def read(text: str) -> datetime | date:
        return reckoned(date.fromisoformat(text.strip())) if _DAY.fullmatch(text.strip()) else time(text)

    return read


def _nothing_else(facets: Facets) -> None:
    assert not facets.bounds, f"{facets.name}: {facets.bounds} is not read"  # noqa: S101 - our own files


_BUILTIN: Mapping[str, Callable[[Facets], Parse]] = {
    "xs:string": lambda facets: _text(facets, collapse=False),
    "xs:token": lambda facets: _text(facets, collapse=True),
    "xs:decimal": _decimal,
    "xs:integer": _integer,
    "xs:dateTime": _time,
    "xs:date xs:dateTime": _day_or_time,
}
