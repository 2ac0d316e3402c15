"""Our XSDs as the door uses them: a message checked and read in one pass.

The schemas hold the form of what is read: types, and how often an element may be there. Two things are taken more
leniently than XSD can say, because national systems add elements and move them: children may stand in any order and in
any of the message's own namespaces, and elements that the schema does not name are passed over. An optional element
without content counts as absent. A contract test holds this reading to the judgement of an XSD processor.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

from services.customs.adapters.xml.reader import Reader
from services.customs.adapters.xml.simple_types import XS, Parse, parser

_NOT_READ = "NotRead"


class Node:
    """An element as read: values by name. Where the text of an element was at fault, its value is absent."""

    __slots__ = ("_values", "element")

    def __init__(self, element: etree._Element, values: dict[str, Any]) -> None:
        self.element = element
        self._values = values

    def text(self, name: str) -> str | None:
        found: str | None = self._values.get(name)
        return found

    def number(self, name: str) -> Decimal | None:
        found: Decimal | None = self._values.get(name)
        return found

    def integer(self, name: str) -> int | None:
        found: int | None = self._values.get(name)
        return found

    def time(self, name: str) -> datetime | date | None:
        found: datetime | date | None = self._values.get(name)
        return found

    def node(self, name: str) -> "Node | None":
        found: Node | None = self._values.get(name)
        return found

    def nodes(self, name: str) -> Sequence["Node"]:
        found: Sequence[Node] = self._values.get(name, ())
        return found

    def __contains__(self, name: str) -> bool:
        """Whether the element is there with content, even one at fault."""
        return name in self._values


class Particle(NamedTuple):
    """An element of a complex type. Neither `form` nor `parse`: it is not read. `meaning`: of a text that parses."""

    name: str
    form: "Form | None"
    parse: Parse | None
    meaning: str
    least: int
    most: int | None


class Form:
    """A complex type: its elements by name, and those that must be there."""

    __slots__ = ("particles", "required")

    def __init__(self) -> None:
        self.particles: Mapping[str, Particle] = {}
        self.required: Sequence[str] = ()

    def close(self, particles: Iterable[Particle]) -> None:
        self.particles = {particle.name: particle for particle in particles}
        self.required = [particle.name for particle in self.particles.values() if particle.least]


class Schema:
    """The messages of one file of ours, by the name of their root element."""

    def __init__(self, path: Path) -> None:
        self._groups: dict[str, etree._Element] = {}
        self._simple: dict[str, etree._Element] = {}
        self._complex: dict[str, etree._Element] = {}
        self._forms: dict[str, Form] = {}
        self._parsers: dict[str, tuple[Parse, str]] = {}
        self._roots: dict[str, str] = {}
        self._load(path)
        self.messages: Mapping[str, Form] = {name: self._form(kind) for name, kind in self._roots.items()}

    def _load(self, path: Path) -> None:
        for definition in etree.parse(path).getroot():
            name = definition.get("name", "")
            match str(definition.tag).removeprefix(XS):
                case "include":
                    self._load(path.parent / definition.get("schemaLocation", ""))
                case "element":
                    self._roots[name] = definition.get("type", "")
                case "group":
                    self._groups[name] = definition
                case "simpleType":
                    self._simple[name] = definition
                case "complexType":
                    self._complex[name] = definition

    def _form(self, name: str) -> Form:
        if name not in self._forms:
            form = self._forms[name] = Form()
            form.close(self._particles(self._complex[name]))
        return self._forms[name]

    def _particles(self, definition: etree._Element) -> Iterable[Particle]:
        for one in definition.iterfind(f"{XS}sequence/*"):
            if one.tag == f"{XS}group":
                yield from self._particles(self._groups[one.get("ref", "")])
                continue
            kind, most = one.get("type", ""), one.get("maxOccurs", "1")
            parse, meaning = self._parser(kind) if kind in self._simple else (None, "")
            yield Particle(
                name=one.get("name", ""),
                form=self._form(kind) if kind in self._complex and kind != _NOT_READ else None,
                parse=parse,
                meaning=meaning,
                least=int(one.get("minOccurs", "1")),
                most=None if most == "unbounded" else int(most),
            )

    def _parser(self, name: str) -> tuple[Parse, str]:
        if name not in self._parsers:
            self._parsers[name] = parser(self._simple[name], self._simple)
        return self._parsers[name]


@cache
def schema(name: str) -> Schema:
    """A schema below `xsd/`, such as `aes/aes.xsd`; loaded once."""
    with as_file(files("services.customs.adapters.xml") / "xsd") as folder:
        return Schema(folder / name)


def read(reader: Reader, root: etree._Element, form: Form, children: Iterable[etree._Element] | None = None) -> Node:
    """What an element holds; faults are noted. `children`: when they do not stand directly in it."""
    values: dict[str, Any] = {}
    particles = form.particles
    for child in root if children is None else children:
        tag = child.tag
        # What is in no namespace has its own name already.
        particle = particles.get(tag) or (particles.get(reader.own_name(tag) or "") if tag[0] == "{" else None)
        if particle is None:
            continue
        name, inner, parse, meaning, _, most = particle
        if parse is not None:
            text = child.text
            if not text or text.isspace():
                _empty(reader, child, particle, values)
                continue
            try:
                value = parse(text)
            except ValueError:
                reader.fault(child, "value.invalid", f"not {meaning}: {text[:80]!r}")
                value = None
        elif inner is not None:
            value = read(reader, child, inner)
        else:
            continue
        if most == 1 and name not in values:
            values[name] = value
        else:
            _keep(reader, child, particle, values, value)
    for name in form.required:
        if name not in values:
            reader.fault(root, "element.missing", f"{name} is missing", below=name)
    return Node(root, values)


def _empty(reader: Reader, element: etree._Element, particle: Particle, values: dict[str, Any]) -> None:
    """Without content an optional element counts as absent."""
    if particle.least:
        reader.fault(element, "value.missing", f"{particle.name} is empty")
        values.setdefault(particle.name, None)


def _keep(reader: Reader, element: etree._Element, particle: Particle, values: dict[str, Any], value: Any) -> None:
    """One of several, or one too many."""
    name, most = particle.name, particle.most
    if most == 1:
        reader.fault(element, "element.repeated", f"{name} may be there once")
        return
    found = values.setdefault(name, [])
    found.append(value)
    if most is not None and len(found) == most + 1:
        reader.fault(element, "element.count", f"{name} may be there {most} times")
