"""JSON messages: the facts of the contract's examples, and the pointer of each fault."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Refused
from services.core.facts import Fact
from services.core.messages import (
    DeclarationAccepted,
    DeclarationInvalidated,
    ExitItem,
    ExitResult,
    GoodsExited,
    GoodsReleased,
    ReleaseRefused,
)
from services.customs.adapters.json import reader as json_reader
from services.customs.domain.reading import Reading, Stated
from tests.unit.customs.written import MRN, as_json, declaration, event

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def fact(fields: dict[str, Any]) -> Fact:
    statement = json_reader.read(as_json(fields)).statement
    assert isinstance(statement, Stated)
    return statement.fact


def refusal(body: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        json_reader.read(body)
    return refused.value


def faults(fields: Any) -> list[tuple[str, str]]:
    refused = refusal(as_json(fields))
    assert refused.status == 422
    return [(fault.path, fault.code) for fault in refused.faults]


def with_item(**changed: Any) -> dict[str, Any]:
    return declaration(items=[declaration()["items"][0] | changed])


def with_document(**changed: Any) -> dict[str, Any]:
    return with_item(documents=[declaration()["items"][0]["documents"][0] | changed])


def test_a_declaration_is_an_accepted_fact_of_its_version() -> None:
    made = fact(declaration())
    assert isinstance(made, DeclarationAccepted)
    assert (made.mrn, made.version, made.lrn, made.procedure) == (MRN, 1, "ANR-2026-77", "10")
    assert made.accepted_at == datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
    (item,) = made.items
    (document,) = item.documents
    assert (document.quantity, document.amount, document.line) == (Decimal(1), Decimal("100000.00"), 1)
    assert (document.unit, document.currency) == ("NAR", "EUR")
    assert (item.procedure, item.consignee, item.destination) == ("10", None, None)
    assert made.consignee is not None
    assert made.consignee.country == "IN"


def test_an_amendment_is_a_higher_version() -> None:
    made = fact(declaration(version=2, amended_at="2026-03-02T12:00:00+01:00"))
    assert isinstance(made, DeclarationAccepted)
    assert (made.version, made.amended_at) == (2, datetime(2026, 3, 2, 11, tzinfo=UTC))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            event("release", released_at="2026-03-02T09:00:00Z"),
            GoodsReleased(fact_id="", mrn=MRN, released_at=AT),
        ),
        (
            event("no-release", decided_at="2026-03-02T10:00:00+01:00", reason="r"),
            ReleaseRefused(fact_id="", mrn=MRN, decided_at=AT, reason="r"),
        ),
        (
            event("invalidation", invalidated_at="2026-03-02t09:00:00z"),
            DeclarationInvalidated(fact_id="", mrn=MRN, invalidated_at=AT),
        ),
        (
            event("exit", exited_at="2026-03-02T09:00:00Z", result="A1"),
            GoodsExited(fact_id="", mrn=MRN, exited_at=AT, result=ExitResult.A1, final=True),
        ),
        (
            event(
                "exit",
                exited_at="2026-03-02T09:00:00Z",
                result="A4",
                final=False,
                items=[{"item": 2}, {"item": 1, "quantity": "0"}],
            ),
            GoodsExited(
                fact_id="",
                mrn=MRN,
                exited_at=AT,
                result=ExitResult.A4,
                final=False,
                items=(ExitItem(item=1, quantity=Decimal(0)), ExitItem(item=2)),
            ),
        ),
    ],
)
def test_each_event_is_a_fact(message: dict[str, Any], expected: Fact) -> None:
    assert fact(message) == expected


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        (declaration(other=1), "/other", "extra_forbidden"),
        (with_item(**{"a/b~c": 1}), "/items/0/a~1b~0c", "extra_forbidden"),
        (declaration(mrn="26BE"), "/mrn", "value_error"),
        (declaration(version="1"), "/version", "int_type"),
        (declaration(version=True), "/version", "int_type"),
        (declaration(version=0), "/version", "greater_than_equal"),
        (declaration(version=2**31), "/version", "less_than_equal"),
        (declaration(accepted_at="2026-03-02T08:15:00"), "/accepted_at", "value_error"),
        (declaration(accepted_at=1772439300), "/accepted_at", "value_error"),
        (declaration(accepted_at="2026-02-30T08:15:00Z"), "/accepted_at", "value_error"),
        (declaration(accepted_at="9999-12-31T23:59:59Z"), "/accepted_at", "value_error"),
        (declaration(accepted_at="9999-12-31T23:59:59-14:00"), "/accepted_at", "value_error"),
        (declaration(accepted_at="0001-01-01T00:00:00+14:00"), "/accepted_at", "value_error"),
        (declaration(sender="a\x1fb"), "/sender", "value_error"),
        (declaration(message_id="a\nb"), "/message_id", "value_error"),
        (declaration(procedure="1"), "/procedure", "string_pattern_mismatch"),
        (declaration(exporter={"country": "BE"}), "/exporter", "value_error"),
        (declaration(exporter={"eori": "nobody"}), "/exporter/eori", "value_error"),
        (declaration(country_of_destination="India"), "/country_of_destination", "value_error"),
        (declaration(items=[]), "/items", "too_short"),
        (declaration(items=declaration()["items"] * 2), "", "value_error"),
        (with_item(commodity_code="abc"), "/items/0/commodity_code", "value_error"),
        (with_item(net_mass_kg=1200), "/items/0/net_mass_kg", "value_error"),
        (with_item(net_mass_kg="1.0000001"), "/items/0/net_mass_kg", "value_error"),
        (with_item(net_mass_kg="1e3"), "/items/0/net_mass_kg", "value_error"),
        (with_item(net_mass_kg="-1"), "/items/0/net_mass_kg", "value_error"),
        (with_document(quantity=1), "/items/0/documents/0/quantity", "value_error"),
        (with_document(quantity="0"), "/items/0/documents/0/quantity", "value_error"),
        (with_document(unit=None), "/items/0/documents/0", "value_error"),
        (with_document(currency=None), "/items/0/documents/0", "value_error"),
        (with_document(reference=""), "/items/0/documents/0/reference", "value_error"),
        (with_document(line=1.0), "/items/0/documents/0/line", "int_type"),
        (with_item(description="\0"), "/items/0/description", "value_error"),
        (event("exit", exited_at="2026-03-02T09:00:00Z", result="C1"), "/result", "literal_error"),
        (event("release"), "/released_at", "missing"),
        ({}, "/kind", "union_tag_not_found"),
        ([], "", "object_type"),
    ],
)
def test_a_fault_is_told_with_its_pointer(fields: Any, path: str, code: str) -> None:
    assert faults(fields) == [(path, code)]


def test_an_unknown_kind_is_an_unknown_type() -> None:
    assert refusal(as_json(event("transit"))).status == 415


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"kind": "release",\n  "mrn": }', "line 2, column 10"),
        (b"", "line 1, column 1"),
        (b'{"a": 1}\n{"b": 2}', "line 2, column 1"),
        (b'{"a":\n"\xff"}', "line 2, column 2"),
        ('{"a": 1}'.encode("utf-16"), "line 1, column 1"),
        (b'{"a": 1, "a": 2}', "line 1, column 1"),
        (b'{"a": NaN}', "line 1, column 1"),
        (b'{"a": "\\ud800"}', "line 1, column 1"),
        (b'{"\\uDFFF\\uD800": 1}', "line 1, column 1"),
        (b"[" * 100_000, "line 1, column 1"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "line 1, column 1"),
    ],
)
def test_what_is_no_json_is_malformed_with_line_and_column(body: bytes, path: str) -> None:
    refused = refusal(body)
    assert (refused.status, refused.faults[0].path) == (400, path)


def test_a_message_of_more_than_five_mebibytes_is_too_large() -> None:
    assert refusal(b" " * (5 * 1024 * 1024 + 1)).status == 413


def test_a_check_digit_that_does_not_hold_is_a_warning() -> None:
    (warning,) = json_reader.read(as_json(declaration(mrn="26BE343000000001A2"))).warnings
    assert (warning.path, warning.code) == ("/mrn", "mrn.check-digit")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5), st.data())
def test_no_value_in_any_place_is_more_than_a_refusal(value: Any, data: st.DataObject) -> None:
    """Whatever stands in a field, the answer is a reading or a refusal, never an error of ours."""
    message = declaration()
    place = data.draw(st.sampled_from([message, message["items"][0], message["items"][0]["documents"][0]]))
    place[data.draw(st.sampled_from(sorted(place)))] = value
    body = as_json(message)
    answer: object
    try:
        answer = json_reader.read(body)
    except Refused as refused:
        answer = refused.status
    assert isinstance(answer, Reading) or answer in {415, 422}


def test_an_object_of_a_hundred_thousand_names_is_malformed_and_not_a_hundred_thousand_faults() -> None:
    body = b"{" + b",".join(b'"a%d":1' % n for n in range(100_000)) + b"}"
    refused = refusal(body)
    assert (refused.status, [fault.path for fault in refused.faults]) == (400, ["line 1, column 1"])
