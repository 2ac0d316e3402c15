"""Each kind of licence by its own rules: the table of docs/licences.md, one case for each kind and rule."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.core.messages import Licence, LicenceType
from services.licensing.adapters.bodies import LicenceBody
from services.licensing.adapters.control_list import bundled
from services.licensing.adapters.words import named, word
from services.licensing.domain import annex_iv
from services.licensing.domain.kinds import RULES, as_authorised, kind_faults
from services.licensing.settings import LicensingSettings
from tests.builders_licensing import LICENCE, changed

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DOCUMENT = Path(__file__).parents[3] / "docs" / "licences.md"
GENERAL: dict[str, Any] = {"general": "eu001", "destinations": ["US"], "registered_at": "2026-01-15"}
SOUND: dict[str, dict[str, Any]] = {
    "individual": {},
    "global": {},
    "large-project": {},
    "union-general": GENERAL,
    "national-general": {"general": "national"},
    "transit": {},
    "intra-union-transfer": {"destinations": ["FR"], "lines": [{**LICENCE["lines"][0], "control_code": "3A228.a"}]},
}
NOBODY: dict[str, Any] = {"consignees": [], "end_users": [], "destinations": []}
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "validity-missing": ({"valid_to": None}, "/valid_to"),
    "validity-too-long": ({"valid_to": "2030-01-16"}, "/valid_to"),
    "recipient-missing": ({"consignees": [], "end_users": []}, "/consignees"),
    "scope-missing": (NOBODY, "/destinations"),
    "general-missing": ({"general": None}, "/general"),
    "general-unexpected": ({"first_use_notified_at": "2026-02-01"}, "/first_use_notified_at"),
    "registration-unnamed": ({"registered_at": "2026-01-15", "holder": {"name": "Presses NV"}}, "/holder/eori"),
    "notice-unregistered": ({"registered_at": None, "first_use_notified_at": "2026-02-01"}, "/first_use_notified_at"),
    "destination-not-covered": ({"destinations": ["US", "IN"]}, "/destinations/1"),
    "item-not-covered": ({"lines": [{**LICENCE["lines"][0], "control_code": "0C002"}]}, "/lines/0/control_code"),
    "national-item-excluded": ({"lines": [{**LICENCE["lines"][0], "control_code": "1C239"}]}, "/lines/0/control_code"),
    "transfer-not-general": (
        {"destinations": ["FR"], "lines": [{**LICENCE["lines"][0], "control_code": "1B231.a"}]},
        "/lines/0/control_code",
    ),
    "original-licence": ({"general": "eu003", "destinations": ["IN"]}, "/references"),
    "exhibition": ({"general": "eu004", "destinations": ["IN"]}, "/references"),
    "transfer-outside": ({"destinations": ["FR", "GB"]}, "/destinations/1"),
    "transfer-unlisted": ({"lines": [{**LICENCE["lines"][0], "control_code": "2B204"}]}, "/lines/0/control_code"),
    "transit-inside": ({"destinations": ["FR"]}, "/destinations/0"),
}
PAIRS = [(word(kind), rule.code) for rule in RULES for kind in LicenceType if kind in rule.kinds]


def licence(kind: str, **changes: Any) -> Licence:
    body = LicenceBody.model_validate(changed(LICENCE, type=kind, **{**SOUND[kind], **changes}))
    return body.revision_of(1, "Europe/Brussels", (), NOW)


def faults(of: Licence, years: int = 3) -> list[tuple[str, str]]:
    return [(fault.path, fault.code) for fault in kind_faults(of, years)]


@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_licence_of_each_kind_has_no_fault(kind: str) -> None:
    assert faults(licence(kind)) == []


@pytest.mark.parametrize(("kind", "code"), PAIRS)
def test_a_rule_refuses_with_its_path(kind: str, code: str) -> None:
    changes, path = BROKEN[code]
    assert faults(licence(kind, **changes)) == [(path, code)]


@pytest.mark.parametrize(
    ("kind", "last", "years", "fits"),
    [
        ("individual", "2028-01-15", 2, True),
        ("individual", "2028-01-16", 2, False),
        ("global", "2029-01-15", 3, True),
        ("large-project", "2030-01-15", 2, True),
    ],
)
def test_how_long_a_licence_runs(kind: str, last: str, years: int, *, fits: bool) -> None:
    assert (faults(licence(kind, valid_to=last), years) == []) is fits


@pytest.mark.parametrize(
    ("general", "country", "code", "covered"),
    [
        ("eu002", "TR", "3A001.a.3", True),
        ("eu002", "TR", "3A001.a.1", False),
        ("eu005", "IN", "5A001.d.1", True),
        ("eu007", "IN", "2E001", True),
        ("eu007", "IN", "2B204", False),
        ("eu008", "BR", "5A002.a.2", True),
        ("eu008", "US", "5A002.a.2", False),
        ("eu001", "LI", "2B204", True),
        ("eu001", "NO", "9A009.a.1", False),
        ("eu001", "NO", "1C239", False),
        ("eu001", "NO", "3A228.c", True),
        ("eu005", "RU", "5A001.d.1", False),
        ("eu006", "TR", "1C350.24", True),
        ("eu006", "TR", "1C350.23", False),
        ("eu006", "TR", "1C450.a.1", False),
        ("eu006", "TR", "1C450.b.5", True),
    ],
)
def test_what_a_union_general_authorisation_covers(general: str, country: str, code: str, *, covered: bool) -> None:
    line = {**LICENCE["lines"][0], "control_code": code}
    assert (faults(licence("union-general", general=general, destinations=[country], lines=[line])) == []) is covered


@pytest.mark.parametrize(
    ("kind", "country", "code", "covered"),
    [
        ("intra-union-transfer", "FR", "1C239", True),
        ("intra-union-transfer", "FR", "9A106.c", True),
        ("intra-union-transfer", "FR", "3A228.c", False),
        ("national-general", "FR", "1C239", True),
        ("national-general", "IN", "1C239", False),
        ("national-general", "FR", "3A228.a", False),
        ("national-general", "IN", "2B204", True),
    ],
)
def test_what_may_be_transferred_inside_the_union(kind: str, country: str, code: str, *, covered: bool) -> None:
    """Annex IV: a national general authorisation may cover part I, and no export of either part."""
    line = {**LICENCE["lines"][0], "control_code": code}
    assert (faults(licence(kind, destinations=[country], lines=[line])) == []) is covered


def test_annex_iv_names_items_of_annex_i_and_a_fault_names_those_below() -> None:
    assert {code for code in annex_iv.ALL if not bundled().knows(code)} == set()
    [fault] = kind_faults(licence("intra-union-transfer", lines=[{**LICENCE["lines"][0], "control_code": "3A228"}]), 3)
    assert "3A228.a, 3A228.b" in fault.detail


@pytest.mark.parametrize(("dated", "sound"), [("2021-01-15", True), ("2021-01-14", False), (None, False)])
def test_goods_return_from_repair_within_five_years_of_their_licence(dated: str | None, *, sound: bool) -> None:
    original = {"kind": "original-licence", "ref": "VL/2021/000009", "dated": dated}
    of = licence("union-general", general="eu003", destinations=["IN"], references=[original])
    assert (faults(of) == []) is sound


def test_a_registration_carries_what_its_authorisation_says() -> None:
    fair = as_authorised(licence("union-general", general="eu004", destinations=[]))
    assert "IN" in fair.destinations
    assert "RU" not in fair.destinations
    assert {"0C001", "9A011"} <= set(fair.excluded_items)
    assert [condition.code for condition in fair.conditions] == ["re-import-within-120-days"]
    assert as_authorised(fair) == fair
    assert "US" in as_authorised(licence("union-general", general="eu008", destinations=[])).excluded_destinations
    assert as_authorised(licence("individual")) == licence("individual")


def test_a_leap_day_has_an_end() -> None:
    of = replace(licence("individual"), valid_from=datetime(2028, 2, 29, tzinfo=UTC).date(), valid_to=None)
    assert faults(of) == [("/valid_to", "validity-missing")]
    assert faults(replace(of, valid_to=datetime(2031, 2, 28, tzinfo=UTC).date())) == []


def test_the_last_years_of_the_calendar_have_an_end_too() -> None:
    assert faults(licence("individual", valid_from="9998-12-31", valid_to="9998-12-31")) == []


def test_an_authority_sets_how_long_its_licences_run() -> None:
    settings = LicensingSettings(validity_years={"": 2, "BE-VLG": 3})
    assert [settings.years_of(authority) for authority in ("BE-VLG", "BE-WAL")] == [3, 2]


def test_the_document_is_this_table() -> None:
    rows = re.findall(r"^\| ([a-z-]+) \| `([a-z-]+)` \| ([^|]+) \| `([^`]+)` \|$", DOCUMENT.read_text(), re.MULTILINE)
    cases = [
        (word(kind), rule.code, rule.article, f"test_a_rule_refuses_with_its_path[{word(kind)}-{rule.code}]")
        for kind in LicenceType
        for rule in RULES
        if kind in rule.kinds
    ]
    assert rows == cases
    assert all(named(LicenceType, row[0]) for row in rows)
