"""Values of JSON messages: strict strings, each with the pattern that its OpenAPI description states too.

What a description promises must be what is read: a value that fits its pattern is taken, one that does not is refused.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from services.core.text import IN_A_LINE, IN_LINES, no_text
from services.core.transliteration import IN_LATIN, parse_transliteration
from services.core.values import (
    CommodityCode,
    CountryCode,
    Currency,
    Eori,
    Mrn,
    Unit,
    parse_commodity_code,
    parse_country,
    parse_currency,
    parse_decimal,
    parse_eori,
    parse_licence_ref,
    parse_mrn,
    parse_unit,
)
from services.customs.adapters.times import instant

T = TypeVar("T")

MOST_ITEMS: Final = 999
MOST_DOCUMENTS: Final = 198
LARGEST_INT: Final = 2**31 - 1

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def _string(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", "examples": [example]})


def _words(characters: str, most: int, example: str) -> WithJsonSchema:
    """Text of 1 to `most` of these characters.

    Halves of surrogate pairs are left out of the pattern: no JSON in UTF-8 holds one, and few who read it could say so.
    """
    characters = characters.replace(r"\ud800-\udfff", "")
    schema = {"type": "string", "minLength": 1, "maxLength": most, "pattern": f"^{characters}*$"}
    return WithJsonSchema({**schema, "examples": [example]})


def _from(parse: Callable[[str], T]) -> BeforeValidator:
    def read(value: Any) -> T:
        if not isinstance(value, str):
            raise ValueError("a string is expected")  # noqa: TRY004 - pydantic collects ValueErrors
        return parse(value)

    return BeforeValidator(read)


def _time(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise ValueError("not a time with its zone, such as 2026-03-02T08:15:00Z")
    return instant(datetime.fromisoformat(text.upper()))


def _amount(text: str) -> Decimal:
    value = parse_decimal(text)
    if text.startswith("-"):
        raise ValueError("an amount is at least zero")
    return value


def _drawn(text: str) -> Decimal:
    value = _amount(text)
    if value == 0:
        raise ValueError("an amount to write off is above zero")
    return value


def _text(most: int, *, lines: bool = False) -> BeforeValidator:
    """Text of any script, in one line or in `lines`."""

    def parse(text: str) -> str:
        if not 1 <= len(text) <= most:
            raise ValueError(f"1 to {most} characters are expected")
        if (found := no_text(text, lines=lines)) is not None:
            raise ValueError(f"{found} is no text")
        return text

    return _from(parse)


_TIMES = WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-02T08:15:00Z"]})
_REFERENCES = WithJsonSchema(
    {
        "type": "string",
        "minLength": 1,
        "maxLength": 70,
        "format": "document-reference",
        "description": "Printable characters without outer spaces.",
        "examples": ["VL/2026/000123"],
    }
)
_AMOUNT = r"[0-9]{1,18}(\.[0-9]{1,6})?"

MrnText = Annotated[Mrn, _from(parse_mrn), _string("[0-9]{2}[A-Z]{2}[A-Z0-9]{13}[0-9]", "26BE343000000001A1")]
EoriText = Annotated[Eori, _from(parse_eori), _string("[A-Z]{2}[A-Za-z0-9]{1,15}", "BE0314595348")]
Country = Annotated[CountryCode, _from(parse_country), _string("[A-Z]{2}", "IN")]
Commodity = Annotated[CommodityCode, _from(parse_commodity_code), _string("[0-9]{4,10}", "84798300")]
UnitText = Annotated[Unit, _from(parse_unit), _string("[A-Z0-9]{2,4}(#[A-Z0-9]{1,4})?", "NAR")]
CurrencyText = Annotated[Currency, _from(parse_currency), _string("[A-Z]{3}", "EUR")]
Reference = Annotated[str, _from(parse_licence_ref), _REFERENCES]
Time = Annotated[datetime, _from(_time), _TIMES]
Amount = Annotated[Decimal, _from(_amount), _string(_AMOUNT, "1200.000")]
Drawn = Annotated[Decimal, _from(_drawn), _string(rf"(?![0.]+$){_AMOUNT}", "100000.00")]
Short = Annotated[str, _text(70, lines=True), _words(IN_LINES, 70, "officer 17")]
Long = Annotated[str, _text(512, lines=True), _words(IN_LINES, 512, "isostatic press")]
OneLine = Annotated[str, _text(512), _words(IN_A_LINE, 512, "Bharat Presses")]
Latin = Annotated[str, _from(parse_transliteration), _words(IN_LATIN, 512, "Giorgos")]
Lrn = Annotated[str, _text(35), _words(IN_A_LINE, 35, "ANR-2026-77")]
Name = Annotated[str, _text(70), _words(IN_A_LINE, 70, "BE.CUSTOMS")]
Number = Annotated[int, Field(ge=1, le=99_999)]
Version = Annotated[int, Field(ge=1, le=LARGEST_INT)]
Procedure = Annotated[str, Field(pattern=r"^([0-9]{2}|T|T1|T2|T2F|T2SM|TIR)$", examples=["10"])]
Office = Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z0-9]{6}$", examples=["BE343000"])]
BorderMode = Annotated[str, Field(pattern=r"^[1-9]$", examples=["1"])]


class Strict(BaseModel):
    """Takes exactly its fields, in exactly their types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
