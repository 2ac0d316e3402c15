"""Walking a message: values by local name, every fault noted with its path, none raised until all are known.

Children are found by local name in no namespace or in one of the message's own, whatever the prefix and the order.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from lxml import etree

from services.core.errors import Fault, Refused
from services.core.values import Mrn, mrn_check_digit_holds, parse_mrn

T = TypeVar("T")

_MOST_FAULTS = 100


def local(element: etree._Element) -> str:
    return etree.QName(element).localname


class Reader:
    """Reads one message and collects its faults and warnings."""

    def __init__(self, namespaces: Collection[str]) -> None:
        self._namespaces = tuple(namespaces)
        self._names: dict[str, str | None] = {}
        self._children: dict[etree._Element, dict[str, list[etree._Element]]] = {}
        self._steps: dict[etree._Element, dict[etree._Element, str]] = {}
        self._faults: list[Fault] = []
        self._warnings: list[Fault] = []

    def path(self, element: etree._Element) -> str:
        """XPath of an element without prefixes: `/CC515C/GoodsShipment/GoodsItem[2]/Commodity`."""
        steps = []
        while (parent := element.getparent()) is not None:
            if parent not in self._steps:
                self._steps[parent] = _steps(parent)
            steps.append(self._steps[parent][element])
            element = parent
        return "/" + "/".join([local(element), *reversed(steps)])

    def fault(self, element: etree._Element, code: str, detail: str, below: str = "") -> None:
        """Note a fault at an element, or at a child of it that is missing (`below`)."""
        if not self.full:
            path = self.path(element) + (f"/{below}" if below else "")
            self._faults.append(Fault(path, code, f"line {element.sourceline}: {detail}"))

    def warn(self, element: etree._Element, code: str, detail: str) -> None:
        """Note what its sender should know of a message that is acceptable."""
        if len(self._warnings) < _MOST_FAULTS:
            self._warnings.append(Fault(self.path(element), code, f"line {element.sourceline}: {detail}"))

    def fault_at(self, path: str, code: str, detail: str) -> None:
        self._faults.append(Fault(path, code, detail))

    @property
    def full(self) -> bool:
        """Whether enough faults are known: more would cost time and help nobody."""
        return len(self._faults) >= _MOST_FAULTS

    def finish(self) -> tuple[Fault, ...]:
        """The warnings. Refused 422 with every fault when there is one."""
        if self._faults:
            raise Refused(422, "The message is understood but not acceptable", tuple(dict.fromkeys(self._faults)))
        return tuple(self._warnings)

    def children(self, element: etree._Element | None, name: str) -> Sequence[etree._Element]:
        return () if element is None else self._named(element).get(name, ())

    def _named(self, element: etree._Element) -> dict[str, list[etree._Element]]:
        """The children by name. Made once: a message is asked for many more elements than it holds."""
        named = self._children.get(element)
        if named is None:
            named = self._children[element] = {}
            for child in element:
                name = self.own_name(child.tag)
                if name is not None:
                    named.setdefault(name, []).append(child)
        return named

    def own_name(self, tag: str) -> str | None:
        """The local name; None in a namespace that is not the message's own."""
        if tag not in self._names:
            namespace, _, name = tag.rpartition("}")
            self._names[tag] = name if not namespace or namespace[1:] in self._namespaces else None
        return self._names[tag]

    def child(self, element: etree._Element | None, path: str) -> etree._Element | None:
        """The one element at a path of names; a fault when a step is there twice."""
        for name in path.split("/"):
            if element is None:
                return None
            found = self._named(element).get(name)
            if found is None:
                return None
            if len(found) > 1:
                self.fault(found[1], "element.repeated", f"{name} may be there once")
            element = found[0]
        return element

    def first(self, element: etree._Element | None, path: str) -> etree._Element | None:
        """The first element at a path of names, whose steps may be there many times."""
        for name in path.split("/"):
            element = next(iter(self.children(element, name)), None)
        return element

    def text(self, element: etree._Element | None, path: str) -> str | None:
        """The text at a path; None when it is absent or empty."""
        found = self.child(element, path)
        return None if found is None else ((found.text or "").strip() or None)

    def required(self, element: etree._Element, path: str) -> etree._Element | None:
        """The element at a path; a fault when it is absent."""
        found = self.child(element, path)
        if found is None:
            self.fault(element, "element.missing", f"{path} is missing", below=path)
        return found

    def value(self, element: etree._Element | None, path: str, parse: Callable[[str], T]) -> T | None:
        """The parsed value at a path; None when absent or empty; a fault when it cannot be read."""
        found = self.child(element, path)
        text = None if found is None else found.text
        if found is None or not text or text.isspace():
            return None
        return self._parsed(found, text, parse)

    def each(self, element: etree._Element, name: str, parse: Callable[[str], T]) -> list[T]:
        """The parsed values of all children of a name; a fault for each that cannot be read."""
        found = [(child, child.text or "") for child in self.children(element, name)]
        values = [self._parsed(child, text, parse) for child, text in found if text and not text.isspace()]
        return [value for value in values if value is not None]

    def _parsed(self, found: etree._Element, text: str, parse: Callable[[str], T]) -> T | None:
        """The text is taken exactly: outer space is the parser's to judge."""
        try:
            return parse(text)
        except ValueError as error:
            self.fault(found, "value.invalid", str(error))
            return None

    def needed(self, element: etree._Element | None, path: str, parse: Callable[[str], T]) -> T | None:
        """Like `value`, and a fault when it is absent or empty."""
        if element is None:
            return None
        found = self.required(element, path)
        if found is None:
            return None
        text = found.text
        if not text or text.isspace():
            self.fault(found, "value.missing", f"{path} is empty")
            return None
        return self._parsed(found, text, parse)

    def mrn(self, element: etree._Element | None, path: str) -> Mrn | None:
        """The MRN at a path, required. A check digit that does not hold is a warning: hand-made MRNs fail it."""
        mrn = self.needed(element, path, parse_mrn)
        if mrn is not None and element is not None:
            found = self.child(element, path)
            self.check_digit(mrn, self.path(found) if found is not None else path)
        return mrn

    def check_digit(self, mrn: Mrn, path: str) -> None:
        """A warning when the check digit does not hold."""
        if not mrn_check_digit_holds(mrn):
            self.warn_at(path, "mrn.check-digit", f"the check digit of {mrn} does not hold")

    def warn_at(self, path: str, code: str, detail: str) -> None:
        """Note what is doubtful about a message that is acceptable."""
        self._warnings.append(Fault(path, code, detail))

    def unique(self, elements: Iterable[tuple[etree._Element, int | None]]) -> None:
        """Item numbers of a declaration are there once."""
        seen: set[int] = set()
        for element, number in elements:
            if number is not None and number in seen:
                self.fault(element, "item.repeated", f"item number {number} is there twice")
            if number is not None:
                seen.add(number)


def _steps(parent: etree._Element) -> dict[etree._Element, str]:
    """The step to each child, with its place where the name is there more than once. Linear: senders may be hostile."""
    names = [local(child) for child in parent]
    total, seen = Counter(names), Counter[str]()
    steps: dict[etree._Element, str] = {}
    for child, name in zip(parent, names, strict=True):
        seen[name] += 1
        steps[child] = name if total[name] == 1 else f"{name}[{seen[name]}]"
    return steps
