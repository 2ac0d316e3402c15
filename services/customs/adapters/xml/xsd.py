"""The official WCO DMS schemas, compiled at first use and kept."""

import re
from functools import cache
from importlib.resources import as_file, files
from threading import get_ident

from lxml import etree

from services.customs.adapters.xml.reader import Reader, local

# `/*[3]`, `/p1:DateTimeString` or `/name[2]`: without a prefix of its own, an element is counted among all.
_LONGEST = 500
"""Characters of a reason: the schema processor repeats the whole value that is wrong."""
_STEP = re.compile(r"/(?:[^/:]+:)?([^/:\[]+)(?:\[([0-9]+)\])?")


@cache
def _schema(name: str, _thread: int) -> etree.XMLSchema:
    """One per thread: what a schema found wrong is kept in the schema object."""
    with as_file(files("services.customs.adapters.xml") / "xsd") as folder:
        parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
        return etree.XMLSchema(etree.parse(folder / name, parser))


def check_declaration(reader: Reader, declaration: etree._Element) -> None:
    """Note what the DEC-DMS schema finds wrong with a `Declaration`."""
    _check(reader, declaration, "declaration/WCO_DEC_2_DMS.xsd")


def check_response(reader: Reader, response: etree._Element) -> None:
    """Note what the RES-DMS schema finds wrong with a `Response`."""
    _check(reader, response, "notification/WCO_RES_2_DMS.xsd")


def _check(reader: Reader, element: etree._Element, name: str) -> None:
    schema = _schema(name, get_ident())
    if schema.validate(element):
        return
    for error in schema.error_log:  # type: ignore[attr-defined]  # the stubs do not know that a log is iterable
        if reader.full:
            return
        detail = f"line {error.line}: {_without_namespaces(error.message)[:_LONGEST]}"
        reader.fault_at(_path(reader, element, error.path), "xsd.invalid", detail)


def _path(reader: Reader, root: etree._Element, path: str | None) -> str:
    """The schema's path counts from the validated element and knows few names; ours counts from the message."""
    found = root
    for name, place in _STEP.findall(path or "")[1:]:
        children = [child for child in found if name in {"*", local(child)}]
        if len(children) < int(place or 1):
            break
        found = children[int(place or 1) - 1]
    return reader.path(found)


def _without_namespaces(message: str) -> str:
    parts = message.split("{")
    return parts[0] + "".join(part.partition("}")[2] for part in parts[1:])
