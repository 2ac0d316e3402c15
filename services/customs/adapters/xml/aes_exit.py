"""AES messages of the office of exit: arrival, release for exit, stop, and that the goods left."""

from services.core.messages import ArrivedAtExit, ExitReleased, ExitResult, ExitStopped, GoodsExited
from services.customs.adapters.xml.eu_message import Received
from services.customs.domain.reading import NothingToDo, Stated, Statement

# A2 is "considered satisfactory": to the ledger it is A1.
_RESULTS = {"A1": ExitResult.A1, "A2": ExitResult.A1, "A4": ExitResult.A4, "B1": ExitResult.B1}
_OFFICE = "CustomsOfficeOfExitActual"
_CANCELLATION = "3"


def arrived(message: Received) -> Statement | None:
    mrn, at = message.mrn(), message.at(message.operation.time("arrivalNotificationDateAndTime"))
    if message.operation.text("type") == _CANCELLATION:
        return NothingToDo("the notification of arrival was cancelled: an arrival stated before stands until the exit")
    office = message.office(_OFFICE)
    return Stated(ArrivedAtExit(fact_id="", mrn=mrn, arrived_at=at, office_of_exit=office)) if mrn and at else None


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


def left(message: Received) -> Statement | None:
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
    final, office = operation.text("splitIndicator") != "1", message.office(_OFFICE)
    return Stated(GoodsExited(fact_id="", mrn=mrn, exited_at=at, result=result, final=final, office_of_exit=office))
