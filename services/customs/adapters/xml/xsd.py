"""The official WCO DMS schemas, compiled at first use and kept."""

from functools import cache
from importlib.resources import as_file, files
from typing import Any, cast

from lxml import etree

from services.customs.adapters.xml.reader import Reader, path_of


@cache
def _schema(name: str) -> etree.XMLSchema:
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
    schema = _schema(name)
    if schema.validate(element):
        return
    for error in schema.error_log:  # type: ignore[attr-defined]  # the stubs do not know that a log is iterable
        if reader.full:
            return
        detail = f"line {error.line}: {_without_namespaces(error.message)}"
        reader.fault_at(_path(element, error.path), "xsd.invalid", detail)


def _path(root: etree._Element, path: str | None) -> str:
    """The schema's path counts from the validated element and knows no names; ours counts from the message."""
    below = (path or "").lstrip("/").partition("/")[2]
    found: list[etree._Element] = cast("Any", root.xpath(below)) if below else []
    return path_of(found[0] if found else root)


def _without_namespaces(message: str) -> str:
    parts = message.split("{")
    return parts[0] + "".join(part.partition("}")[2] for part in parts[1:])
