"""Parties and documents of AES and NCTS declarations, and the rules between their elements."""

from collections.abc import Sequence

from services.core.messages import Document, Party
from services.core.transliteration import transliterated
from services.core.values import CommodityCode, CountryCode, Currency, Eori
from services.customs.adapters.xml.formats import unit
from services.customs.adapters.xml.reader import Reader
from services.customs.adapters.xml.schema import Node

# TARIC: certificates and licences (C, X) are supporting documents, declarations that none is needed (Y) are references.
_SUPPORTING, _REFERENCES = ("C", "X"), ("Y",)
CODE_NOT_DECLARED = CommodityCode("000000")
"""Of goods whose commodity code is not stated: it is in no nomenclature."""
_FIGURES = ("measurementUnitAndQualifier", "quantity", "currency", "amount")


def party(reader: Reader, node: Node | None, *, needed: bool = False, eori_alone: bool = True) -> Party | None:
    """A party by EORI, or by name and address. A fault when it has neither and is needed.

    `eori_alone`: name and address do not stand beside an EORI, which already tells them.
    """
    if node is None:
        return None
    eori, name, address = node.text("identificationNumber"), node.text("name"), node.node("Address")
    if eori_alone and eori is not None and (name is not None or address is not None):
        reader.fault(node.element, "party.identified", f"no name and no Address stand beside the EORI {eori}")
    if eori is None and name is None:
        if needed and "identificationNumber" not in node and "name" not in node:
            reader.fault(node.element, "party.unknown", "a party has an identificationNumber or a name")
        return None
    lines = [] if address is None else [address.text(part) for part in ("streetAndNumber", "postcode", "city")]
    return Party(
        name=name,
        eori=None if eori is None else Eori(eori),
        address=", ".join(line for line in lines if line) or None,
        country=country(address, "country"),
        transliteration=transliterated(name),
    )


def country(node: Node | None, name: str) -> CountryCode | None:
    text = None if node is None else node.text(name)
    return None if text is None else CountryCode(text)


def documents(reader: Reader, node: Node, *, write_off: bool) -> list[Document]:
    """Supporting documents, then additional references. `write_off`: figures may stand here (DE 12 03: items only)."""
    found = [_supporting(reader, one, write_off=write_off) for one in node.nodes("SupportingDocument")]
    found += [_reference(reader, one) for one in node.nodes("AdditionalReference")]
    return [document for document in found if document is not None]


def _supporting(reader: Reader, node: Node, *, write_off: bool) -> Document | None:
    kind, reference = node.text("type"), node.text("referenceNumber")
    quantity, amount, currency = node.number("quantity"), node.number("amount"), node.text("currency")
    _place(reader, node, kind, _REFERENCES, "an AdditionalReference")
    if write_off:
        _together(reader, node, "quantity", "measurementUnitAndQualifier", "unit.missing", "quantity.missing")
        _together(reader, node, "amount", "currency", "currency.missing", "amount.missing")
    elif any(figure in node for figure in _FIGURES):
        reader.fault(node.element, "write-off.level", "write-off figures stand at goods item level only")
    if kind is None or reference is None:
        return None
    measured = node.text("measurementUnitAndQualifier")
    return Document(
        type=kind,
        reference=reference,
        line=node.integer("documentLineItemNumber"),
        quantity=quantity,
        unit=None if measured is None else unit(measured),
        amount=amount,
        currency=None if currency is None else Currency(currency),
    )


def _reference(reader: Reader, node: Node) -> Document | None:
    kind = node.text("type")
    _place(reader, node, kind, _SUPPORTING, "a SupportingDocument")
    return None if kind is None else Document(type=kind, reference=node.text("referenceNumber") or "")


def _place(reader: Reader, node: Node, kind: str | None, others: tuple[str, ...], where: str) -> None:
    if kind is not None and kind.startswith(others):
        reader.fault(node.element, "document.place", f"type {kind} stands in {where}", below="type")


def _together(reader: Reader, node: Node, figure: str, measure: str, no_measure: str, no_figure: str) -> None:
    """A figure and what it is counted in are there both or not at all."""
    if figure in node and measure not in node:
        reader.fault(node.element, no_measure, f"{figure} {node.number(figure)} has no {measure}", below=measure)
    if measure in node and figure not in node:
        reader.fault(node.element, no_figure, f"{measure} {node.text(measure)} has no {figure}", below=figure)


def unique(reader: Reader, nodes: Sequence[Node]) -> None:
    """Item numbers of a declaration are there once."""
    reader.unique((node.element, node.integer("declarationGoodsItemNumber")) for node in nodes)


def commodity_code(commodity: Node) -> CommodityCode | None:
    """HS subheading (an6) and, when stated, the two digits of the combined nomenclature."""
    code = commodity.node("CommodityCode")
    heading = None if code is None else code.text("harmonizedSystemSubHeadingCode")
    if code is None or heading is None:
        return None
    return CommodityCode(heading + (code.text("combinedNomenclatureCode") or ""))
