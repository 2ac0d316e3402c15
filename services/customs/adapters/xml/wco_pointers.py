"""Pointers of a WCO message: which part of a declaration they name.

A pointer is a chain of sections from `42A` (Declaration) down, such as `67A` (GoodsShipment), `68A` (goods item) and
`02A` (AdditionalDocument), each with its place where there are several; the last may name one element by its tag. What
each number stands for is told by the official schema itself (`WCOID`), which is read here instead of being repeated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from lxml import etree

from services.customs.adapters.xml.formats import integer
from services.customs.adapters.xml.reader import Reader, local

ITEM: Final = "GoodsShipment/GovernmentAgencyGoodsItem"

_XS = "{http://www.w3.org/2001/XMLSchema}"
_DECLARATION = "42A"
_PLACE = integer(1, 9_999)


@dataclass(frozen=True)
class Target:
    """What one chain of pointers names: a path of names below `Declaration`, and the places it gives on the way.

    `item` and `document` are the places of the goods item and of the document below it, where the chain has them.
    `at` is the last pointer: faults are told there.
    """

    path: str
    item: int | None
    document: int | None
    at: etree._Element

    def within(self, path: str) -> bool:
        """Whether it is the part at `path` or lies below it."""
        return self.path == path or self.path.startswith(f"{path}/")

    def above(self, path: str) -> bool:
        """Whether the part at `path` lies below it."""
        return not self.path or path.startswith(f"{self.path}/")

    def touches(self, path: str) -> bool:
        return self.within(path) or self.above(path)


def targets(reader: Reader, element: etree._Element) -> Sequence[Target]:
    """The targets of all `Amendment`s, in order; a fault at each pointer that the schema does not know."""
    found = [_target(reader, one) for one in reader.children(element, "Amendment")]
    return [target for target in found if target is not None]


def _target(reader: Reader, amendment: etree._Element) -> Target | None:
    names: list[str] = []
    at, item, document = amendment, None, None
    pointers = reader.children(amendment, "Pointer")
    for number, at in enumerate(pointers):
        section = reader.text(at, "DocumentSectionCode")
        place = reader.value(at, "SequenceNumeric", _PLACE)
        if number == 0 and section == _DECLARATION:
            continue
        if section is not None and not _step(reader, at, names, section):
            return None
        if "/".join(names) == ITEM:
            item = place
        if "/".join(names) == f"{ITEM}/AdditionalDocument":
            document = place
    tag = reader.text(at, "TagID") if pointers else None
    if tag is not None and not _step(reader, at, names, tag):
        return None
    return Target("/".join(names), item, document, at)


def _step(reader: Reader, at: etree._Element, names: list[str], number: str) -> bool:
    """Go down to the part of that number, or note that there is none."""
    name = _parts().get("/".join(names), {}).get(number)
    if name is None:
        where = "/".join(["Declaration", *names])
        reader.fault(at, "amendment.pointer-unknown", f"{where} has no part {number[:20]!r} in the official schema")
        return False
    names.append(name)
    return True


@cache
def _parts() -> Mapping[str, Mapping[str, str]]:
    """For each path of names below `Declaration`, the names of its parts by their WCO number."""
    schema = files("services.customs.adapters.xml") / "xsd" / "declaration" / "WCO_DEC_2_DMS.xsd"
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    root = etree.fromstring(schema.read_bytes(), parser)
    parts: dict[str, dict[str, str]] = {}
    _collect(root.find(f"{_XS}complexType"), (), parts)
    return parts


def _collect(kind: etree._Element | None, path: tuple[str, ...], parts: dict[str, dict[str, str]]) -> None:
    if kind is None:
        return
    below = parts["/".join(path)] = {}
    for element in kind.iterfind(f"{_XS}sequence/{_XS}element"):
        inner, name = element.find(f"{_XS}complexType"), str(element.get("name"))
        number = _number(element) or (None if inner is None else _number(inner))
        if number is not None:
            below[number] = name
        _collect(inner, (*path, name), parts)


def _number(element: etree._Element) -> str | None:
    """The WCO number in the element's own annotation."""
    notes = element.iterfind(f"{_XS}annotation/{_XS}documentation/*")
    return next(((note.text or "").strip() for note in notes if local(note) == "WCOID"), None)
