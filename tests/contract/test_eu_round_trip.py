"""The same declaration in AES and in JSON is the same fact, also after it was bytes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.core.messages import DeclarationAccepted
from services.core.values import LicenceRef
from services.customs.adapters import intake
from services.customs.domain.lodgement import join
from services.customs.domain.reading import Logged, Stated
from services.runtime.codec import Codec
from services.simulator import json_messages, xml_aes
from services.simulator.declarations import Declaration, Document, Format, Item, Outgoing
from services.simulator.mrn import export_mrn
from services.simulator.parties import CONSIGNEES, FORWARDERS, HOLDERS

ZONE = ZoneInfo("Europe/Brussels")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
PRINTED = st.characters(exclude_categories=["C", "Z"], include_characters=" ")
TEXTS = st.text(PRINTED, min_size=1, max_size=70).map(str.strip).filter(bool).map(lambda text: " ".join(text.split()))
FIGURES = st.decimals("0.000001", "9999999999", places=6)
# The sum of the items is a figure of the message too.
AMOUNTS = st.decimals("0.01", "9999999999999", places=2)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    if draw(st.booleans()):
        return Document("Y901", draw(TEXTS))
    measured, valued = draw(st.booleans()), draw(st.booleans())
    return Document(
        draw(st.sampled_from(["X060", "C400", "N380", "9104"])),
        LicenceRef(draw(TEXTS)),
        draw(st.none() | st.integers(1, 99_999)),
        draw(FIGURES) if measured else None,
        draw(st.sampled_from(["NAR", "KGM", "KGM#G", "GFI"])) if measured else None,
        draw(AMOUNTS) if valued else None,
        draw(st.sampled_from(["EUR", "USD"])) if valued else None,
    )


@st.composite
def items(draw: st.DrawFn, number: int) -> Item:
    return Item(
        number,
        draw(TEXTS),
        draw(st.from_regex(r"[0-9]{8}", fullmatch=True)),
        draw(st.decimals("0.000001", "9999999999", places=6)),
        draw(AMOUNTS),
        tuple(draw(st.lists(documents(), max_size=4))),
    )


@st.composite
def declarations(draw: st.DrawFn) -> Declaration:
    return Declaration(
        export_mrn(draw(st.integers(1, 99_999))),
        draw(st.from_regex(r"[A-Z0-9-]{1,22}", fullmatch=True)),
        Format.AES,
        NEW_YEAR + timedelta(seconds=draw(st.integers(0, 86_400 * 80))),
        draw(st.sampled_from(HOLDERS)),
        draw(st.sampled_from(FORWARDERS)),
        draw(st.sampled_from(CONSIGNEES)),
        draw(st.sampled_from(["IN", "AE", "BR"])),
        tuple(draw(items(number)) for number in range(1, draw(st.integers(1, 4)) + 1)),
    )


def from_xml(lodged: Sequence[Outgoing]) -> DeclarationAccepted:
    """The fact that a declaration and its acceptance give together."""
    messages = []
    for outgoing in lodged:
        reading = intake.read(outgoing.body, "application/xml", None, ZONE)
        messages.append(Logged(id=outgoing.id, party="p", sha256="0", received_at=NEW_YEAR, reading=reading))
    (fact,) = [outcome.fact for outcome in join(messages, []) if outcome.fact is not None]
    assert isinstance(fact, DeclarationAccepted)
    return fact


def from_json(declaration: Declaration) -> DeclarationAccepted:
    (outgoing,) = json_messages.lodge(declaration)
    statement = intake.read(outgoing.body, "application/json", None, UTC).statement
    assert isinstance(statement, Stated)
    assert isinstance(statement.fact, DeclarationAccepted)
    return statement.fact


def comparable(fact: DeclarationAccepted) -> DeclarationAccepted:
    """Without what only one of the two formats states, and documents in one order: AES tells references last."""
    references = {True: 1, False: 0}
    told = [
        replace(item, documents=tuple(sorted(item.documents, key=lambda d: references[d.type.startswith("Y")])))
        for item in fact.items
    ]
    exporter = replace(fact.exporter, name=None)
    consignee = None if fact.consignee is None else replace(fact.consignee, address=None)
    return replace(
        fact,
        fact_id="",
        sources=(),
        declarant=None,
        office_of_exit=None,
        border_mode=None,
        exporter=exporter,
        consignee=consignee,
        items=tuple(told),
    )


@given(declarations())
def test_a_declaration_is_the_same_fact_in_aes_as_avro_and_in_json(declaration: Declaration) -> None:
    fact = from_xml(xml_aes.lodge(declaration))
    again = Codec().decode(Codec().encode(fact))
    assert again == fact
    assert comparable(again) == comparable(from_json(declaration))
    assert all(isinstance(item.statistical_value, Decimal) for item in fact.items)
