"""Every field of the licence form is taken, kept, shown and published; and what a line may limit."""

import json
from contextvars import copy_context
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from services.core.messages import DossierSide, Licence, LicenceLine
from services.licensing.adapters.asked_by import asked_by
from services.licensing.adapters.bodies import LicenceBody, StoredLicence
from services.licensing.adapters.history_http import change_view
from services.licensing.adapters.views import as_shown, as_stored, licence_content
from services.licensing.domain.rights import ActingParty
from services.licensing.domain.terms import line_faults
from tests.builders_licensing import LICENCE, changed

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LINE = LICENCE["lines"][0]
FORM = changed(
    LICENCE,
    representative={"name": "Agence SA", "eori": "BE0000000001"},
    contact="export desk",
    general="eu003",
    registered_at="2026-01-10",
    first_use_notified_at="2026-02-01",
    excluded_destinations=["RU"],
    excluded_items=["2B204.b"],
    conditions=[{"code": "re-export-consent", "text": "ask before re-export"}],
    references=[{"kind": "contract", "ref": "C-1", "dated": "2026-01-02"}],
    replaces="VL/2025/000001",
    split_from="VL/2025/000002",
    country_of_consignment="BE",
    country_of_location="BE",
    country_of_entry="NL",
    additional_information="see annex",
    actor="officer-7",
    reason="granted",
    legal_basis="Reg. (EU) 2021/821 art. 12",
    lines=[
        {
            **LINE,
            "tolerance": "0.05",
            "periods": [{"days": 30, "quantity": "1", "value": "100000.00"}],
            "technical_specification": "diameter 160 mm",
            "end_use": "turbine discs",
            "cas_number": "75-44-5",
            "country_of_origin": "SE",
        }
    ],
)


@pytest.mark.parametrize("form", [LICENCE, FORM], ids=["short", "whole"])
def test_what_says_nothing_is_not_stored_and_is_shown_all_the_same(form: dict[str, Any]) -> None:
    licence = LicenceBody.model_validate(form).licence("Europe/Brussels", NOW)
    stored = json.loads(json.dumps(as_stored(licence_content(licence))))
    assert not [name for name, value in stored.items() if value in (None, [])]
    assert StoredLicence.model_validate(stored).stored() == licence
    assert as_shown(stored) == json.loads(json.dumps(licence_content(licence)))


def test_who_showed_the_token_stands_beside_who_is_said_to_act() -> None:
    def asked() -> Licence:
        asked_by(ActingParty("region", "BE-VLG", DossierSide.REGION))
        return LicenceBody.model_validate(FORM).licence("Europe/Brussels", NOW)

    licence = copy_context().run(asked)
    assert licence.change is not None
    assert (licence.change.actor, licence.change.party) == ("officer-7", "region")
    stored = json.loads(json.dumps(as_stored(licence_content(licence))))
    assert StoredLicence.model_validate(stored).stored() == licence
    told = change_view(None, as_shown(stored))
    assert (told["actor"], told["party"]) == ("officer-7", "region")


def test_an_earlier_release_that_stored_what_says_nothing_has_changed_nothing() -> None:
    content = json.loads(json.dumps(licence_content(LicenceBody.model_validate(LICENCE).licence("Etc/UTC", NOW))))
    earlier, later = as_shown(content), as_shown(as_stored({**content, "revision": 2, "contact": "export desk"}))
    assert change_view(earlier, later)["changed"] == ["contact"]


def test_every_field_of_the_form_is_kept_and_shown() -> None:
    licence = LicenceBody.model_validate(FORM).licence("Europe/Brussels", NOW)
    empty = [f.name for f in fields(Licence) if getattr(licence, f.name) in (None, (), "")]
    assert empty == ["replaced_by"], "the register itself writes it"
    assert [f.name for f in fields(LicenceLine) if getattr(licence.lines[0], f.name) in (None, (), "")] == []
    shown = json.loads(json.dumps(licence_content(licence)))
    assert StoredLicence.model_validate(shown).stored() == licence
    told = {"actor", "reason", "legal_basis"}
    written = {name: value for name, value in FORM.items() if name not in {*told, "representative", "holder"}}
    assert {name: shown[name] for name in written if name != "consignees"} == {
        name: value for name, value in written.items() if name != "consignees"
    }
    since = {"effective_at": "2026-01-14T23:00:00Z", "party": None}
    assert shown["change"] == {name: FORM[name] for name in told} | since


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"tolerance": "0"}, []),
        ({"tolerance": "1"}, [("/lines/0/tolerance", "tolerance-range")]),
        ({"tolerance": "-0.1"}, [("/lines/0/tolerance", "tolerance-range")]),
        ({"tolerance": "0.1", "basis": "open"}, [("/lines/0/tolerance", "tolerance-open")]),
        ({"periods": [{"days": 30, "quantity": "2"}]}, []),
        ({"periods": [{"days": 30}]}, [("/lines/0/periods/0", "limit-missing")]),
        ({"periods": [{"days": 30, "quantity": "2.1"}]}, [("/lines/0/periods/0/quantity", "limit-above-line")]),
        ({"periods": [{"days": 30, "value": "0"}]}, [("/lines/0/periods/0/value", "limit-not-positive")]),
        (
            {"basis": "quantity", "value": None, "currency": None, "periods": [{"days": 7, "value": "1"}]},
            [("/lines/0/periods/0/value", "limit-unmeasured")],
        ),
        (
            {"periods": [{"days": 7, "value": "1"}, {"days": 7, "quantity": "1"}]},
            [("/lines/0/periods/1/days", "period-repeated")],
        ),
    ],
)
def test_what_a_line_limits_fits_what_it_has(changes: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    body = LicenceBody.model_validate(changed(LICENCE, lines=[{**LINE, **changes}]))
    assert [(f.path, f.code) for f in line_faults(0, body.lines[0].licence_line())] == faults


@pytest.mark.parametrize("number", ["75-44-6", "75445", "7-44-5", ""])
def test_a_cas_number_has_its_check_digit(number: str) -> None:
    with pytest.raises(ValueError, match="CAS"):
        LicenceBody.model_validate(changed(LICENCE, lines=[{**LINE, "cas_number": number}]))
