"""What AES and NCTS messages have in common: wrappers, header, times, and the way from a message to a reading.

National systems wrap a message and move it: SOAP 1.1 or 1.2, an element of their own around it, another namespace,
qualified children, or `Header` and `Body` inside the message. All of these are the same message.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import NamedTuple

from lxml import etree

from services.core.errors import Fault, Refused
from services.core.values import Mrn
from services.customs.adapters.xml.formats import moment
from services.customs.adapters.xml.reader import Reader, local
from services.customs.adapters.xml.schema import Form, Node, read, schema
from services.customs.domain.reading import Lodged, Reading, Statement

_NAME = re.compile(r"C[CD][0-9]{3}[A-Z]")
_WRAPPERS = 5
_NAMESPACES = ("http://ecs.dgtaxud.ec", "http://ncts.dgtaxud.ec")


@dataclass(frozen=True)
class Received:
    """A message with its header read. `operation`: its ExportOperation or TransitOperation."""

    system: "System"
    node: Node
    operation: Node
    reader: Reader
    zone: tzinfo
    stated_at: datetime | None

    def at(self, *times: datetime | date | None) -> datetime | None:
        """The first time that is stated, else the time of the message; None only after a fault."""
        stated = next((time for time in times if time is not None), None)
        return self.stated_at if stated is None else instant(stated, self.stated_at, self.zone)

    def mrn(self) -> Mrn | None:
        text = self.operation.text("MRN")
        return None if text is None else Mrn(text)

    def first(self, *texts: str | None) -> str | None:
        return next((text for text in texts if text), None)

    def office(self, name: str) -> str | None:
        """The reference number of a customs office."""
        office = self.node.node(name)
        return None if office is None else office.text("referenceNumber")


Make = Callable[[Received], Statement | None]
"""What a message states; None after a fault."""


class System(NamedTuple):
    """AES or NCTS: where its schema is, what its parts are called, and what each kind of message states.

    `invalidation`: the kind of message by which customs decides on an invalidation.
    """

    name: str
    schema: str
    operation: str
    declarant: str
    invalidation: str
    kinds: Mapping[str, Make]


def find(root: etree._Element) -> etree._Element | None:
    """The message inside its wrappers; None when this is no message of AES or NCTS, whichever kind."""
    element = root
    for _ in range(_WRAPPERS):
        if _NAME.fullmatch(local(element)):
            return element
        named = [child for child in element if _NAME.fullmatch(local(child))]
        inner = named or [child for child in element if local(child) != "Header"]
        if len(inner) != 1:
            return None
        element = inner[0]
    return None


def not_read(message: etree._Element, kinds: Iterable[str]) -> Refused:
    """The refusal of a message of a kind that is not among those read here."""
    path, kind = Reader(()).path(message), local(message)
    fault = Fault(path, "message.not-read", f"{kind} is not read here; read are {', '.join(sorted(kinds))}")
    return Refused(422, "The message is understood but not acceptable", (fault,))


def read_message(message: etree._Element, system: System, zone: tzinfo) -> Reading:
    """What a message says. Refused 422 with the path of each fault."""
    kind = local(message)
    reader = Reader([etree.QName(message).namespace or "", *_NAMESPACES])
    node = read(reader, message, _form(system, kind), _children(reader, message))
    written = node.time("preparationDateAndTime")
    stated_at = None if written is None else instant(written, None, zone)
    if node.text("messageType") not in {None, kind}:
        detail = f"messageType of a {kind} is {kind}, not {node.text('messageType')!r}"
        reader.fault(message, "value.invalid", detail, below="messageType")
    operation = node.node(system.operation)
    statement: Statement | None = None
    received = None if operation is None else Received(system, node, operation, reader, zone, stated_at)
    if received is not None:
        statement = system.kinds[kind](received)
        if (mrn := received.mrn()) is not None:
            reader.check_digit(mrn, f"{reader.path(received.operation.element)}/MRN")
    warnings = reader.finish()
    assert statement is not None and received is not None  # noqa: S101, PT018 - else `finish` has refused
    return _reading(kind, system, received, statement, warnings)


def _reading(
    kind: str, system: System, received: Received, statement: Statement, warnings: tuple[Fault, ...]
) -> Reading:
    node = received.node
    identification = str(node.text("messageIdentification"))
    party = node.node(system.declarant)
    return Reading(
        kind=kind,
        system=system.name,
        identity=(system.name.lower(), str(node.text("messageSender")), identification),
        message_id=identification,
        statement=statement,
        mrn=None if isinstance(statement, Lodged) else received.mrn(),
        lrn=received.operation.text("LRN"),
        declarant=None if party is None else party.text("identificationNumber"),
        stated_at=received.stated_at,
        warnings=warnings,
    )


def _form(system: System, kind: str) -> Form:
    return schema(system.schema).messages[kind]


def _children(reader: Reader, message: etree._Element) -> Iterable[etree._Element]:
    """The children, those of `Header` and `Body` included where a system has put them there."""
    first = next(iter(message), None)
    if first is None or reader.own_name(str(first.tag)) not in {"Header", "Body"}:
        return message
    return [one for part in message for one in part]


def instant(value: datetime | date, stated_at: datetime | None, zone: tzinfo) -> datetime:
    """A moment from a time that may lack its zone or be a day only (see `moment`)."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=zone).astimezone(UTC)
    found = moment(value, stated_at, zone)
    assert found is not None  # noqa: S101 - a day gives a moment
    return found
