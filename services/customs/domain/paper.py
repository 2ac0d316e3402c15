"""The key of a declaration on paper that never got an MRN.

Everything here is keyed by MRN, so such a paper gets a key of the same shape: year and country of its office, twelve
characters made of office and reference, the procedure letter `Q`, the check digit. No MRN has `Q` there: annex B of
Impl. Reg. (EU) 2015/2447 (DE 12 01) assigns it to no procedure. The same paper of a year gives the same key whoever
enters it, so that entering it twice draws once.
"""

from datetime import datetime
from hashlib import sha256
from typing import Final

from services.core.values import Mrn, mrn_check_digit_holds

_PROCEDURE: Final = "Q"
_CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def paper_mrn(office: str, reference: str, written_off_at: datetime) -> Mrn:
    """The key of the paper with this reference at this office (8 characters, country first)."""
    number = int.from_bytes(sha256(f"{office}\x1f{reference}".encode()).digest())
    identifier = ""
    for _ in range(12):
        number, place = divmod(number, len(_CHARACTERS))
        identifier += _CHARACTERS[place]
    stem = f"{written_off_at:%y}{office[:2]}{identifier}{_PROCEDURE}"
    return next(mrn for digit in range(10) if mrn_check_digit_holds(mrn := Mrn(f"{stem}{digit}")))
