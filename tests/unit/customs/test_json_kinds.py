"""JSON messages for the whole life of a shipment: forms of declarations, events at exit, overrides and paper."""

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Refused
from services.core.facts import Fact
from services.core.messages import (
    ArrivedAtExit,
    DeclarationAccepted,
    DeclarationForm,
    ExitProof,
    ExitReleased,
    ExitStopped,
    GoodsExited,
    GoodsPresented,
    ReleaseOverridden,
)
from services.customs.adapters.http.examples import JSON_EXAMPLES
from services.customs.adapters.json import reader as json_reader
from services.customs.domain.paper import paper_mrn
from services.customs.domain.reading import Reading
from tests.unit.customs.test_json import fact, faults
from tests.unit.customs.written import MRN, OTHER_MRN, as_json, declaration, event

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
NINE = "2026-03-02T09:00:00Z"
OFFICE = "BE343000"


def accepted(**changed: Any) -> DeclarationAccepted:
    made = fact(declaration(**changed))
    assert isinstance(made, DeclarationAccepted)
    return made


def paper(**changed: Any) -> dict[str, Any]:
    """The paper write-off of the description, without an MRN."""
    fields: dict[str, Any] = {**JSON_EXAMPLES["paper-write-off"]["value"], **changed}
    return {name: value for name, value in fields.items() if name != "mrn" or "mrn" in changed}


def written(**changed: Any) -> dict[str, Any]:
    line = paper()["write_offs"][0] | changed
    return paper(write_offs=[{name: value for name, value in line.items() if value is not None}])


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (event("presentation", presented_at=NINE), GoodsPresented(fact_id="", mrn=MRN, presented_at=AT)),
        (
            event("override", decided_at=NINE, officer="BE-17", reason="seen on paper"),
            ReleaseOverridden(fact_id="", mrn=MRN, decided_at=AT, officer="BE-17", reason="seen on paper"),
        ),
        (
            event("arrival", arrived_at=NINE, office_of_exit=OFFICE),
            ArrivedAtExit(fact_id="", mrn=MRN, arrived_at=AT, office_of_exit=OFFICE),
        ),
        (event("exit-release", released_at=NINE), ExitReleased(fact_id="", mrn=MRN, released_at=AT)),
        (
            event("exit-stop", stopped_at=NINE, reason="seal broken"),
            ExitStopped(fact_id="", mrn=MRN, stopped_at=AT, reason="seal broken"),
        ),
    ],
)
def test_each_event_is_a_fact(message: dict[str, Any], expected: Fact) -> None:
    assert fact(message) == expected


@pytest.mark.parametrize(("proof", "kept"), [("exit", ExitProof.EXIT), ("alternative", ExitProof.ALTERNATIVE)])
def test_how_an_exit_is_known_is_kept(proof: str, kept: ExitProof) -> None:
    made = fact(event("exit", exited_at=NINE, result="A1", proof=proof))
    assert isinstance(made, GoodsExited)
    assert made.proof is kept


@pytest.mark.parametrize(
    ("form", "kept"),
    [
        ("standard", DeclarationForm.STANDARD),
        ("simplified", DeclarationForm.SIMPLIFIED),
        ("supplementary", DeclarationForm.SUPPLEMENTARY),
        ("retrospective", DeclarationForm.RETROSPECTIVE),
        ("re-export-notification", DeclarationForm.RE_EXPORT_NOTIFICATION),
    ],
)
def test_the_form_of_a_declaration_is_kept(form: str, kept: DeclarationForm) -> None:
    assert accepted(form=form).form is kept


@pytest.mark.parametrize("procedure", ["T", "T1", "T2", "T2F", "T2SM", "TIR"])
def test_a_transit_declaration_has_a_transit_procedure(procedure: str) -> None:
    assert accepted(form="transit", procedure=procedure).procedure == procedure


def test_what_matters_for_the_time_and_the_exit_is_kept() -> None:
    made = accepted(pre_lodged=True, office_of_exit=OFFICE, border_mode="4", containerised=True)
    assert (made.pre_lodged, made.office_of_exit, made.border_mode, made.containerised) == (True, OFFICE, "4", True)
    assert accepted() == accepted(form="standard", pre_lodged=False, containerised=False, completes=[])


