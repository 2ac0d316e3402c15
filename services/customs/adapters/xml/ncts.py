"""EU NCTS messages: what each states. Forms are in `xsd/ncts/ncts.xsd`."""

from services.customs.adapters.xml import ncts_declaration
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
from services.customs.domain.reading import Statement


def _lodged(message: Received) -> Statement | None:
    return lodged(ncts_declaration.read(message))


def _amended(message: Received) -> Statement | None:
    return amended(message, ncts_declaration.read(message))


def _accepted(message: Received) -> Statement | None:
    return acceptance(message, message.operation.time("declarationAcceptanceDate"))


def _released(message: Received) -> Statement | None:
    return released(message, "releaseDate")


def _not_released(message: Received) -> Statement | None:
    return not_released(message, message.operation.text("noReleaseMotivationText"))


NCTS = System(
    name="NCTS",
    schema="ncts/ncts.xsd",
    operation="TransitOperation",
    declarant="HolderOfTheTransitProcedure",
    invalidation="CC009C",
    kinds={
        "CC004C": amendment_accepted,
        "CC009C": invalidated,
        "CC013C": _amended,
        "CC014C": requested_invalidation,
        "CC015C": _lodged,
        "CC028C": _accepted,
        "CC029C": _released,
        "CC051C": _not_released,
        "CC056C": rejection,
    },
)
