"""Statements that AES and NCTS have in common: lodged, accepted, amended, rejected, released or not, invalidated."""

from datetime import date, datetime

from services.core.messages import DeclarationInvalidated, GoodsReleased, ReleaseRefused
from services.customs.adapters.xml.eu_message import Received
from services.customs.domain.declaration import Declaration
from services.customs.domain.reading import (
    Acceptance,
    Amended,
    AmendmentAcceptance,
    Lodged,
    NothingToDo,
    Rejection,
    Stated,
    Statement,
)

# What a rejection rejects (its business rejection type is the number of that message).
_DECLARATIONS = {"515", "570", "015"}
_AMENDMENTS = {"513", "573", "013"}


def lodged(declaration: Declaration | None) -> Statement | None:
    """A declaration that customs has not accepted yet."""
    return None if declaration is None else Lodged(declaration)


def amended(message: Received, declaration: Declaration | None) -> Statement | None:
    """The whole declaration as it shall stand, for the LRN or the MRN that it names."""
    _number(message)
    return None if declaration is None else Amended(declaration, message.mrn())


def _number(message: Received) -> None:
    operation = message.operation
    if "MRN" not in operation and "LRN" not in operation:
        message.reader.fault(operation.element, "element.missing", "neither MRN nor LRN is there", below="MRN")


def acceptance(message: Received, *times: datetime | date | None) -> Statement | None:
    mrn, at = message.mrn(), message.at(*times)
    correlates = message.node.text("correlationIdentifier")
    return Acceptance(mrn, at, version=1, correlates=correlates) if mrn and at else None


def amendment_accepted(message: Received, declaration: Declaration | None = None) -> Statement | None:
    """`declaration`: the amended one, where the answer repeats it."""
    _number(message)
    at = message.at(message.operation.time("amendmentAcceptanceDateAndTime"))
    correlates = message.node.text("correlationIdentifier")
    return None if at is None else AmendmentAcceptance(message.mrn(), at, correlates, declaration)


def rejection(message: Received) -> Statement | None:
    """Of a declaration, of an amendment, or of a message that changed nothing before its own answer."""
    _number(message)
    kind, mrn = message.operation.text("businessRejectionType"), message.mrn()
    if kind in _AMENDMENTS:
        return Rejection(mrn, of_amendment=True)
    if kind in _DECLARATIONS or (kind is None and mrn is None):
        if "LRN" not in message.operation:
            detail = f"LRN is missing in the rejection of a message of type {kind}"
            message.reader.fault(message.operation.element, "element.missing", detail, below="LRN")
        return Rejection(mrn)
    return NothingToDo(f"customs rejected a message of type {kind or 'not stated'}, which had changed nothing")


def requested_invalidation(message: Received) -> Statement:
    _number(message)
    decision = message.system.invalidation
    return NothingToDo(f"invalidation is requested: nothing changes before customs decides ({decision})")


def invalidated(message: Received, *, refused: bool = False) -> Statement | None:
    """The decision in the element `Invalidation`; without one the message itself is the decision."""
    mrn, node = message.mrn(), message.node.node("Invalidation")
    if refused or (node is not None and node.text("decision") == "0"):
        return NothingToDo("customs refused to invalidate the declaration")
    at = message.at(None if node is None else node.time("decisionDateAndTime"))
    reason = None if node is None else node.text("justification")
    return Stated(DeclarationInvalidated(fact_id="", mrn=mrn, invalidated_at=at, reason=reason)) if mrn and at else None


def released(message: Received, *times: str) -> Statement | None:
    """Goods released at the first of these times of the operation that is stated, else when the message was written."""
    mrn, at = message.mrn(), message.at(*(message.operation.time(name) for name in times))
    return Stated(GoodsReleased(fact_id="", mrn=mrn, released_at=at)) if mrn and at else None


def not_released(message: Received, reason: str | None) -> Statement | None:
    mrn, at = message.mrn(), message.stated_at
    return Stated(ReleaseRefused(fact_id="", mrn=mrn, decided_at=at, reason=reason)) if mrn and at else None
