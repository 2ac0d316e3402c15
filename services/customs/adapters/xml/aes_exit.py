"""AES messages of the office of exit: arrival, release for exit, stop, and that the goods left."""

from services.core.messages import ArrivedAtExit, ExitReleased, ExitResult, ExitStopped, GoodsExited
from services.customs.adapters.xml.eu_message import Received
from services.customs.domain.reading import NothingToDo, Stated, Statement

# A2 is "considered satisfactory": to the ledger it is A1.
_RESULTS = {"A1": ExitResult.A1, "A2": ExitResult.A1, "A4": ExitResult.A4, "B1": ExitResult.B1}
_OFFICE = "CustomsOfficeOfExitActual"
_CANCELLATION = "3"
_SPLIT = "1"


def arrived(message: Received) -> Statement | None:
    mrn, at = message.mrn(), message.at(message.operation.time("arrivalNotificationDateAndTime"))
    if message.operation.text("type") == _CANCELLATION:
        return NothingToDo("the notification of arrival was cancelled: an arrival stated before stands until the exit")
    if mrn is None or at is None:
        return None
    office, split = message.office(_OFFICE), message.operation.text("splitIndicator") == _SPLIT
    return Stated(ArrivedAtExit(fact_id="", mrn=mrn, arrived_at=at, office_of_exit=office, split=split))


def released(message: Received) -> Statement | None:
    operation, mrn = message.operation, message.mrn()
    at = message.at(operation.time("releaseDate"), operation.time("releaseDateAndTime"))
    office = message.office(_OFFICE)
    return Stated(ExitReleased(fact_id="", mrn=mrn, released_at=at, office_of_exit=office)) if mrn and at else None


def stopped(message: Received) -> Statement | None:
    mrn, control = message.mrn(), message.node.node("ControlResult")
    at = message.at(None if control is None else control.time("date"))
    reason = message.first(
        message.operation.text("exitRejectionMotivation"), None if control is None else control.text("text")
    )
    if mrn is None or at is None:
        return None
    office = message.office(_OFFICE)
    return Stated(ExitStopped(fact_id="", mrn=mrn, stopped_at=at, office_of_exit=office, reason=reason))


def notified(message: Received) -> Statement | None:
    """Who takes the goods out tells of each part that left, customs only of the last (art. 333(4)-(5)).

    Unless the message says whether it is a part, that follows from how the goods arrived.
    """
    return _left(message, notified=message.operation.text("splitIndicator") is None)


def left(message: Received) -> Statement | None:
    return _left(message, notified=False)


def _left(message: Received, *, notified: bool) -> Statement | None:
    """An exit that was stopped is an exit control that was not satisfactory. A split part is not the final exit."""
    operation, mrn = message.operation, message.mrn()
    control = message.node.node("ExitControlResult") or message.node.node("ControlResult")
    code = None if control is None else control.text("code")
    day = None if control is None else control.time("exitDate")
    stop = None if control is None else control.time("exitStoppedDate")
    at = message.at(day, operation.time("exitDate"), stop)
    if mrn is None or at is None:
        return None
    result = _RESULTS[code or "A1"] if stop is None else ExitResult.B1
    fact = GoodsExited(
        fact_id="",
        mrn=mrn,
        exited_at=at,
        result=result,
        final=operation.text("splitIndicator") != _SPLIT,
        office_of_exit=message.office(_OFFICE),
        notified=notified,
    )
    return Stated(fact)
