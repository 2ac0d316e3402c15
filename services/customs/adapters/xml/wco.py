"""WCO-DMS messages (data model 3.6): declarations, amendments and notifications in their `MetaData` wrapper.

The inner `Declaration` is validated with the official schema; the wrapper is not, because published messages do not
hold to its own schema either. A notification is validated when it is namespaced; many senders write notifications
without any namespace, which no schema can match, so those are judged by the checks of `wco_response` alone.
"""

from datetime import tzinfo

from lxml import etree

from services.core.errors import Fault, Refused
from services.core.values import Mrn, parse_eori
from services.customs.adapters.xml import wco_amendment, wco_declaration, wco_movement, wco_query, wco_response, xsd
from services.customs.adapters.xml.formats import an, wco_time
from services.customs.adapters.xml.reader import Reader, local
from services.customs.domain.reading import Cancellation, Lodged, Reading, Statement

DECLARATION = "urn:wco:datamodel:WCO:DEC-DMS:2"
RESPONSE = "urn:wco:datamodel:WCO:RES-DMS:2"
NAMESPACES = (
    DECLARATION,
    RESPONSE,
    "urn:wco:datamodel:WCO:Declaration_DS:DMS:2",
    "urn:wco:datamodel:WCO:Response_DS:DMS:2",
    "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2",
)

_ORIGINAL, _REQUEST = "9", "13"
_CORRECTION, _CANCELLATION = "COR", "INV"
_LODGED = "DEC"


def is_wco(root: etree._Element) -> bool:
    if wco_movement.find(root) is not None:
        return True
    return etree.QName(root).namespace in {*NAMESPACES, None} and local(root) in {"MetaData", "Declaration", "Response"}


def read(root: etree._Element, zone: tzinfo) -> Reading:
    """What a WCO-DMS message says. Refused 415 for one that is not taken here, 422 with the path of each fault."""
    if (movement := wco_movement.find(root)) is not None:
        answers = local(movement) == wco_movement.ANSWER
        return wco_query.read(movement, zone) if answers else wco_movement.read(movement, zone)
    reader = Reader(NAMESPACES)
    inner: etree._Element | None = root
    if local(root) == "MetaData":
        found = reader.child(root, "Declaration")
        inner = reader.child(root, "Response") if found is None else found
    if inner is None:
        raise Refused(415, "MetaData holds neither a Declaration nor a Response")
    if local(inner) == "Response":
        if etree.QName(inner).namespace == RESPONSE:
            xsd.check_response(reader, inner)
        return wco_response.read(reader, inner, zone)
    return _declaration(reader, inner, zone)


def _declaration(reader: Reader, element: etree._Element, zone: tzinfo) -> Reading:
    function, kind = reader.text(element, "FunctionCode") or "", reader.text(element, "TypeCode") or ""
    purpose = _purpose(reader, element, function, kind)
    xsd.check_declaration(reader, element)
    lrn = reader.needed(element, "FunctionalReferenceID", an(35))
    stated_at = reader.value(element, "IssueDateTime/DateTimeString", wco_time(zone))
    reader.value(element, "AcceptanceDateTime/DateTimeString", wco_time(zone))
    declarant = reader.value(element, "Declarant/ID", parse_eori)
    mrn: Mrn | None = None
    statement: Statement | None
    if purpose == _LODGED:
        if declarant is None:
            reader.needed(element, "Declarant/ID", parse_eori)
        declaration = wco_declaration.read(reader, element, kind)
        statement = None if declaration is None else Lodged(declaration)
    else:
        mrn = reader.mrn(element, "ID")
        amends = purpose == _CORRECTION
        statement = (
            wco_amendment.read(reader, element, mrn, stated_at) if amends else _cancellation(reader, element, mrn)
        )
    warnings = reader.finish()
    assert statement is not None and lrn is not None  # noqa: S101, PT018 - else `finish` has refused
    issued = reader.text(element, "IssueDateTime/DateTimeString")
    return Reading(
        kind=purpose,
        system="WCO",
        identity=("wco", declarant or mrn or "", lrn, function, issued) if issued else (),
        message_id=lrn,
        statement=statement,
        mrn=mrn,
        lrn=lrn,
        declarant=declarant,
        stated_at=stated_at,
        warnings=warnings,
    )


def _cancellation(reader: Reader, element: etree._Element, mrn: Mrn | None) -> Cancellation | None:
    """A request changes nothing: customs decides it, and tells with DMSINV that the declaration is invalid."""
    reason = wco_response.information(reader, element, "AES")
    return None if mrn is None else Cancellation(mrn, reason)


def _purpose(reader: Reader, element: etree._Element, function: str, kind: str) -> str:
    """What the message is for. Refused 415 when it is for nothing that is taken here, 422 when it is no export."""
    if function == _REQUEST and kind in {_CORRECTION, _CANCELLATION}:
        return kind
    if function != _ORIGINAL:
        raise Refused(
            415, f"A declaration of FunctionCode {function} and TypeCode {kind} is not a message this door takes"
        )
    if not kind.startswith(("EX", "CO")):
        detail = f"line {element.sourceline}: TypeCode {kind!r} is no export declaration (EX… or CO…)"
        fault = Fault(f"{reader.path(element)}/TypeCode", "not-an-export", detail)
        raise Refused(422, "The message is understood but not acceptable", (fault,))
    if kind[2:] not in wco_declaration.KINDS:
        known = ", ".join(wco_declaration.KINDS)
        detail = f"line {element.sourceline}: {kind!r} ends in no additional declaration type ({known})"
        fault = Fault(f"{reader.path(element)}/TypeCode", "value.invalid", detail)
        raise Refused(422, "The message is understood but not acceptable", (fault,))
    return _LODGED
