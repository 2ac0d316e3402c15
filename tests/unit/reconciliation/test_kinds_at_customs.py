"""What the ledger holds a licence of each kind to: the second table of docs/licences.md."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.core.messages import (
    GeneralAuthorisation,
    LicenceType,
    Party,
    PeriodLimit,
    Phase,
    Reference,
    ReferenceKind,
    Requirements,
)
from services.core.values import CommodityCode, CountryCode, Currency, Unit
from services.reconciliation.domain.legal import KINDS
from services.reconciliation.domain.licence_deadlines import next_due
from services.reconciliation.domain.rules import RULES
from tests.builders import a_demand, a_draw, a_licence, a_line, mrn
from tests.ledger_play import Play

DOCUMENT = Path(__file__).parents[3] / "docs" / "licences.md"
ROW = re.compile(r"^\| ([a-z, -]+) \| `([a-z-]+\.[a-z-]+)` \| ([^|]+) \| `([^`]+)` \|$", re.MULTILINE)
ROWS = ROW.findall(DOCUMENT.read_text())
LEGS = ("federal_authorisation", "end_use_certificate", "state_guarantee")
LIMITED = replace(a_line(), periods=(PeriodLimit(days=30, quantity=Decimal(1)),))
NOBODY = Party(name="Nobody NV", country=CountryCode("BE"))


def requiring(leg: str) -> dict[str, Any]:
    return {"requires": Requirements(**{name: name == leg for name in LEGS})}


def after_repair(granted: date) -> dict[str, Any]:
    original = Reference(kind=ReferenceKind.ORIGINAL_LICENCE, ref="VL/2021/000009", dated=granted)
    return {"general": GeneralAuthorisation.EU003, "references": (original,)}


AT_ACCEPTANCE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "licence.line-unknown": ({}, {"line": 2}),
    "licence.not-valid": ({"valid_to": date(2026, 2, 1)}, {}),
    "exporter.mismatch": ({"holder": NOBODY}, {}),
    "consignee.mismatch": ({}, {"consignee": NOBODY}),
    "destination.mismatch": ({"excluded_destinations": (CountryCode("IN"),)}, {}),
    "item.excluded": ({"excluded_items": ("2B204",)}, {}),
    "general-licence.not-registered": ({"registered_at": None}, {}),
    "general-licence.destination-excluded": ({"destinations": (CountryCode("US"),)}, {}),
    "general-licence.repair-too-late": (after_repair(date(2021, 3, 1)), {"named": ("VL/2021/000009",)}),
    "general-licence.original-unnamed": (after_repair(date(2021, 3, 2)), {"named": ("N380/7",)}),
    "commodity.mismatch": ({}, {"commodity_code": CommodityCode("01012100")}),
    "procedure.not-covered": ({}, {"procedure": "11"}),
    "federal-authorisation.missing": (requiring("federal_authorisation"), {}),
    "end-use-certificate.missing": (requiring("end_use_certificate"), {}),
    "state-guarantee.missing": (requiring("state_guarantee"), {}),
    "write-off.missing": ({}, {"quantity": None}),
    "unit.mismatch": ({}, {"units": (Unit("KGM"),)}),
    "currency.mismatch": ({}, {"currencies": (Currency("USD"),)}),
    "quantity.overrun": ({}, {"quantity": Decimal(3)}),
    "value.overrun": ({}, {"amount": Decimal(9000000)}),
    "period.overrun": ({"lines": (LIMITED,)}, {"quantity": Decimal(2)}),
}
IN_TIME: dict[str, dict[str, Any]] = {
    "general-licence.notice-overdue": {},
    "usage.report-overdue": {},
    "re-import.overdue": {"general": GeneralAuthorisation.EU004},
}


def reasons(kind: LicenceType, terms: dict[str, Any], draw: dict[str, Any]) -> tuple[str, ...]:
    licence = replace(a_licence(), **{"type": kind, "registered_at": date(2026, 1, 15), **terms})
    return Play(licence, a_demand(replace(a_draw(), **draw))).answer.reasons


def said_in_time(kind: LicenceType, terms: dict[str, Any]) -> set[str]:
    """Of a licence under which goods were released, and of which nothing more is heard."""
    play = Play(a_licence(type=kind, registered_at=date(2026, 1, 15), **terms), a_demand()).phase(
        mrn(1), Phase.RELEASED
    )
    codes: set[str] = set()
    while next_due(play.state) is not None:
        codes |= {*play.wait().codes}
    return codes


def kinds(code: str) -> set[LicenceType]:
    [named] = [row[0] for row in ROWS if row[1] == code]
    if named == "every kind":
        return set(LicenceType)
    return {LicenceType(name.upper().replace("-", "_")) for name in named.split(", ")}


@pytest.mark.parametrize("kind", LicenceType)
def test_a_sound_draw_is_covered_under_each_kind(kind: LicenceType) -> None:
    assert reasons(kind, {}, {}) == ()


@pytest.mark.parametrize("code", AT_ACCEPTANCE)
def test_a_rule_judges_the_kinds_of_its_row(code: str) -> None:
    found = {kind: reasons(kind, *AT_ACCEPTANCE[code]) for kind in LicenceType}
    assert {kind for kind, said in found.items() if code in said} == kinds(code)
    assert all(said == (code,) for said in found.values() if code in said)


@pytest.mark.parametrize("code", IN_TIME)
def test_time_ends_for_the_kinds_of_its_row(code: str) -> None:
    assert {kind for kind in LicenceType if code in said_in_time(kind, IN_TIME[code])} == kinds(code)


def test_the_document_has_every_rule_with_its_article_and_test() -> None:
    """A licence that is not known is of no kind."""
    codes = [rule.code for rule in RULES if rule.code != "licence.unknown"]
    named = [(code, f"test_a_rule_judges_the_kinds_of_its_row[{code}]") for code in codes]
    named += [(code, f"test_time_ends_for_the_kinds_of_its_row[{code}]") for code in IN_TIME]
    assert [row[1:] for row in ROWS] == [(code, KINDS[code].basis.article, test) for code, test in named]
    assert {*AT_ACCEPTANCE} == {*codes}