def test_a_supplementary_declaration_names_what_it_completes_once() -> None:
    assert accepted(form="supplementary", completes=[OTHER_MRN, OTHER_MRN]).completes == (OTHER_MRN,)


def test_a_paper_write_off_is_a_declaration_of_its_own_form() -> None:
    made = fact(paper())
    assert isinstance(made, DeclarationAccepted)
    assert made.mrn == paper_mrn(OFFICE, "SAD 2026/4711", AT)
    assert (made.form, made.lrn, made.office_of_export) == (DeclarationForm.PAPER, "SAD 2026/4711", OFFICE)
    (item,) = made.items
    (document,) = item.documents
    assert (document.reference, document.line, document.quantity) == ("VL/2026/000123", 1, Decimal(1))


def test_a_paper_that_has_an_mrn_keeps_it() -> None:
    made = fact(paper(mrn=MRN))
    assert isinstance(made, DeclarationAccepted)
    assert made.mrn == MRN
    assert json_reader.read(as_json(paper())).warnings == (), "the key of a paper has its check digit"


def test_who_wrote_it_off_is_kept_with_the_message() -> None:
    """The officer stands in the exact bytes, which are kept: the fact is about the goods."""
    assert faults({name: value for name, value in paper().items() if name != "officer"}) == [("/officer", "missing")]


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        (declaration(form="paper"), "/form", "literal_error"),
        (declaration(pre_lodged="yes"), "/pre_lodged", "bool_type"),
        (declaration(border_mode="0"), "/border_mode", "string_pattern_mismatch"),
        (declaration(office_of_exit="x"), "/office_of_exit", "string_pattern_mismatch"),
        (declaration(completes=[OTHER_MRN]), "", "value_error"),
        (declaration(completes=["x"]), "/completes/0", "value_error"),
        (declaration(form="transit"), "", "value_error"),
        (declaration(procedure="T1"), "", "value_error"),
        (declaration(procedure="T3"), "/procedure", "string_pattern_mismatch"),
        (event("override", decided_at=NINE, reason="r"), "/officer", "missing"),
        (event("override", decided_at=NINE, officer="o"), "/reason", "missing"),
        (event("arrival", arrived_at=NINE, final=True), "/final", "extra_forbidden"),
        (event("exit", exited_at=NINE, result="A1", proof="none"), "/proof", "literal_error"),
        (event("exit", exited_at=NINE, result="A1", items=[{"item": 1}, {"item": 1}]), "", "value_error"),
        (paper(version=1.0), "/version", "int_type"),
        (paper(office="BE"), "/office", "string_pattern_mismatch"),
        (paper(write_offs=[]), "/write_offs", "too_short"),
        (written(quantity=None, amount=None), "/write_offs/0", "value_error"),
        (written(unit=None), "/write_offs/0", "value_error"),
        (written(currency=None), "/write_offs/0", "value_error"),
        (written(quantity=1.0), "/write_offs/0/quantity", "value_error"),
        (written(quantity="-0"), "/write_offs/0/quantity", "value_error"),
        (written(item=1), "/write_offs/0/item", "extra_forbidden"),
    ],
)
def test_a_fault_is_told_with_its_pointer(fields: Any, path: str, code: str) -> None:
    assert faults(fields) == [(path, code)]


@given(
    st.sampled_from(sorted(JSON_EXAMPLES)),
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5),
    st.data(),
)
def test_no_value_in_any_place_of_any_kind_is_more_than_a_refusal(kind: str, value: Any, data: st.DataObject) -> None:
    message = copy.deepcopy(JSON_EXAMPLES[kind]["value"])
    message[data.draw(st.sampled_from(sorted(message)))] = value
    answer: object
    try:
        answer = json_reader.read(as_json(message))
    except Refused as refused:
        answer = refused.status
    assert isinstance(answer, Reading) or answer in {400, 415, 422}
