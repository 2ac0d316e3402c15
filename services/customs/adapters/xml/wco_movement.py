"""Movements of the British inventory linking service (EAL, EAA, EDL, RET; EMR and ERS; its controls and queries).

A movement names its goods by a unique consignment reference, not by an MRN: what it does to a declaration is told under
the MRN by DMSACC or DMSRES (arrival) and DMSEOG (departure). Only a query's answer says which declaration stands behind
a reference; it then gives the furthest movement as a fact. All others are taken with a note.
"""

from datetime import datetime, tzinfo
from typing import Final

from lxml import etree

from services.core.errors import Refused
from services.core.messages import ArrivedAtExit, ExitResult, GoodsExited
from services.core.values import Mrn
from services.customs.adapters.xml.formats import moment, one_of, xml_time
from services.customs.adapters.xml.reader import Reader, local
from services.customs.domain.reading import NothingToDo, Reading, Stated, Statement

NAMESPACE: Final = "http://gov.uk/customs/inventoryLinking/v1"

_PREFIX = "inventoryLinking"
_ARRIVAL, _DEPARTURE = "EAL", "EDL"
CODES: Final = {
    "EAL": "arrival",
    "EAA": "anticipated arrival",
    "EDL": "departure",
    "RET": "retrospective arrival",
    "EMR": "movements under a master reference",
    "ERS": "status of an entry",
    "EAC": "association with a master reference",
    "CST": "closing of a master reference",
    "QUE": "query",
}
_TAKEN = (
    "inventoryLinkingMovementRequest",
    "inventoryLinkingMovementResponse",
    "inventoryLinkingMovementTotalsResponse",
    "inventoryLinkingControlResponse",
    "inventoryLinkingConsolidationRequest",
    "inventoryLinkingQueryRequest",
    "inventoryLinkingQueryResponse",
)
_REFUSED_BY_CUSTOMS = "3"


def is_movement(root: etree._Element) -> bool:
    return etree.QName(root).namespace in {NAMESPACE, None} and local(root).startswith(_PREFIX)


def read(root: etree._Element, zone: tzinfo) -> Reading:
    """What a movement message says. Refused 415 for one that is not taken here, 422 with the path of each fault."""
    kind = local(root)
    if kind not in _TAKEN:
        raise Refused(415, f"{kind} is not a message this door takes; it takes {', '.join(_TAKEN)}")
    reader = Reader((NAMESPACE,))
    if kind == "inventoryLinkingQueryResponse":
        return _answer(reader, root, zone)
    code = _code(reader, root) if kind != "inventoryLinkingQueryRequest" else "QUE"
    reference = reader.first(root, "movementReference")
    at = _at(reader, root, zone)
    statement = _noted(reader, root, kind, code)
    warnings = reader.finish()
    assert code is not None  # noqa: S101 - else `finish` has refused
    return Reading(
        kind=code,
        system="WCO",
        identity=(),
        message_id=None if reference is None else (reference.text or "").strip()[:35] or None,
        statement=statement,
        stated_at=at,
        warnings=warnings,
    )


def _code(reader: Reader, element: etree._Element) -> str | None:
    """The code of a message; published totals repeat themselves, code and all."""
    stated = reader.children(element, "messageCode")
    if not stated:
        reader.required(element, "messageCode")
    codes = reader.each(element, "messageCode", one_of(*CODES))
    for empty in stated if not codes else ():
        if not (empty.text or "").strip():
            reader.fault(empty, "value.missing", "messageCode is empty")
    return next(iter(codes), None)


def _at(reader: Reader, element: etree._Element, zone: tzinfo) -> datetime | None:
    for name in ("goodsDepartureDateTime", "goodsArrivalDateTime"):
        times = reader.each(element, name, xml_time(zone))
        if times:
            return moment(times[0], None, zone)
    return None


def _noted(reader: Reader, root: etree._Element, kind: str, code: str | None) -> NothingToDo:
    """What is announced, of which reference, and where its effect will be told."""
    references = [reader.text(one, "ucr") for one in _blocks(reader, root)]
    which = ", ".join(sorted({r for r in references if r})) or reader.text(root, "masterUCR") or "no reference"
    if kind == "inventoryLinkingControlResponse" and reader.text(root, "actionCode") == _REFUSED_BY_CUSTOMS:
        return NothingToDo(f"customs refused the {CODES.get(code or '', 'message')} of {which}")
    effect = "its effect on a declaration is told under the MRN (DMSACC or DMSRES, DMSEOG)"
    return NothingToDo(f"{CODES.get(code or '', 'message')} of {which}: {effect}")


def _blocks(reader: Reader, root: etree._Element) -> list[etree._Element]:
    entries = [block for entry in reader.children(root, "entry") for block in reader.children(entry, "ucrBlock")]
    return [*reader.children(root, "ucrBlock"), *reader.children(root, "ucr"), *entries]


def _answer(reader: Reader, root: etree._Element, zone: tzinfo) -> Reading:
    """A query's answer about one declaration reference, which names its declaration and its movements so far."""
    asked = reader.child(root, "queriedDUCR")
    mrn = None if asked is None else reader.mrn(asked, "declarationID")
    statement: Statement = NothingToDo("no movement of a declaration is told")
    if asked is not None and mrn is not None:
        statement = _furthest(reader, asked, mrn, zone) or statement
    warnings = reader.finish()
    return Reading(
        kind="QUE", system="WCO", identity=(), message_id=None, statement=statement, mrn=mrn, warnings=warnings
    )


def _furthest(reader: Reader, asked: etree._Element, mrn: Mrn, zone: tzinfo) -> Statement | None:
    """The departure when there is one, else the first arrival. An anticipated arrival has not happened."""
    arrived: datetime | None = None
    for movement in reader.children(asked, "movement"):
        code = _code(reader, movement)
        at = _at(reader, movement, zone)
        if at is None and code in {_ARRIVAL, _DEPARTURE}:
            reader.fault(movement, "element.missing", "a movement has its time", below="goodsArrivalDateTime")
        elif at is not None and code == _DEPARTURE:
            return Stated(GoodsExited(fact_id="", mrn=mrn, exited_at=at, result=ExitResult.A1, final=True))
        elif at is not None and code == _ARRIVAL:
            arrived = at if arrived is None else min(arrived, at)
    return None if arrived is None else Stated(ArrivedAtExit(fact_id="", mrn=mrn, arrived_at=arrived))
