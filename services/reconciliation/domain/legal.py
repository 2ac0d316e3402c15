"""How each code is treated: urgency, enforcement track, the article it rests on with the version that was read.

The administrative track is the licensing authority's, the criminal one that of customs; what breaches the export
control regime itself concerns both.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.core.messages import Severity, Track


@dataclass(frozen=True, slots=True)
class Basis:
    """An article of a legal act, and the date of the version that was read."""

    article: str
    version: date


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code means: what is wrong in words for a person, how urgent it is, whose it is, and why."""

    sentence: str
    severity: Severity
    track: Track
    basis: Basis


def _dual_use(article: str) -> Basis:
    return Basis(f"Reg. (EU) 2021/821 {article}", date(2023, 5, 26))


def single_window(article: str) -> Basis:
    """An article of the single window's implementing act."""
    return Basis(f"Impl. Reg. (EU) 2024/2145 {article}", date(2024, 9, 27))


def _customs_code(article: str) -> Basis:
    return Basis(f"Impl. Reg. (EU) 2015/2447 {article}", date(2026, 7, 1))


def _delegated(article: str) -> Basis:
    return Basis(f"Del. Reg. (EU) 2015/2446 {article}", date(2025, 2, 25))


def _union_customs_code(article: str) -> Basis:
    return Basis(f"Reg. (EU) 952/2013 {article}", date(2020, 1, 1))


_NUCLEAR_LAW = Basis("Law of 9 February 1981 on the export of nuclear materials, art. 1", date(1981, 2, 9))
_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
_BOTH, _ADMINISTRATIVE = Track.BOTH, Track.ADMINISTRATIVE

