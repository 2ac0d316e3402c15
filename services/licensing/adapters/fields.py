"""JSON fields of the door: each is text that is parsed once, with a code that says which rule it broke."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

from services.core import values
from services.core.text import no_text
from services.core.transliteration import parse_transliteration
from services.licensing.domain import grounds, terms

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_YEARS = range(1970, 9999)
P = TypeVar("P")


class Body(BaseModel):
    """A JSON object: unknown fields and other types are faults, never ignored or converted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _parsed(parse: Callable[[str], Any], code: str, example: str) -> tuple[BeforeValidator, WithJsonSchema]:
    def check(value: object) -> Any:
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "must be text, such as {example}", {"example": f'"{example}"'})
        try:
            return parse(value)
        except ValueError as error:
            raise PydanticCustomError(code, "{reason}", {"reason": str(error)}) from error

    return BeforeValidator(check), WithJsonSchema({"type": "string", "examples": [example]})


def _often(parse: Callable[[str], P]) -> Callable[[str], P]:
    """Of a small vocabulary: most values of many licences are read from memory. What is no value is not kept."""
    return lru_cache(8192)(parse)


def _parse_date(text: str) -> date:
    """ISO 8601. The last year of the calendar is kept free: it stands for "never" elsewhere and has no day after it."""
    if not _DATE.fullmatch(text):
        raise ValueError(f"not a date (such as 2026-01-15): {text!r}")
    day = date.fromisoformat(text)
    if day.year not in _YEARS:
        raise ValueError(f"year {day.year} is outside 1970 to 9998; leave valid_to out for no end")
    return day


def _parse_time(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise ValueError(f"not a time with its zone (RFC 3339, such as 2026-03-02T08:15:00Z): {text!r}")
    instant = datetime.fromisoformat(text.upper())
    if instant.year not in _YEARS:
        raise ValueError(f"year {instant.year} is outside 1970 to 9998")
    return instant.astimezone(UTC)


def _parse_text(longest: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not text.strip() or len(text) > longest:
            raise ValueError(f"must have 1 to {longest} characters")
        if (found := no_text(text, lines=True)) is not None:
            raise ValueError(f"{found} is no text")
        return text

    return parse


_decimal = _parsed(_often(values.parse_decimal), "decimal", "12.500")
_date = _parsed(_often(_parse_date), "date", "2026-01-15")
_time = _parsed(_parse_time, "time", "2026-03-02T08:15:00Z")
_ref = _parsed(values.parse_licence_ref, "reference", "VL/2026/000123")
_eori = _parsed(values.parse_eori, "eori", "BE0314595348")
_country = _parsed(_often(values.parse_country), "country", "IN")
_commodity = _parsed(_often(values.parse_commodity_code), "commodity-code", "847983")
_unit = _parsed(_often(values.parse_unit), "unit", "NAR")
_mrn = _parsed(values.parse_mrn, "mrn", "26BE343000000001A1")
_currency = _parsed(_often(values.parse_currency), "currency", "EUR")
_control = _parsed(_often(terms.parse_control_code), "control-code", "2B204")
_procedure = _parsed(_often(terms.parse_procedure), "procedure", "10")
_ground = _parsed(grounds.parse_ground, "ground", "diversion-risk")
_code = _parsed(terms.parse_condition, "code", "re-export-consent")
_cas = _parsed(terms.parse_cas_number, "cas-number", "75-44-5")
_latin = _parsed(parse_transliteration, "transliteration", "Giorgos")
_short = _parsed(_parse_text(200), "text", "…")
_long = _parsed(_parse_text(4000), "text", "…")

Amount = Annotated[Decimal, *_decimal]
Day = Annotated[date, *_date]
Instant = Annotated[datetime, *_time]
Reference = Annotated[values.LicenceRef, *_ref]
EoriNumber = Annotated[values.Eori, *_eori]
Country = Annotated[values.CountryCode, *_country]
Commodity = Annotated[values.CommodityCode, *_commodity]
MeasurementUnit = Annotated[values.Unit, *_unit]
MrnNumber = Annotated[values.Mrn, *_mrn]
CurrencyCode = Annotated[values.Currency, *_currency]
ControlCode = Annotated[str, *_control]
Procedure = Annotated[str, *_procedure]
Ground = Annotated[str, *_ground]
ChosenCode = Annotated[str, *_code]
CasNumber = Annotated[str, *_cas]
LatinText = Annotated[str, *_latin]
ShortText = Annotated[str, *_short]
LongText = Annotated[str, *_long]
