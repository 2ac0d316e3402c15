"""Identifiers and codes of the field, parsed once at a door and trusted after.

Sources: Impl. Reg. (EU) 2015/2447 annex B (formats of data elements); DG XXI/0879/99 (MRN check digit, weights as in
ISO 6346).
"""

import re
from decimal import Decimal
from typing import NewType

Mrn = NewType("Mrn", str)
Eori = NewType("Eori", str)
LicenceRef = NewType("LicenceRef", str)
CommodityCode = NewType("CommodityCode", str)
CountryCode = NewType("CountryCode", str)
Unit = NewType("Unit", str)
Currency = NewType("Currency", str)

ZERO = Decimal(0)

_MRN = re.compile(r"[0-9]{2}[A-Z]{2}[A-Z0-9]{13}[0-9]")
_EORI = re.compile(r"[A-Z]{2}[A-Za-z0-9]{1,15}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_COMMODITY = re.compile(r"[0-9]{4,10}")
_UNIT = re.compile(r"[A-Z0-9]{2,4}(#[A-Z0-9]{1,4})?")
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,6})?")

# ISO 6346 letter values: 10 to 38 without multiples of 11.
_LETTERS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True))


def parse_mrn(text: str) -> Mrn:
    """18 characters: year, country, identifier, procedure, check digit. ValueError when the shape is wrong.

    The check digit is not judged here: hand-made and older MRNs fail it (see `mrn_check_digit_holds`).
    """
    if not _MRN.fullmatch(text):
        raise ValueError(f"not an MRN (18 characters, such as 26BE343000000001A1): {text!r}")
    return Mrn(text)


def mrn_check_digit_holds(mrn: Mrn) -> bool:
    """Whether the last character is the check digit of the first 17."""
    total = sum((int(c) if c.isdigit() else _LETTERS[c]) << place for place, c in enumerate(mrn[:17]))
    return int(mrn[17]) == total % 11 % 10


def parse_eori(text: str) -> Eori:
    if not _EORI.fullmatch(text):
        raise ValueError(f"not an EORI (country and up to 15 characters): {text!r}")
    return Eori(text)


def parse_licence_ref(text: str) -> LicenceRef:
    """Free text up to 70 characters (DE 12 03 001), no control characters, no outer spaces."""
    if not 1 <= len(text) <= 70 or text != text.strip() or not text.isprintable():
        raise ValueError(f"not a document reference (1 to 70 printable characters, no outer spaces): {text!r}")
    return LicenceRef(text)


def parse_commodity_code(text: str) -> CommodityCode:
    if not _COMMODITY.fullmatch(text):
        raise ValueError(f"not a commodity code (4 to 10 digits): {text!r}")
    return CommodityCode(text)


def parse_country(text: str) -> CountryCode:
    if not _COUNTRY.fullmatch(text):
        raise ValueError(f"not a country code (2 capital letters): {text!r}")
    return CountryCode(text)


def parse_unit(text: str) -> Unit:
    """UN/ECE or TARIC unit, with its qualifier after `#`: `KGM#G` is not `KGM`."""
    if not _UNIT.fullmatch(text):
        raise ValueError(f"not a measurement unit (such as NAR or KGM#G): {text!r}")
    return Unit(text)


def parse_currency(text: str) -> Currency:
    if not _CURRENCY.fullmatch(text):
        raise ValueError(f"not a currency code (3 capital letters): {text!r}")
    return Currency(text)


def parse_decimal(text: str) -> Decimal:
    """An exact amount: at most 18 digits before and 6 after the point, never rounded, no exponent."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"not a decimal with at most 18 digits and 6 decimals: {text!r}")
    return Decimal(text)


def format_amount(amount: Decimal) -> str:
    """An amount as text: plain digits, no exponent, no trailing zeros (`12.5`, `100000`, `0`).

    Equal amounts give equal text, whether they come from a message or were just computed; `str` does not promise that.
    """
    text = f"{amount:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
