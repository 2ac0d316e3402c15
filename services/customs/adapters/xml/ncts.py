"""EU NCTS messages: what each states. Forms are in `xsd/ncts/ncts.xsd`."""

from services.core.messages import GoodsReleased, ReleaseRefused
from services.customs.adapters.xml import ncts_declaration
from services.customs.adapters.xml.eu_answers import (
    acceptance,
    amended,
    amendment_accepted,
    invalidated,
    lodged,
    rejection,
    requested_invalidation,
)
from services.customs.adapters.xml.eu_message import Received, System
from services.customs.domain.reading import Stated, Statement


def _lodged(message: Received) -> Statement | None:
    return lodged(ncts_declaration.read(message))


def _amended(message: Received) -> Statement | None:
    return amended(message, ncts_declaration.read(message))


def _accepted(message: Received) -> Statement | None:
    return acceptance(message, message.operation.time("declarationAcceptanceDate"))


def _released(message: Received) -> Statement | None:
    mrn, at = message.mrn(), message.at(message.operation.time("releaseDate"))
    return Stated(GoodsReleased(fact_id="", mrn=mrn, released_at=at)) if mrn and at else None


def _not_released(message: Received) -> Statement | None:
    mrn, at = message.mrn(), message.stated_at
    reason = message.operation.text("noReleaseMotivationText")
    return Stated(ReleaseRefused(fact_id="", mrn=mrn, decided_at=at, reason=reason)) if mrn and at else None


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
