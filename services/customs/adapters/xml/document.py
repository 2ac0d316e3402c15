"""From bytes to an XML tree that is safe to walk.

A message is data of a stranger. Refused before anything is built from them: more than 5 MiB, a character set we do not
name, any DOCTYPE (and so every entity), more elements, or longer texts and tags, than a declaration needs; and
afterwards depth, attributes and namespaces. Nothing is fetched, nothing expanded. Comments and processing instructions
are dropped.
"""

import codecs
import re
from collections.abc import Iterable
from typing import Any, cast

from lxml import etree

from services.core.errors import Fault, Refused
from services.runtime.stretches import place_in, stretches

LARGEST = 5 * 1024 * 1024
"""Bytes of one message."""

_DEEPEST = 64
_ATTRIBUTES = 64
_ELEMENTS = 150_000
"""Real ones take 40 bytes each, with their texts: the largest message has room for fewer."""
_EQUALS_SIGNS = 150_000
"""At least one for each attribute and each namespace, and real elements have one of either."""
_CHILDREN = 20_000
"""Elements directly in one: a declaration has at most 9 999 items."""
_LONGEST = 64 * 1024
"""Characters of one text, or of one tag with its attributes. A shorter message holds none that is longer."""
_NAMESPACES = 64
"""Prefixes that hold for one element: a schema validator compares each with each."""

_FEW_ATTRIBUTES = min(_ATTRIBUTES, _NAMESPACES)
_TOO_DEEP = f"(/{'/'.join('*' * (_DEEPEST + 1))})[1]"
_TOO_FULL = f"(//*[@*[{_ATTRIBUTES + 1}] or *[{_CHILDREN + 1}]])[1]"
_OF_SHORT = etree.XPath(_TOO_DEEP), etree.XPath(_TOO_FULL)
"""The first element that is too deep, or holds too much. Threads wait for each other at them: a long text has its own.

The XML library finds it while other threads work, and makes no object per element.
"""

_CHARSETS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "iso8859-15", "cp1252", "ascii")
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']""")
_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]*\?>")
_PLACE = re.compile(r", line [0-9]+, column [0-9]+$")
# What may stand before the root element: space, comments, processing instructions.
_PROLOGUE = re.compile(r"(?:\s+|<!--.*?-->|<\?.*?\?>)*", re.DOTALL)


def parse(body: bytes, charset: str | None = None) -> etree._Element:
    """The root element. `charset`: what the transport says, it outranks the document's own (RFC 7303).

    Refused 400 with line and column when it is not well-formed or holds a DOCTYPE, 413 when it is too large, 415 for a
    character set that is not read here.
    """
    if len(body) > LARGEST:
        raise Refused(413, f"A message has at most {LARGEST} bytes")
    text = _text(body, charset)
    _refuse_doctype(text)
    if len(text) > _LONGEST:
        _refuse_bulk(text)
    try:
        root = etree.fromstring(text.encode(), _parser())
    except etree.XMLSyntaxError as error:
        line, column = error.lineno or 1, (error.offset or 0) + 1
        reason = _PLACE.sub("", error.msg or "not well-formed").strip()
        raise malformed(line, column, "xml.malformed", reason) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise malformed(1, 1, "xml.doctype", "a document type declaration is not accepted")
    _refuse_excess(root, text)
    return root


def malformed(line: int, column: int, code: str, detail: str) -> Refused:
    where = f"line {line}, column {column}"
    return Refused(400, "The message is malformed", (Fault(where, code, f"{where}: {detail}"),))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=True,
        collect_ids=False,
    )


def _text(body: bytes, charset: str | None) -> str:
    """The characters. Decoded here, not by the XML library, so that no rarely used decoder is ever reached."""
    name = _charset(body, charset)
    try:
        text = body.decode(name)
    except UnicodeError as error:
        before = body[: getattr(error, "start", 0)]
        line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
        raise malformed(line, column, "xml.characters", f"not {name}: {error}") from None
    return _DECLARATION.sub("", text.removeprefix("\ufeff"), count=1)


def _charset(body: bytes, charset: str | None) -> str:
    marked = next((name for mark, name in _BOMS if body.startswith(mark)), None)
    if marked is not None and marked != "utf-32":
        return marked
    declared = _DECLARED.match(body)
    unmarked_16 = {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}.get(body[:2])
    wanted = marked or charset or unmarked_16 or (declared.group(1).decode() if declared else "utf-8")
    try:
        name = codecs.lookup(wanted).name
    except LookupError:
        name = wanted
    if name not in _CHARSETS:
        known = "UTF-8, UTF-16, ISO-8859-1, ISO-8859-15, windows-1252, US-ASCII"
        raise Refused(415, f"Character set {wanted} is not read here; send one of {known}")
    return "utf-16-le" if name == "utf-16" else name


def _refuse_doctype(text: str) -> None:
    start = _PROLOGUE.match(text)
    place = start.end() if start else 0
    if text.startswith("<!", place):
        line = text.count("\n", 0, place) + 1
        column = place - (text.rfind("\n", 0, place) + 1) + 1
        raise malformed(line, column, "xml.doctype", "a document type declaration is not accepted, nor are entities")


def _refuse_bulk(text: str) -> None:
    """Bounds that the characters show: what is beyond them costs much more memory as a tree."""
    if text.count("<") - text.count("</") > _ELEMENTS:
        raise malformed(1, 1, "xml.elements", f"more than {_ELEMENTS} elements, comments and instructions")
    for begin, _ in stretches(text, "<", _LONGEST):
        line, column = place_in(text, max(0, begin - 1))
        raise malformed(line, column, "xml.length", f"a text or a tag of more than {_LONGEST} characters begins here")
    if text.count("=") > _EQUALS_SIGNS:
        raise malformed(1, 1, "xml.attributes", f"more than {_EQUALS_SIGNS} attributes and namespaces")


def _is_ordinary(text: str) -> bool:
    """Whether it is shown without looking into the tree that only its depth can be in excess.

    Each element takes four characters, each attribute and each namespace an equals sign.
    """
    return len(text) <= _LONGEST and text.count("=") <= _FEW_ATTRIBUTES


def _line(element: etree._Element) -> int:
    return cast("int", element.sourceline or 1)


def _refuse_excess(root: etree._Element, text: str) -> None:
    """Bounds on a tree that is already bounded in bytes, so that walking it stays cheap."""
    too_deep, too_full = _OF_SHORT if len(text) <= _LONGEST else (etree.XPath(_TOO_DEEP), etree.XPath(_TOO_FULL))
    for element in _found(too_deep, root):
        raise malformed(_line(element), 1, "xml.depth", f"elements are nested deeper than {_DEEPEST}")
    if _is_ordinary(text):
        return
    for element in _found(too_full, root):
        if len(element.attrib) > _ATTRIBUTES:
            detail = f"an element has more than {_ATTRIBUTES} attributes"
            raise malformed(_line(element), 1, "xml.attributes", detail)
        raise malformed(_line(element), 1, "xml.elements", f"an element holds more than {_CHILDREN} others directly")
    if text.count("xmlns") > _NAMESPACES:
        _refuse_namespaces(root)


def _found(expression: etree.XPath, root: etree._Element) -> list[etree._Element]:
    return list(cast("Iterable[Any]", expression(root)))


def _refuse_namespaces(root: etree._Element) -> None:
    for element in root.iter("*"):
        if len(element.nsmap) > _NAMESPACES:
            detail = f"more than {_NAMESPACES} namespaces hold for an element"
            raise malformed(_line(element), 1, "xml.namespaces", detail)
