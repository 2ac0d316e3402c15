"""The same declaration in WCO-DMS and in JSON is the same fact, also after it was bytes."""

from dataclasses import replace

from hypothesis import given

from services.core.messages import DeclarationAccepted
from services.runtime.codec import Codec
from services.simulator import xml_wco
from services.simulator.declarations import Declaration
from tests.contract.test_eu_round_trip import comparable, declarations, from_json, from_xml


def without_lines(fact: DeclarationAccepted) -> DeclarationAccepted:
    """WCO-DMS has no element for the line of a licence."""
    items = [replace(i, documents=tuple(replace(d, line=None) for d in i.documents)) for i in fact.items]
    return replace(comparable(fact), items=comparable(replace(fact, items=tuple(items))).items)


@given(declarations())
def test_a_declaration_is_the_same_fact_in_wco_as_avro_and_in_json(declaration: Declaration) -> None:
    fact = from_xml(xml_wco.lodge(declaration))
    again = Codec().decode(Codec().encode(fact))
    assert again == fact
    assert without_lines(again) == without_lines(from_json(declaration))
