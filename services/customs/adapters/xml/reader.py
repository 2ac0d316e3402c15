"""Walking a message: values by local name, every fault noted with its path, none raised until all are known.

Children are found by local name in no namespace or in one of the message's own, whatever the prefix and the order.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
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
        self._tags: dict[str, frozenset[str]] = {}
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

    def children(self, element: etree._Element | None, name: str) -> list[etree._Element]:
        if element is None:
            return []
        if name not in self._tags:
            self._tags[name] = frozenset((name, *(f"{{{namespace}}}{name}" for namespace in self._namespaces)))
        tags = self._tags[name]
        return [child for child in element if child.tag in tags]

    def child(self, element: etree._Element | None, path: str) -> etree._Element | None:
        """The one element at a path of names; a fault when a step is there twice."""
        for name in path.split("/"):
            found = self.children(element, name)
            if len(found) > 1:
                self.fault(found[1], "element.repeated", f"{name} may be there once")
            element = found[0] if found else None
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
        if found is None or found.text is None or not found.text.strip():
            return None
        return self.read(found, parse)

    def read(self, found: etree._Element, parse: Callable[[str], T]) -> T | None:
        """The parsed text of an element, taken exactly: outer space is the parser's to judge."""
        try:
            return parse(found.text or "")
        except ValueError as error:
            self.fault(found, "value.invalid", str(error))
            return None

    def needed(self, element: etree._Element | None, path: str, parse: Callable[[str], T]) -> T | None:
        """Like `value`, and a fault when it is absent or empty."""
        if element is None:
            return None
        found = self.required(element, path)
        if found is not None and not (found.text or "").strip():
            self.fault(found, "value.missing", f"{path} is empty")
            return None
        return None if found is None else self.read(found, parse)

    def mrn(self, element: etree._Element | None, path: str) -> Mrn | None:
        """The MRN at a path, required. A check digit that does not hold is a warning: hand-made MRNs fail it."""
        mrn = self.needed(element, path, parse_mrn)
        if mrn is not None and element is not None and not mrn_check_digit_holds(mrn):
            found = self.child(element, path)
            where = self.path(found) if found is not None else path
            self._warnings.append(Fault(where, "mrn.check-digit", f"the check digit of {mrn} does not hold"))
        return mrn

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
