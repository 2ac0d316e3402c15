"""What the terms of a licence or a refusal must satisfy beyond the format of each field: every fault, not the first.

Paths are JSON pointers (RFC 6901) into the request.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from services.core.errors import Fault
from services.core.messages import Basis, LicenceLine, LicenceType, Party, RefusedGoods
from services.core.values import ZERO

# Category, product group, regime and number; then item and sub-item, as in 1C202.a.1 (Reg. (EU) 2021/821, annex I).
_CONTROL_CODE = re.compile(r"[0-9][A-E][0-9]{3}(\.([a-z]{1,2}|[0-9]{1,3}))*")
_PROCEDURE = re.compile(r"[0-9]{2}")
_CONDITION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CAS = re.compile(r"([0-9]{2,7})-([0-9]{2})-([0-9])")

_ONE_HOLDER = frozenset({LicenceType.INDIVIDUAL, LicenceType.GLOBAL, LicenceType.LARGE_PROJECT})
_BY_QUANTITY = frozenset({Basis.QUANTITY, Basis.BOTH})
_BY_VALUE = frozenset({Basis.VALUE, Basis.BOTH})


def parse_control_code(text: str) -> str:
    """An entry in the form of Annex I, such as 2B204 or 1C202.a.1; whether it exists is not judged."""
    if not _CONTROL_CODE.fullmatch(text):
        raise ValueError(f"not a control list entry (such as 2B204 or 1C202.a.1): {text!r}")
    return text


def parse_procedure(text: str) -> str:
    """Requested procedure (DE 11 09 001)."""
    if not _PROCEDURE.fullmatch(text):
        raise ValueError(f"not a customs procedure (2 digits, such as 10): {text!r}")
    return text


def parse_condition(text: str) -> str:
    """A condition as a code of the authority's vocabulary."""
    if not _CONDITION.fullmatch(text):
        raise ValueError(f"not a code (lower case with hyphens, such as re-export-consent): {text!r}")
    return text


def parse_cas_number(text: str) -> str:
    """A CAS registry number with its check digit (box 15)."""
    found = _CAS.fullmatch(text)
    digits = found[1] + found[2] if found else ""
    check = sum(place * int(digit) for place, digit in enumerate(reversed(digits), 1)) % 10
    if found is None or check != int(found[3]):
        raise ValueError(f"not a CAS number (such as 75-44-5, the last digit a check digit): {text!r}")
    return text


def holder_faults(kind: LicenceType, holder: Party) -> Iterable[Fault]:
    """A licence for one exporter is matched by EORI; a general authorisation may name a group of users instead."""
    if holder.eori is None and kind in _ONE_HOLDER:
        yield Fault("/holder/eori", "eori-missing", "a licence for one exporter needs the holder's EORI")
    if holder.eori is None and holder.name is None:
        yield Fault("/holder", "holder-missing", "name the holder by EORI or name")


def period_faults(valid_from: date, valid_to: date | None) -> Iterable[Fault]:
    if valid_to is not None and valid_to < valid_from:
        yield Fault("/valid_to", "before-valid-from", f"{valid_to} is before valid_from {valid_from}")


def lines_missing(lines: Sequence[object]) -> Iterable[Fault]:
    if not lines:
        yield Fault("/lines", "lines-missing", "a licence has at least one line")


def numbering_faults(numbered: Sequence[tuple[int, int]]) -> Iterable[Fault]:
    """`numbered` pairs each line's place in the request with its line number."""
    first: dict[int, int] = {}
    for place, number in numbered:
        if number in first:
            yield Fault(f"/lines/{place}/line", "line-repeated", f"line {number} is also at /lines/{first[number]}")
        first.setdefault(number, place)


def line_faults(place: int, line: LicenceLine) -> Iterable[Fault]:
    """The basis decides which figures a line must have; figures that are there must be whole and positive."""
    path = f"/lines/{place}"
    quantity = line.basis in _BY_QUANTITY
    yield from _figure(path, "quantity", line.quantity, ("unit", line.unit), line.basis if quantity else None)
    value = line.basis in _BY_VALUE
    yield from _figure(path, "value", line.value, ("currency", line.currency), line.basis if value else None)
    if line.basis is Basis.OPEN and not any((line.unit, line.currency, line.quantity, line.value)):
        yield Fault(path, "measure-missing", "an open line needs a unit or a currency: use is recorded in it")
    if line.tolerance is not None and not ZERO <= line.tolerance < 1:
        yield Fault(f"{path}/tolerance", "tolerance-range", "a share from 0 to less than 1, such as 0.05")
    if line.tolerance and line.basis is Basis.OPEN:
        yield Fault(f"{path}/tolerance", "tolerance-open", "an open line has no amount that could be over-drawn")
    yield from _period_faults(path, line)


def lowered_faults(place: int, line: LicenceLine) -> Iterable[Fault]:
    """Faults of a line that may have nothing of its own, so that a figure may be 0.

    One that was issued: all may have been taken back or split off. One that replaces another: it may have the carried
    balance alone.
    """
    for fault in line_faults(place, line):
        name = fault.path.rpartition("/")[2]
        if fault.code == f"{name}-not-positive" and getattr(line, name) == ZERO:
            continue
        yield fault


def _period_faults(path: str, line: LicenceLine) -> Iterable[Fault]:
    """A limit counts what the line counts, and asks for no more than the line has."""
    first: dict[int, int] = {}
    for place, limit in enumerate(line.periods):
        here = f"{path}/periods/{place}"
        if limit.days in first:
            detail = f"{limit.days} days are also at {path}/periods/{first[limit.days]}"
            yield Fault(f"{here}/days", "period-repeated", detail)
        first.setdefault(limit.days, place)
        if limit.quantity is None and limit.value is None:
            yield Fault(here, "limit-missing", "a period limits the quantity, the value or both")
        yield from _limit_faults(f"{here}/quantity", limit.quantity, line.quantity, line.unit)
        yield from _limit_faults(f"{here}/value", limit.value, line.value, line.currency)


def _limit_faults(path: str, most: Decimal | None, whole: Decimal | None, measure: str | None) -> Iterable[Fault]:
    if most is None:
        return
    if most <= ZERO:
        yield Fault(path, "limit-not-positive", "must be more than 0")
    if measure is None:
        yield Fault(path, "limit-unmeasured", "the line does not say in what this is counted")
    if whole is not None and most > whole:
        yield Fault(path, "limit-above-line", f"the line has no more than {whole}")


def goods_faults(place: int, goods: RefusedGoods) -> Iterable[Fault]:
    yield from _figure(f"/goods/{place}", "value", goods.value, ("currency", goods.currency), None)


def _figure(
    path: str, name: str, amount: Decimal | None, measure: tuple[str, str | None], basis: Basis | None
) -> Iterable[Fault]:
    """A measure (unit, currency) may stand alone: it says in what an open line is recorded."""
    if amount is None and basis is not None:
        yield Fault(f"{path}/{name}", f"{name}-missing", f"basis {basis.lower()} needs {name}")
    if amount is not None and amount <= ZERO:
        yield Fault(f"{path}/{name}", f"{name}-not-positive", "must be more than 0")
    if measure[1] is None and (amount is not None or basis is not None):
        yield Fault(f"{path}/{measure[0]}", f"{measure[0]}-missing", f"{name} needs {measure[0]}")
