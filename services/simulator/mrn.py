"""Movement reference numbers and EORIs that pass their own checks.

Sources: Impl. Reg. (EU) 2015/2447 annex B, DE 12 01 (structure of an MRN); DG XXI/0879/99 (check digit); the Belgian
enterprise number, whose last two digits are 97 less the first eight modulo 97.
"""

from services.core.values import Eori, Mrn, mrn_check_digit_holds, parse_eori, parse_mrn

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SERIAL_LENGTH = 6
_PLACES = len(_DIGITS) ** _SERIAL_LENGTH
EXPORT_ONLY = "A"


def export_mrn(serial: int, *, office: str = "BE343000", year: int = 26) -> Mrn:
    """The MRN of export declaration `serial` of an office: year, office, serial in base 36, A, check digit."""
    if not 0 <= serial < _PLACES:
        raise ValueError(f"serial out of range: {serial}")
    stem = f"{year:02d}{office}{_base36(serial)}{EXPORT_ONLY}"
    return next(mrn for digit in range(10) if mrn_check_digit_holds(mrn := parse_mrn(f"{stem}{digit}")))


def belgian_eori(serial: int) -> Eori:
    """The EORI of a Belgian enterprise whose number starts with `serial` (seven digits)."""
    stem = f"0{serial:07d}"
    return parse_eori(f"BE{stem}{97 - int(stem) % 97:02d}")


def _base36(number: int) -> str:
    text = ""
    for _ in range(_SERIAL_LENGTH):
        number, place = divmod(number, len(_DIGITS))
        text = _DIGITS[place] + text
    return text
