"""Whatever is done to a good message, the answer is a reading or a refusal with its place, never an error of ours."""

from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from services.core.errors import Refused
from services.customs.adapters import intake
from services.customs.domain.reading import Reading
from tests.unit.customs.written import about, cc515c, cc528c
from tests.unit.customs.written_eu import AES_SAMPLES
from tests.unit.customs.written_ncts import NCTS_SAMPLES

SAMPLES = sorted(p for p in (Path(__file__).parents[2] / "contract" / "samples").glob("*.xml") if p.name[0] != "a")
CONTROL = "<ExitControlResult><exitDate>2026-03-02</exitDate><code>A1</code></ExitControlResult>"
WRITTEN = [cc515c(), cc528c(), *(about(kind, "", CONTROL) for kind in ("CC509C", "CC529C", "CC551C", "CC599C"))]
EU = [*AES_SAMPLES.values(), *NCTS_SAMPLES.values()]
GOOD = [*WRITTEN, *EU, *(path.read_bytes() for path in SAMPLES)]
TEXTS = st.sampled_from(
    ["", " ", "0", "-1", "x" * 600, "é", "2026-13-01", "1.2.3", "A1", "09", "99999999999"]
) | st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=20)


def answer(body: bytes) -> Reading | Refused:
    try:
        return intake.read(body, "application/xml", None, UTC)
    except Refused as refused:
        return refused


def mutate(root: etree._Element, data: st.DataObject) -> None:
    """One element loses something, or gets what it should not have."""
    elements = list(root.iter("*"))
    element = elements[data.draw(st.integers(0, len(elements) - 1))]
    parent = element.getparent()
    match data.draw(st.sampled_from(["text", "drop", "double", "empty", "rename", "attributes"])):
        case "text":
            element.text = data.draw(TEXTS)
        case "drop" if parent is not None:
            parent.remove(element)
        case "double" if parent is not None:
            parent.append(etree.fromstring(etree.tostring(element)))
        case "empty":
            element.clear()
        case "rename":
            element.tag = data.draw(st.sampled_from(["Other", "{urn:other}LRN", "MRN", "GoodsItem"]))
        case _:
            element.attrib.clear()


@settings(max_examples=5 * settings().max_examples)
@given(st.data())
def test_a_damaged_message_is_read_or_refused_with_its_places(data: st.DataObject) -> None:
    root = etree.fromstring(data.draw(st.sampled_from(GOOD)))
    for _ in range(data.draw(st.integers(1, 4))):
        mutate(root, data)
    given_answer = answer(etree.tostring(root))
    if isinstance(given_answer, Refused):
        assert given_answer.status in {400, 415, 422}
        assert given_answer.status != 422 or given_answer.faults
        assert all(fault.path and fault.code and fault.detail for fault in given_answer.faults)


@settings(max_examples=3 * settings().max_examples)
@given(st.sampled_from(GOOD), st.data())
def test_damaged_bytes_are_read_or_refused(body: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(body) - 1))
    junk = data.draw(st.binary(max_size=6))
    given_answer = answer(body[:place] + junk + body[place + data.draw(st.integers(0, 40)) :])
    assert isinstance(given_answer, Reading) or given_answer.status in {400, 415, 422}


@pytest.mark.parametrize("body", GOOD)
def test_the_good_messages_are_read(body: bytes) -> None:
    """Else damaging them would show nothing."""
    assert isinstance(answer(body), Reading)