KINDS: Final[dict[str, Kind]] = {
    "licence.unknown": Kind("the licence cited is not known", _CRITICAL, _BOTH, _dual_use("art. 3(1)")),
    "licence.line-unknown": Kind(
        "the licence has no such line", _WARNING, _ADMINISTRATIVE, _customs_code("annex B, DE 12 03 013 000")
    ),
    "licence.not-valid": Kind(
        "the licence could not be drawn on at acceptance", _CRITICAL, _BOTH, _dual_use("arts 12(3), 16(1)")
    ),
    "licence.changed-under-shipment": Kind(
        "the licence covered the goods and, since it changed, does not", _CRITICAL, _BOTH, single_window("art. 5(2)")
    ),
    "federal-authorisation.missing": Kind(
        "no federal authorisation was live beside the licence", _CRITICAL, _BOTH, _NUCLEAR_LAW
    ),
    "end-use-certificate.missing": Kind(
        "no end-use certificate was live beside the licence", _CRITICAL, _BOTH, _dual_use("art. 12(4)")
    ),
    "state-guarantee.missing": Kind(
        "no guarantee of the receiving State was live beside the licence", _CRITICAL, _BOTH, _NUCLEAR_LAW
    ),
    "exporter.mismatch": Kind(
        "the exporter does not hold the licence", _CRITICAL, _BOTH, _dual_use("arts 2(12), 2(13)")
    ),
    "consignee.mismatch": Kind("the licence does not name this consignee", _CRITICAL, _BOTH, _dual_use("art. 2(12)")),
    "destination.mismatch": Kind(
        "the licence does not allow this destination", _CRITICAL, _BOTH, _dual_use("arts 2(12), 2(13)")
    ),
    "item.excluded": Kind("the licence excludes these items", _CRITICAL, _BOTH, _dual_use("art. 12(6), annex II")),
    "general-licence.not-registered": Kind(
        "the exporter was not registered under the general authorisation", _CRITICAL, _BOTH, _dual_use("art. 12(1)(d)")
    ),
    "general-licence.destination-excluded": Kind(
        "the general authorisation does not cover this destination", _CRITICAL, _BOTH, _dual_use("annex II, part 2")
    ),
    "general-licence.notice-overdue": Kind(
        "notice of the first use of the general authorisation was to be given and is not",
        _WARNING,
        _ADMINISTRATIVE,
        _dual_use("annex II, part 3"),
    ),
    "general-licence.repair-too-late": Kind(
        "goods return from repair more than 5 years after their first licence was granted",
        _CRITICAL,
        _BOTH,
        _dual_use("annex II section C, part 1 point 1"),
    ),
    "general-licence.original-unnamed": Kind(
        "the declaration does not name the licence the goods first left under",
        _WARNING,
        _ADMINISTRATIVE,
        _dual_use("annex II section C, part 3 point 3(a)"),
    ),
    "re-import.overdue": Kind(
        "goods that left for a fair are not known to be back", _CRITICAL, _BOTH, _dual_use("annex II section D, part 3")
    ),
    "commodity.mismatch": Kind(
        "the commodity code is not on the licence line", _WARNING, _BOTH, _dual_use("arts 2(12), 2(13)")
    ),
    "procedure.not-covered": Kind(
        "the licence does not cover this procedure", _WARNING, _ADMINISTRATIVE, single_window("art. 1(1), annex I")
    ),
    "write-off.missing": Kind(
        "no figure to write off is stated", _WARNING, _ADMINISTRATIVE, single_window("art. 6(1)")
    ),
    "unit.mismatch": Kind(
        "the unit is not that of the licence line", _WARNING, _ADMINISTRATIVE, single_window("art. 6(1)")
    ),
    "currency.mismatch": Kind(
        "the currency is not that of the licence line", _WARNING, _ADMINISTRATIVE, single_window("art. 6(1)")
    ),
    "quantity.overrun": Kind(
        "the quantity exceeds what the licence line authorises", _CRITICAL, _BOTH, single_window("art. 6(1)(b)")
    ),
    "value.overrun": Kind(
        "the value exceeds what the licence line authorises", _CRITICAL, _BOTH, single_window("art. 6(1)(b)")
    ),
    "period.overrun": Kind(
        "more is drawn in a window of days than the licence line allows",
        _CRITICAL,
        _BOTH,
        single_window("art. 6(1)(b)"),
    ),
    "released.uncovered": Kind(
        "goods were released that the licence does not cover", _CRITICAL, _BOTH, _dual_use("art. 3(1)")
    ),
    "exit.shortfall": Kind("less left than was declared", _WARNING, _ADMINISTRATIVE, _customs_code("art. 332(2)")),
    "exit.excess": Kind("more left than was declared", _CRITICAL, _BOTH, _customs_code("art. 332(3)")),
    "usage.report-overdue": Kind(
        "use was to be reported and is not", _WARNING, _ADMINISTRATIVE, _dual_use("arts 12(4), 27(1)")
    ),
    "usage.report-difference": Kind(
        "the holder reports other exports than customs saw", _WARNING, _BOTH, _dual_use("arts 12(4), 27(1)")
    ),
    "write-off.notice-missing": Kind(
        "use that customs of another Member State cleared is reported, and no notice came of all of it",
        _WARNING,
        _BOTH,
        _dual_use("arts 12(1), 27(1)"),
    ),
    "shipment.unanswered": Kind(
        "customs will have no answer in time", _CRITICAL, _ADMINISTRATIVE, _delegated("art. 244(1)")
    ),
    "shipment.incomplete": Kind(
        "messages wait for a declaration that has not come", _WARNING, _BOTH, _union_customs_code("art. 158(1)")
    ),
    "exit.without-release": Kind(
        "goods left and no release is known", _CRITICAL, _BOTH, _union_customs_code("arts 194, 267")
    ),
    "exit.overdue-90": Kind("released goods are not known to have left", _WARNING, _BOTH, _customs_code("art. 335(1)")),
    "exit.overdue-150": Kind(
        "released goods are not known to have left: the declaration may be invalidated",
        _CRITICAL,
        _BOTH,
        _delegated("art. 248(2)"),
    ),
    "dossier.overdue": Kind(
        "what the authorities share of an application is late", _WARNING, _ADMINISTRATIVE, _NUCLEAR_LAW
    ),
    "denial.match": Kind(
        "the goods and who receives them are those of a denial", _CRITICAL, _BOTH, _dual_use("arts 2(22), 16(5)")
    ),
    "refusal.shadow": Kind(
        "the shipment resembles a refused application", _CRITICAL, _BOTH, _dual_use("arts 16(1), 21(2)")
    ),
}
