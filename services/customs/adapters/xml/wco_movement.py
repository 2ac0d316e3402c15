"""Movements of the British inventory linking service (EAL, EAA, EDL, RET, EAC; EMR and ERS; its controls).

A movement names its goods by a unique consignment reference (UCR), not by an MRN. An arrival or a departure is joined
by it with the declarations that name the reference (see `domain.consignment`): a request once customs has answered it,
an answer by itself when it says when. What is put under a master reference moves with it (`domain.consolidation`).
All others are taken with a note. Answers of queries are read in `wco_query`.
"""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Final

from lxml import etree

from services.core.errors import Refused
from services.customs.adapters.xml.formats import an, moment, one_of, xml_time
from services.customs.adapters.xml.reader import Reader, local
from services.customs.domain.consignment import reference
from services.customs.domain.reading import Moved, Movement, NothingToDo, Placed, Reading, Word

NAMESPACE: Final = "http://gov.uk/customs/inventoryLinking/v1"

_PREFIX = "inventoryLinking"
_WRAPPER, _DETAIL = "InventoryLinkingExportsInboundRequest", "requestDetail"
ARRIVAL, DEPARTURE = "EAL", "EDL"
_ARRIVAL_TIME, _DEPARTURE_TIME = "goodsArrivalDateTime", "goodsDepartureDateTime"
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
ANSWER: Final = "inventoryLinkingQueryResponse"
_TAKEN = (
    "inventoryLinkingMovementRequest",
    "inventoryLinkingMovementResponse",
    "inventoryLinkingMovementTotalsResponse",
    "inventoryLinkingControlResponse",
    "inventoryLinkingConsolidationRequest",
    "inventoryLinkingQueryRequest",
    ANSWER,
)
_REQUESTS = ("inventoryLinkingMovementRequest", "inventoryLinkingConsolidationRequest")
_CONTROL = "inventoryLinkingControlResponse"
_TOTALS = "inventoryLinkingMovementTotalsResponse"
_ARRIVALS, _REPORTS = (ARRIVAL, "RET"), ("EMR", "ERS")
_ASSOCIATION, _TAKEN_AWAY = "EAC", "dis"
_REFUSED_BY_CUSTOMS = "3"
_SUCCESS = "000"
_DEPARTED = "D"
"""Status of an entry (SOE) whose goods have left."""


def find(root: etree._Element) -> etree._Element | None:
    """The message, inside the wrapper of the service's gateway or not; None when this is no message of the service."""
    element = root
    if local(root) == _WRAPPER:
        inner = [one for detail in root if local(detail) == _DETAIL for one in detail]
        if len(inner) != 1:
            return None
        (element,) = inner
    return (
        element if etree.QName(element).namespace in {NAMESPACE, None} and local(element).startswith(_PREFIX) else None
    )


def read(root: etree._Element, zone: tzinfo) -> Reading:
    """What a movement message says. Refused 415 for one that is not taken here, 422 with the path of each fault."""
    kind = local(root)
    if kind not in _TAKEN:
        raise Refused(415, f"{kind} is not a message this door takes; it takes {', '.join(_TAKEN)}")
    reader = Reader((NAMESPACE,))
    code = code_of(reader, root) if kind != "inventoryLinkingQueryRequest" else "QUE"
    stated = reader.first(root, "movementReference")
    named = None if stated is None else (stated.text or "").strip()[:35] or None
    at = time_of(reader, root, zone)
    statement = _statement(reader, root, code, named, zone)
    warnings = reader.finish()
    assert code is not None  # noqa: S101 - else `finish` has refused
    return Reading(
        kind=code,
        system="WCO",
        identity=(),
        message_id=named,
        statement=statement,
        stated_at=at,
        warnings=warnings,
    )


def _statement(
    reader: Reader, root: etree._Element, code: str | None, named: str | None, zone: tzinfo
) -> Movement | NothingToDo:
    """The movement that is told, or what is announced."""
    kind, word = local(root), _word(reader, root)
    if code == _ASSOCIATION and word is not Word.REFUSED:
        return _associated(reader, root, word) or _noted(reader, root, kind, code)
    moved: tuple[Moved, ...] = ()
    if kind == _TOTALS and code in _REPORTS:
        moved = _reported(reader, root, zone)
        placed = _entries_under(reader, root) if word is Word.GRANTED else ()
        return Movement(word, moved, named, placed) if moved or placed else _noted(reader, root, kind, code)
    if code in {*_ARRIVALS, DEPARTURE}:
        time = _time(reader, root, (_DEPARTURE_TIME,) if code == DEPARTURE else (_ARRIVAL_TIME,), zone)
        found = dict.fromkeys(_reference(reader, block) for block in _blocks(reader, root))
        moved = tuple(Moved(ucr, left=code == DEPARTURE, at=time) for ucr in found if ucr is not None)
        if word is Word.ASKED and time is None and moved:
            name = _DEPARTURE_TIME if code == DEPARTURE else _ARRIVAL_TIME
            reader.warn(root, "movement.time", f"{name} is missing: without it a movement changes nothing")
    return Movement(word, moved, named) if moved else _noted(reader, root, kind, code)


