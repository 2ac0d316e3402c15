"""Our XSDs of AES and NCTS: an XSD processor takes what we write, and judges as the door's own reading does."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from services.core.errors import Refused
from services.customs.adapters.xml import eu
from services.customs.adapters.xml.aes import AES
from services.customs.adapters.xml.ncts import NCTS
from services.customs.adapters.xml.reader import Reader
from services.customs.adapters.xml.schema import Form, read, schema
from services.simulator import xml_aes
from services.simulator.declarations import Format
from services.simulator.scenario import build_scenario
from tests.unit.customs.written_eu import AES_SAMPLES
from tests.unit.customs.written_ncts import NCTS_SAMPLES
from tests.unit.simulator.test_messages import AT, DECLARATION, ITEM

XSD = Path(str(files("services.customs.adapters.xml") / "xsd"))
SAMPLES: Mapping[str, bytes] = {**AES_SAMPLES, **NCTS_SAMPLES}
PROCESSORS = {system.name: etree.XMLSchema(etree.parse(XSD / system.schema)) for system in (AES, NCTS)}
_NUMBERS = "0 -1 +1 .5 1. 1e3 01 999 1000 1999 2000 100000 1234567890123456.7 1.1234567 1.5000000000 0.0000000001"
_CODES = "x A EX T2SM B1 be343000 BE343000 IN KGMG KG 26BE343000000001A1 00012345678901234567 €"
_TIMES = "2026-02-30 2026-03-02 2026-03-02T08:15:00 2026-03-02T08:15:00Z 2026-03-02T25:15:00"
_LAYOUT = ("x" * 23, "x" * 71, "x" * 513, " x", "x ", "a  b\n c", "a\tb", "1 ", " 12 ")
TEXTS = st.sampled_from([*_NUMBERS.split(), *_CODES.split(), *_TIMES.split(), *_LAYOUT])


def plain(body: bytes) -> etree._Element:
    """The message with all its elements in no namespace."""
    root = etree.fromstring(body)
    for element in root.iter("*"):
        element.tag = etree.QName(element).localname
    return root


def processor(root: etree._Element) -> etree.XMLSchema:
    return PROCESSORS["AES" if root.tag in AES.kinds else "NCTS"]


def accepted_by_door(root: etree._Element) -> bool:
    """Whether the form of the message is right; rules between elements are no matter of a schema."""
    system = AES if root.tag in AES.kinds else NCTS
    reader = Reader(())
    read(reader, root, schema(system.schema).messages[str(root.tag)])
    try:
        reader.finish()
    except Refused:
        return False
    return True


def elements_read(root: etree._Element, form: Form) -> Iterator[etree._Element]:
    """Every element below that the schema reads; what it does not read may be anything to the door."""
    for child in root:
        particle = form.particles[str(child.tag)]
        if particle.form is not None or particle.parse is not None:
            yield child
        if particle.form is not None:
            yield from elements_read(child, particle.form)


def test_there_is_a_sample_of_every_kind_that_is_read() -> None:
    assert sorted(SAMPLES) == list(eu.KINDS)


def test_the_schemas_have_every_kind_that_is_read_and_no_other() -> None:
    for system in (AES, NCTS):
        assert sorted(schema(system.schema).messages) == sorted(system.kinds)


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_sample_is_valid(kind: str) -> None:
    root = plain(SAMPLES[kind])
    assert processor(root).validate(root), processor(root).error_log
    assert accepted_by_door(root)


def test_every_aes_message_of_the_simulator_is_valid() -> None:
    """One is garbled on purpose."""
    kinds, garbled = set(), 0
    told = [send.message for send in build_scenario().sends if send.message.format is Format.AES]
    for message in (*told, *xml_aes.amend(DECLARATION.amended(AT, ITEM), 1)):
        try:
            root = plain(message.body)
        except etree.XMLSyntaxError:
            garbled += 1
            continue
        assert processor(root).validate(root), f"{message.id}: {processor(root).error_log}"
        kinds.add(message.kind)
    assert kinds >= {"CC504C", "CC513C", "CC515C", "CC528C", "CC529C", "CC599C"}
    assert garbled == 1


@settings(max_examples=20 * settings().max_examples)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_the_door_judges_the_form_as_an_xsd_processor_does(kind: str, data: st.DataObject) -> None:
    root = plain(SAMPLES[kind])
    system = AES if kind in AES.kinds else NCTS
    elements = list(elements_read(root, schema(system.schema).messages[kind]))
    element = elements[data.draw(st.integers(0, len(elements) - 1))]
    parent = element.getparent()
    assert parent is not None
    match data.draw(st.sampled_from(["text", "drop", "double"])):
        case "text" if len(element) == 0:
            element.text = data.draw(TEXTS)
        case "double":
            element.addnext(etree.fromstring(etree.tostring(element)))
        case _:
            parent.remove(element)
    assert accepted_by_door(root) == processor(root).validate(root), processor(root).error_log


def test_the_door_passes_over_elements_that_it_does_not_know_and_takes_any_order() -> None:
    """What XSD cannot say: that is why the door reads by the schema and not by a processor."""
    root = plain(SAMPLES["CC515C"])
    root.insert(0, etree.Element("NationalExtension"))
    root.append(root.find("ExportOperation"))  # type: ignore[arg-type]  # it is there
    assert not processor(root).validate(root)
    assert accepted_by_door(root)
