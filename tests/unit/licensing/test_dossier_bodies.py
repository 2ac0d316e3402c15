"""What a dossier comes in as: each step states what it needs and nothing that is another's."""

from typing import Any

import pytest

from services.licensing.adapters.dossier_bodies import DossierStepBody, OpenBody
from tests.builders_dossiers import DOSSIER, STEPS, step_body


def faults(body: dict[str, Any]) -> set[tuple[str, str]]:
    return {(fault.path, fault.code) for fault in DossierStepBody.model_validate(body).faults()}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_states_all_it_needs(name: str) -> None:
    assert faults(step_body(name)) == set()


@pytest.mark.parametrize(
    ("name", "field", "code"),
    [
        ("check-done", "statement", "missing"),
        ("check-reopened", "reason", "missing"),
        ("check-assigned", "agreed_with", "missing"),
        ("advice-given", "opinion", "missing"),
        ("advice-decided", "decision", "missing"),
        ("advice-withdrawn", "reason", "missing"),
        ("closed", "outcome", "missing"),
    ],
)
def test_what_a_step_lacks_is_named(name: str, field: str, code: str) -> None:
    assert faults(step_body(name, **{field: None})) == {(f"/{field}", code)}


def test_what_is_of_another_step_is_named() -> None:
    body = step_body("advice-requested", result="satisfactory", conditions=["one"])
    assert faults(body) == {("/result", "not-of-this-step"), ("/conditions", "not-of-this-step")}
    assert faults(step_body("linked", licence=None)) == {("", "missing")}


def test_a_dossier_is_opened_by_its_region_on_goods_of_the_control_list() -> None:
    body = OpenBody.model_validate({**DOSSIER, "goods": ["2B204", "2B299"], "federal": "BE-VLG"})
    found = [(fault.path, fault.code) for fault in body.faults("BE-FED", None)]
    assert found == [
        ("/authority", "not-yours"),
        ("/federal", "one-authority"),
        ("/authority", "authority-unknown"),
        ("/goods/1", "control-code-unknown"),
    ]
    assert OpenBody.model_validate(DOSSIER).faults("BE-VLG", "Europe/Brussels") == ()
