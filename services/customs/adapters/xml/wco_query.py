"""Answers of the British inventory linking service to a query about a consignment reference.

That of a declaration's reference names the declaration: it gives the furthest movement as a fact, its own or that of
the master reference it is under. That of a master reference names what is under it and moves with it.
"""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from lxml import etree

from services.core.messages import ArrivedAtExit, ExitResult, GoodsExited
from services.core.values import Mrn
from services.customs.adapters.xml import wco_movement
from services.customs.adapters.xml.formats import an
from services.customs.adapters.xml.reader import Reader
from services.customs.domain.consignment import reference
from services.customs.domain.reading import Moved, Movement, NothingToDo, Placed, Reading, Stated, Statement, Word

_CHILDREN = ("childDUCR", "childMUCR")


def read(root: etree._Element, zone: tzinfo) -> Reading:
    """What an answer tells of. Refused 422 with the path of each fault."""
    reader = Reader((wco_movement.NAMESPACE,))
    asked, master = reader.child(root, "queriedDUCR"), reader.child(root, "queriedMUCR")
    parent = reader.child(root, "parentMUCR")
    mrn = None if asked is None else reader.mrn(asked, "declarationID")
    statement: Statement | None = None
    if asked is not None and mrn is not None:
        movements = list(_movements(reader, zone, asked, parent))
        statement = _furthest(movements, mrn)
    elif master is not None:
        statement = _consolidated(reader, root, master, parent, zone)
    warnings = reader.finish()
    statement = statement or NothingToDo("no movement of a declaration is told")
    return Reading(
        kind="QUE", system="WCO", identity=(), message_id=None, statement=statement, mrn=mrn, warnings=warnings
    )


def _movements(reader: Reader, zone: tzinfo, *parents: etree._Element | None) -> Iterator[tuple[bool, datetime]]:
    """Arrivals and departures (True) with their times. An anticipated arrival has not happened."""
    for parent in parents:
        for movement in reader.children(parent, "movement"):
            code, at = wco_movement.code_of(reader, movement), wco_movement.time_of(reader, movement, zone)
            if code not in {wco_movement.ARRIVAL, wco_movement.DEPARTURE}:
                continue
            if at is None:
                reader.fault(movement, "element.missing", "a movement has its time", below="goodsArrivalDateTime")
            else:
                yield code == wco_movement.DEPARTURE, at


def _furthest(movements: list[tuple[bool, datetime]], mrn: Mrn) -> Statement | None:
    """The departure when there is one, else the arrival; of several the first."""
    left = [at for departed, at in movements if departed]
    if left:
        return Stated(GoodsExited(fact_id="", mrn=mrn, exited_at=min(left), result=ExitResult.A1, final=True))
    arrived = min((at for _, at in movements), default=None)
    return None if arrived is None else Stated(ArrivedAtExit(fact_id="", mrn=mrn, arrived_at=arrived))


def _consolidated(
    reader: Reader, root: etree._Element, master: etree._Element, parent: etree._Element | None, zone: tzinfo
) -> Movement | None:
    """The movements of a master reference, and of the one over it; and what is under it."""
    ucr, over = _ucr(reader, master), _ucr(reader, parent)
    if ucr is None:
        return None
    moved = [Moved(ucr, left, at) for left, at in _movements(reader, zone, master)]
    placed = [Placed(ucr, over)] if over is not None and over != ucr else []
    if over is not None:
        moved += [Moved(over, left, at) for left, at in _movements(reader, zone, parent)]
    for child in (one for name in _CHILDREN for one in reader.children(root, name)):
        named, under = _ucr(reader, child), reader.value(child, "parentMUCR", an(35))
        if named is not None and named != (above := ucr if under is None else reference(under)):
            placed.append(Placed(named, above))
    unique = {(one.ucr, one.left): one for one in sorted(moved, key=_latest_first)}
    return Movement(Word.GRANTED, tuple(unique.values()), None, tuple({p.ucr: p for p in placed}.values()))


def _latest_first(moved: Moved) -> float:
    return 0.0 if moved.at is None else -moved.at.timestamp()


def _ucr(reader: Reader, element: etree._Element | None) -> str | None:
    ucr = reader.value(element, "UCR", an(35))
    return None if ucr is None else reference(ucr, reader.value(element, "ucrPartNo", an(35)))
