"""Mutations of structure: elements and fields dropped, doubled, moved, renamed, emptied, or with values of others."""

import json
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from lxml import etree

from tests.integration.fuzz.corpus import Real, tags
from tests.integration.fuzz.values import RAW_JSON, STRANGE

_NAMESPACES = ("", "urn:other", "http://ecs.dgtaxud.ec", "http://ncts.dgtaxud.ec", "urn:wco:datamodel:WCO:DEC-DMS:2")
MANY = 300
"""A tree of so many elements or fields is large enough."""
_MARK = "\ue000raw "
"""Begins a string that is put into JSON text as it is, without quotes."""


def treewise(random: Random, real: Real, body: bytes) -> bytes:
    """One to four changes of a tree that stays one."""
    changes = random.choice((1, 1, 1, 2, 2, 4))
    return _json(random, body, changes) if real.is_json else _xml(random, body, changes)


def _xml(random: Random, body: bytes, changes: int) -> bytes:
    try:
        root = etree.fromstring(body)
    except etree.XMLSyntaxError:
        return body
    for _ in range(changes):
        elements = [one for one in root.iter("*") if one is not root] or [root]
        random.choice(_CHANGES)(random, random.choice(elements), elements)
    return etree.tostring(root, encoding=random.choice(("utf-8", "us-ascii", "utf-8")))


def _drop(random: Random, element: etree._Element, others: list[etree._Element]) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _double(random: Random, element: etree._Element, others: list[etree._Element]) -> None:
    parent = element.getparent()
    if parent is not None:
        for _ in range(random.choice((1, 1, 2, 100, 1_000)) if len(others) < MANY else 1):
            parent.append(deepcopy(element))


def _move(random: Random, element: etree._Element, others: list[etree._Element]) -> None:
    place = random.choice(others)
    if element not in place.iterancestors() and place is not element:
        place.insert(random.randrange(len(place) + 1), element)


def _rename(random: Random, element: etree._Element, others: list[etree._Element]) -> None:
    namespace = random.choice(_NAMESPACES) if random.random() < 0.3 else etree.QName(element).namespace
    name = random.choice(tags()) if random.random() < 0.7 else etree.QName(element).localname
    element.tag = f"{{{namespace}}}{name}" if namespace else name


def _text(random: Random, element: etree._Element, others: list[etree._Element]) -> None:
    """Mostly of one that has text already."""
    leaves = [one for one in others if len(one) == 0] or others
    random.choice(leaves).text = random.choice(STRANGE)


def _other_text(random: Random, element: etree._Element, others: list[etree._Element]) -> None:
    leaves = [one for one in others if len(one) == 0] or others
    random.choice(leaves).text = random.choice(leaves).text


def _empty(random: Random, element: etree._Element, others: list[etree._Element]) -> None:
    element.clear()


def _attribute(random: Random, element: etree._Element, others: list[etree._Element]) -> None:
    for name in list(element.attrib)[:1]:
        del element.attrib[name]
    name = random.choice(("unitCode", "currencyID", "formatCode", "PhaseID", "{urn:other}x", "x"))
    element.set(name, random.choice(STRANGE))


def _wrap(random: Random, element: etree._Element, others: list[etree._Element]) -> None:
    parent = element.getparent()
    if parent is not None:
        wrapper = etree.SubElement(parent, random.choice(tags()))
        wrapper.append(element)


def _shuffle(random: Random, element: etree._Element, others: list[etree._Element]) -> None:
    parent = element.getparent()
    if parent is not None:
        children = list(parent)
        random.shuffle(children)
        parent[:] = children


_CHANGES: tuple[Callable[[Random, etree._Element, list[etree._Element]], None], ...] = (
    *(_drop, _double, _move, _rename, _text, _text, _text, _other_text, _empty, _attribute, _wrap, _shuffle),
)


def _json(random: Random, body: bytes, changes: int) -> bytes:
    try:
        root = json.loads(body)
    except ValueError:
        return body
    for _ in range(changes):
        places = list(_places(root))
        if places:
            _change(random, *random.choice(places), places)
    text = json.dumps(root, ensure_ascii=random.random() < 0.5, indent=random.choice((None, None, 1)))
    if random.random() < 0.1:
        text = text.replace("{", '{"kind": "release", ', 1)  # a name twice
    before, *rest = text.replace("\\ue000raw ", _MARK).split(f'"{_MARK}')
    return (before + "".join(_raw(part) for part in rest)).encode("utf-8", "replace")


def _raw(part: str) -> str:
    number, _, after = part.partition('"')
    return RAW_JSON[int(number)] + after


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Every container with a key in it."""
    found: list[tuple[Any, Any]] = []
    if isinstance(node, dict | list):
        for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            found.append((node, key))
            found += _places(value)
    return found


def _change(random: Random, holder: Any, key: Any, places: list[tuple[Any, Any]]) -> None:
    match random.randrange(8):
        case 0 | 1:
            holder[key] = random.choice(STRANGE)
        case 2 | 3:
            holder[key] = f"{_MARK}{random.randrange(len(RAW_JSON))}"
        case 4:
            del holder[key]
        case 5 if isinstance(holder, dict):
            holder[random.choice((*tags(), *STRANGE))] = holder.pop(key)
        case 6:
            there, name = random.choice(places)
            holder[key] = deepcopy(there[name])
        case _ if isinstance(holder, list):
            holder += [deepcopy(holder[key])] * random.choice((1, 2, 1_100 if len(places) < MANY else 1))
        case _:
            holder[key] = [holder[key]]
