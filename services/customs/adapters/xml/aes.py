"""EU AES messages: what each states. Forms are in `xsd/aes/aes.xsd`; a time without zone is of the door's zone."""

from services.core.messages import (
    DeclarationInvalidated,
    GoodsPresented,
)
from services.customs.adapters.xml import aes_declaration, aes_exit
from services.customs.adapters.xml.eu_answers import (
    acceptance,
    amended,
    amendment_accepted,
    invalidated,
    lodged,
    not_released,
    rejection,
    released,
    requested_invalidation,
)
from services.customs.adapters.xml.eu_message import Received, System
from services.customs.domain.reading import Stated, Statement


def _lodged(message: Received) -> Statement | None:
    aes_declaration.check_invoice(message)
    return lodged(aes_declaration.read(message))


def _amended(message: Received) -> Statement | None:
    aes_declaration.check_invoice(message)
    return amended(message, aes_declaration.read(message))


def _notified(message: Received) -> Statement | None:
    return lodged(aes_declaration.read_notification(message))


def _notified_again(message: Received) -> Statement | None:
    return amended(message, aes_declaration.read_notification(message))


def _accepted(message: Received) -> Statement | None:
    operation = message.operation
    days = ("declarationAcceptanceDate", "declarationAcceptanceDateAndTime", "reExportNotificationRegistrationDate")
    return acceptance(message, *(operation.time(day) for day in days))


def _amendment_accepted(message: Received) -> Statement | None:
    """Some systems repeat the amended declaration in the acceptance; then no other message is needed for it."""
    repeated = message.node.node("GoodsShipment") is not None
    return amendment_accepted(message, aes_declaration.read(message) if repeated else None)


def _presented(message: Received) -> Statement | None:
    mrn, at = message.mrn(), message.at(message.operation.time("presentationOfTheGoodsDateAndTime"))
    return Stated(GoodsPresented(fact_id="", mrn=mrn, presented_at=at)) if mrn and at else None


def _released(message: Received) -> Statement | None:
    return released(message, "releaseDate", "releaseDateAndTime")


def _not_released(message: Received) -> Statement | None:
    operation, control = message.operation, message.node.node("ControlResult")
    reasons = ("noReleaseMotivation", "noReleaseMotivationText", "otherThingsToReport")
    reason = message.first(
        *(operation.text(name) for name in reasons), None if control is None else control.text("text")
    )
    return not_released(message, reason)


def _invalidated(message: Received) -> Statement | None:
    """The decision stands in the operation itself or in an element of its own, as the systems have it."""
    operation = message.operation
    if "invalidationDecision" not in operation and "invalidationDecisionDateAndTime" not in operation:
        return invalidated(message)
    if operation.text("invalidationDecision") == "0":
        return invalidated(message, refused=True)
    mrn = message.mrn()
    times = ("invalidationDecisionDateAndTime", "invalidationDecisionDate")
    at = message.at(*(operation.time(name) for name in times))
    reason = operation.text("invalidationJustification")
    return Stated(DeclarationInvalidated(fact_id="", mrn=mrn, invalidated_at=at, reason=reason)) if mrn and at else None


AES = System(
    name="AES",
    schema="aes/aes.xsd",
    operation="ExportOperation",
    declarant="Declarant",
    invalidation="CC509C",
    kinds={
        "CC504C": _amendment_accepted,
        "CC507C": aes_exit.arrived,
        "CC509C": _invalidated,
        "CC511C": _presented,
        "CC513C": _amended,
        "CC514C": requested_invalidation,
        "CC515C": _lodged,
        "CC518C": aes_exit.left,
        "CC522C": aes_exit.stopped,
        "CC525C": aes_exit.released,
        "CC528C": _accepted,
        "CC529C": _released,
        "CC551C": _not_released,
        "CC556C": rejection,
        "CC557C": rejection,
        "CC570C": _notified,
        "CC571C": _accepted,
        "CC573C": _notified_again,
        "CC574C": _amendment_accepted,
        "CC590C": aes_exit.notified,
        "CC599C": aes_exit.left,
    },
)
