"""EU AES messages (CC515C, CC528C, CC529C, CC509C, CC551C, CC599C) as the common specification names their elements.

No public XSD of these exists, so the checks are our own: formats of Impl. Reg. (EU) 2015/2447 annex B, each fault with
its path. A time without zone is of the zone the door is set to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from lxml import etree

from services.core.messages import DeclarationInvalidated, ExitResult, GoodsExited, GoodsReleased, ReleaseRefused
from services.core.values import Mrn, parse_eori
from services.customs.adapters.xml import aes_declaration
from services.customs.adapters.xml.formats import an, free_text, moment, office, one_of, xml_time
from services.customs.adapters.xml.reader import Reader, local
from services.customs.domain.reading import Acceptance, Lodged, NothingToDo, Reading, Stated, Statement

NAMESPACE = "http://ecs.dgtaxud.ec"

# A2 is "considered satisfactory": to the ledger it is A1.
_EXIT_RESULTS = {"A1": ExitResult.A1, "A2": ExitResult.A1, "A4": ExitResult.A4, "B1": ExitResult.B1}


@dataclass(frozen=True)
class _Message:
    """A message with its header read. `stated_at` is None only after a fault."""

    root: etree._Element
    reader: Reader
    zone: tzinfo
    stated_at: datetime | None

    def at(self, path: str, *more: str) -> datetime | None:
        """The first time stated at one of the paths, else the time of the message."""
        for place in (path, *more):
            value = self.reader.value(self.root, place, xml_time(self.zone))
            if value is not None:
                return moment(value, self.stated_at, self.zone)
        return self.stated_at

    def mrn(self) -> Mrn | None:
        return self.reader.mrn(self.reader.required(self.root, "ExportOperation"), "MRN")


def is_aes(root: etree._Element) -> bool:
    return etree.QName(root).namespace in {NAMESPACE, None} and local(root) in _KINDS


def read(root: etree._Element, zone: tzinfo) -> Reading:
    """What an AES message says. Refused 422 with the path of each fault."""
    kind = local(root)
    reader = Reader([NAMESPACE])
    sender = reader.needed(root, "messageSender", an(35))
    identification = reader.needed(root, "messageIdentification", an(35))
    reader.needed(root, "messageType", one_of(kind))
    written = reader.needed(root, "preparationDateAndTime", xml_time(zone))
    message = _Message(root, reader, zone, moment(written, None, zone))
    lrn = reader.value(root, "ExportOperation/LRN", an(22))
    declarant = reader.value(root, "Declarant/identificationNumber", parse_eori)
    statement = _KINDS[kind](message)
    warnings = reader.finish()
    assert statement is not None and identification and sender  # noqa: S101, PT018 - else `finish` has refused
    return Reading(
        kind=kind,
        system="AES",
        identity=("aes", sender, identification),
        message_id=identification,
        statement=statement,
        mrn=_mrn_of(statement, reader.text(root, "ExportOperation/MRN")),
        lrn=lrn,
        declarant=declarant,
        stated_at=message.stated_at,
        warnings=warnings,
    )


def _mrn_of(statement: Statement, text: str | None) -> Mrn | None:
    return None if isinstance(statement, Lodged) or text is None else Mrn(text)


def _lodged(message: _Message) -> Statement | None:
    reader = message.reader
    operation = reader.required(message.root, "ExportOperation")
    reader.needed(operation, "LRN", an(22))
    reader.needed(operation, "declarationType", one_of("EX", "CO"))
    reader.needed(reader.required(message.root, "Declarant"), "identificationNumber", parse_eori)
    declaration = aes_declaration.read(reader, message.root)
    return None if declaration is None else Lodged(declaration)


def _accepted(message: _Message) -> Statement | None:
    mrn = message.mrn()
    message.reader.needed(message.reader.child(message.root, "ExportOperation"), "LRN", an(22))
    at = message.at("ExportOperation/declarationAcceptanceDate", "ExportOperation/declarationAcceptanceDateAndTime")
    correlates = message.reader.value(message.root, "correlationIdentifier", an(35))
    return Acceptance(mrn, at, version=1, correlates=correlates) if mrn and at else None


def _released(message: _Message) -> Statement | None:
    mrn = message.mrn()
    at = message.at("ExportOperation/releaseDate", "ExportOperation/releaseDateAndTime")
    return Stated(GoodsReleased(fact_id="", mrn=mrn, released_at=at)) if mrn and at else None


def _invalidated(message: _Message) -> Statement | None:
    mrn = message.mrn()
    at = message.at(
        "ExportOperation/invalidationDecisionDateAndTime",
        "ExportOperation/invalidationDecisionDate",
        "Invalidation/decisionDateAndTime",
    )
    decision = message.reader.value(message.root, "ExportOperation/invalidationDecision", one_of("0", "1"))
    decision = decision or message.reader.value(message.root, "Invalidation/decision", one_of("0", "1"))
    reason = _first(message, "ExportOperation/invalidationJustification", "Invalidation/justification")
    if decision == "0":
        return NothingToDo("customs refused to invalidate the declaration")
    return Stated(DeclarationInvalidated(fact_id="", mrn=mrn, invalidated_at=at, reason=reason)) if mrn and at else None


def _not_released(message: _Message) -> Statement | None:
    mrn = message.mrn()
    paths = ("ExportOperation/noReleaseMotivation", "ExportOperation/noReleaseMotivationText")
    reason = _first(message, *paths, "ExportOperation/otherThingsToReport", "ControlResult/text")
    at = message.stated_at
    return Stated(ReleaseRefused(fact_id="", mrn=mrn, decided_at=at, reason=reason)) if mrn and at else None


def _exited(message: _Message) -> Statement | None:
    """An exit that was stopped is an exit control that was not satisfactory."""
    reader = message.reader
    mrn = message.mrn()
    operation, control = "ExportOperation", "ExitControlResult"
    at = message.at(f"{control}/exitDate", f"{operation}/exitDate", f"{control}/exitStoppedDate")
    code = reader.value(message.root, f"{control}/code", one_of(*_EXIT_RESULTS))
    code = code or reader.value(message.root, "ControlResult/code", one_of(*_EXIT_RESULTS))
    stopped = reader.text(message.root, f"{control}/exitStoppedDate") is not None
    result = _EXIT_RESULTS[code] if code else ExitResult.A1
    where = reader.value(message.root, "CustomsOfficeOfExitActual/referenceNumber", office)
    if mrn is None or at is None:
        return None
    result = ExitResult.B1 if stopped else result
    return Stated(GoodsExited(fact_id="", mrn=mrn, exited_at=at, result=result, final=True, office_of_exit=where))


def _first(message: _Message, *paths: str) -> str | None:
    texts = (message.reader.value(message.root, path, free_text(512)) for path in paths)
    return next((text for text in texts if text), None)


_KINDS: dict[str, Callable[[_Message], Statement | None]] = {
    "CC509C": _invalidated,
    "CC515C": _lodged,
    "CC528C": _accepted,
    "CC529C": _released,
    "CC551C": _not_released,
    "CC599C": _exited,
}
KINDS = tuple(sorted(_KINDS))
