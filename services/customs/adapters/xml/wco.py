"""WCO-DMS messages (data model 3.6): declarations, amendments and notifications in their `MetaData` wrapper.

The inner `Declaration` is validated with the official schema; the wrapper is not, because published messages do not
hold to its own schema either. A notification is validated when it is namespaced; many senders write notifications
without any namespace, which no schema can match, so those are judged by the checks of `wco_response` alone.
"""

from datetime import tzinfo

from lxml import etree

from services.core.errors import Fault, Refused
from services.core.values import Mrn, parse_eori
from services.customs.adapters.xml import wco_amendment, wco_declaration, wco_response, xsd
from services.customs.adapters.xml.formats import an, wco_time
from services.customs.adapters.xml.reader import Reader, local
from services.customs.domain.reading import Amendment, Lodged, Reading

DECLARATION = "urn:wco:datamodel:WCO:DEC-DMS:2"
RESPONSE = "urn:wco:datamodel:WCO:RES-DMS:2"
NAMESPACES = (
    DECLARATION,
    RESPONSE,
    "urn:wco:datamodel:WCO:Declaration_DS:DMS:2",
    "urn:wco:datamodel:WCO:Response_DS:DMS:2",
    "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2",
)

_ORIGINAL, _AMENDMENT = "9", "13"


def is_wco(root: etree._Element) -> bool:
    return etree.QName(root).namespace in {*NAMESPACES, None} and local(root) in {"MetaData", "Declaration", "Response"}


def read(root: etree._Element, zone: tzinfo) -> Reading:
    """What a WCO-DMS message says. Refused 415 for one that is not taken here, 422 with the path of each fault."""
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
    function, kind = reader.text(element, "FunctionCode"), reader.text(element, "TypeCode") or ""
    amends = _amends(reader, element, function, kind)
    xsd.check_declaration(reader, element)
    lrn = reader.needed(element, "FunctionalReferenceID", an(35))
    stated_at = reader.value(element, "IssueDateTime/DateTimeString", wco_time(zone))
    reader.value(element, "AcceptanceDateTime/DateTimeString", wco_time(zone))
    declarant = reader.value(element, "Declarant/ID", parse_eori)
    mrn: Mrn | None = None
    statement: Lodged | Amendment | None
    if amends:
        mrn = reader.mrn(element, "ID")
        statement = wco_amendment.read(reader, element, mrn, stated_at)
    else:
        if declarant is None:
            reader.needed(element, "Declarant/ID", parse_eori)
        declaration = wco_declaration.read(reader, element)
        statement = None if declaration is None else Lodged(declaration)
    warnings = reader.finish()
    assert statement is not None and lrn is not None  # noqa: S101, PT018 - else `finish` has refused
    issued = reader.text(element, "IssueDateTime/DateTimeString")
    return Reading(
        kind="COR" if amends else "DEC",
        system="WCO",
        identity=("wco", declarant or mrn or "", lrn, str(function), issued) if issued else (),
        message_id=lrn,
        statement=statement,
        mrn=mrn,
        lrn=lrn,
        declarant=declarant,
        stated_at=stated_at,
        warnings=warnings,
    )


def _amends(reader: Reader, element: etree._Element, function: str | None, kind: str) -> bool:
    """Whether it is an amendment, else an original. Refused 415 when it is neither, 422 when it is no export."""
    if function == _AMENDMENT and kind == "COR":
        return True
    if function != _ORIGINAL:
        raise Refused(
            415, f"A declaration of FunctionCode {function} and TypeCode {kind} is not a message this door takes"
        )
    if not kind.startswith(("EX", "CO")):
        detail = f"line {element.sourceline}: TypeCode {kind!r} is no export declaration (EX… or CO…)"
        fault = Fault(f"{reader.path(element)}/TypeCode", "declaration.not-an-export", detail)
        raise Refused(422, "The message is understood but not acceptable", (fault,))
    return False