def _associated(reader: Reader, root: etree._Element, word: Word) -> Movement | None:
    """What is put under a master reference, or taken away from it: then no master is named, or an older form says so.

    Customs' answer names the master reference or what is under it.
    """
    blocks = dict.fromkeys(_reference(reader, block) for block in _blocks(reader, root))
    named = [ucr for ucr in blocks if ucr is not None]
    if not named:
        return None
    if word is Word.GRANTED:
        return Movement(word, answers=tuple(named))
    away = (_first(reader, root, "transactionType") or "").lower().startswith(_TAKEN_AWAY)
    return Movement(word, placed=_under(None if away else _master(reader, root), named))


def _entries_under(reader: Reader, root: etree._Element) -> tuple[Placed, ...]:
    """The entries of totals are under the master reference they are the totals of."""
    master = _master(reader, root)
    entries = [block for entry in reader.children(root, "entry") for block in reader.children(entry, "ucrBlock")]
    named = dict.fromkeys(_reference(reader, block) for block in entries)
    return () if master is None else _under(master, [ucr for ucr in named if ucr is not None])


def _under(master: str | None, ucrs: Iterable[str]) -> tuple[Placed, ...]:
    return tuple(Placed(ucr, master) for ucr in ucrs if ucr != master)


def _master(reader: Reader, root: etree._Element) -> str | None:
    found = next(iter(reader.each(root, "masterUCR", an(35))), None)
    return None if found is None else reference(found)


def _word(reader: Reader, root: etree._Element) -> Word:
    if local(root) in _REQUESTS:
        return Word.ASKED
    refused = local(root) == _CONTROL and _first(reader, root, "actionCode") == _REFUSED_BY_CUSTOMS
    return Word.REFUSED if refused or _first(reader, root, "crc") not in {None, _SUCCESS} else Word.GRANTED


def _reported(reader: Reader, root: etree._Element, zone: tzinfo) -> tuple[Moved, ...]:
    """Where the goods of a master reference and of each entry are by now; published totals repeat themselves."""
    arrived, left = (_time(reader, root, (name,), zone) for name in (_ARRIVAL_TIME, _DEPARTURE_TIME))
    found = [(_master(reader, root), _first(reader, root, "masterSOE"))]
    for entry in reader.children(root, "entry"):
        status = _first(reader, reader.first(entry, "entryStatus"), "soe")
        found += [(_reference(reader, block), status) for block in reader.children(entry, "ucrBlock")]
    moved = [
        Moved(ucr, left=status == _DEPARTED, at=left if status == _DEPARTED else arrived)
        for ucr, status in dict.fromkeys(found)
        if ucr is not None
    ]
    return tuple(dict.fromkeys(one for one in moved if one.left or one.at is not None))


def _reference(reader: Reader, block: etree._Element) -> str | None:
    """The reference of a block; a part of one is a reference of its own."""
    ucr = reader.value(block, "ucr", an(35))
    return None if ucr is None else reference(ucr, reader.value(block, "ucrPartNo", an(35)))


def _first(reader: Reader, element: etree._Element | None, name: str) -> str | None:
    found = reader.first(element, name)
    return None if found is None else (found.text or "").strip() or None


def code_of(reader: Reader, element: etree._Element) -> str | None:
    """The code of a message; published totals repeat themselves, code and all."""
    stated = reader.children(element, "messageCode")
    if not stated:
        reader.required(element, "messageCode")
    codes = reader.each(element, "messageCode", one_of(*CODES))
    for empty in stated if not codes else ():
        if not (empty.text or "").strip():
            reader.fault(empty, "value.missing", "messageCode is empty")
    return next(iter(codes), None)


def time_of(reader: Reader, element: etree._Element, zone: tzinfo) -> datetime | None:
    return _time(reader, element, (_DEPARTURE_TIME, _ARRIVAL_TIME), zone)


def _time(reader: Reader, element: etree._Element, names: tuple[str, ...], zone: tzinfo) -> datetime | None:
    for name in names:
        times = reader.each(element, name, xml_time(zone))
        if times:
            return moment(times[0], None, zone)
    return None


def _noted(reader: Reader, root: etree._Element, kind: str, code: str | None) -> NothingToDo:
    """What is announced, and of which reference."""
    references = [_first(reader, one, "ucr") for one in _blocks(reader, root)]
    which = ", ".join(sorted({r for r in references if r})) or _first(reader, root, "masterUCR") or "no reference"
    if kind == _CONTROL and _first(reader, root, "actionCode") == _REFUSED_BY_CUSTOMS:
        return NothingToDo(f"customs refused the {CODES.get(code or '', 'message')} of {which}")
    return NothingToDo(f"{CODES.get(code or '', 'message')} of {which}: no goods arrived or left by it")


def _blocks(reader: Reader, root: etree._Element) -> list[etree._Element]:
    entries = [block for entry in reader.children(root, "entry") for block in reader.children(entry, "ucrBlock")]
    return [*reader.children(root, "ucrBlock"), *reader.children(root, "ucr"), *entries]
