"""What one format says, the others say too: XML as senders write it → the fact → Avro → JSON → the same fact."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from services.core.messages import DeclarationAccepted
from services.customs.adapters import intake
from services.customs.domain.lodgement import join
from services.customs.domain.reading import Logged
from services.runtime.codec import Codec
from tests.contract import canonical_aes, canonical_json, canonical_wco
from tests.contract.canonical import declarations

WRITERS = {"AES": canonical_aes.messages, "WCO-DMS": canonical_wco.messages, "JSON": canonical_json.messages}
TYPES = {"AES": "application/xml", "WCO-DMS": "application/xml", "JSON": "application/json"}
NOT_CARRIED: Mapping[str, Mapping[str, str]] = {
    "AES": {},
    "WCO-DMS": {"items.documents.line": "the model has no element for it: a document means its licence's only line"},
    "JSON": {},
}
"""What a format has no place for, and why. All else must come back."""
OURS = frozenset({"fact_id", "sources"})
"""Of our log, not of a message."""
thorough = settings(max_examples=2 * settings().max_examples, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("format_", ["AES", "WCO-DMS"])
@thorough
@given(made=declarations())
def test_a_declaration_says_the_same_in_xml_avro_and_json(format_: str, made: DeclarationAccepted) -> None:
    read = fact_of(format_, made)
    assert told(read, format_) == told(made, format_)
    kept = Codec().decode(Codec().encode(read))
    assert kept == read
    assert isinstance(kept, DeclarationAccepted)
    assert told(fact_of("JSON", kept), "JSON") == told(kept, "JSON")


@thorough
@given(made=declarations())
def test_a_declaration_comes_back_from_json_as_it_was(made: DeclarationAccepted) -> None:
    assert told(fact_of("JSON", made), "JSON") == told(made, "JSON")


def fact_of(format_: str, made: DeclarationAccepted) -> DeclarationAccepted:
    """What the door makes of it, written in a format; acceptance and declaration joined where they come apart."""
    at = datetime(2026, 3, 2, 8, tzinfo=UTC)
    log = [
        Logged(
            id=f"{number:032x}",
            party="customs",
            sha256="0" * 64,
            received_at=at,
            reading=intake.read(body, TYPES[format_], None, canonical_aes.ZONE),
        )
        for number, body in enumerate(WRITERS[format_](made))
    ]
    facts = [outcome.fact for outcome in join(log, set())] if len(log) > 1 else [log[0].fact()]
    (found,) = [fact for fact in facts if fact is not None]
    assert isinstance(found, DeclarationAccepted)
    return found


def told(made: DeclarationAccepted, format_: str) -> list[tuple[str, Any]]:
    """Every field with its path, but for what the format has no place for."""
    left_out = {*OURS, *NOT_CARRIED[format_]}
    return [(place, value) for place, value in _flat(made, "") if not _within(place, left_out)]


def _flat(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if is_dataclass(value):
        for field in fields(value):
            yield from _flat(getattr(value, field.name), f"{place}.{field.name}".lstrip("."))
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            yield from _flat(one, f"{place}[{number}]")
    else:
        yield place, value


def _within(place: str, names: set[str]) -> bool:
    plain = "".join(part.partition("]")[2] if "]" in part else part for part in place.split("["))
    return any(plain == name or plain.startswith(f"{name}.") for name in names)
