"""WCO-DMS notifications: what customs says of a declaration (function codes 01 to 18).

Those that change a shipment give a fact or join its lodged declaration; the others are taken with a note that says what
they announce and what is still to come.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from lxml import etree

from services.core.errors import Refused
from services.core.messages import DeclarationInvalidated, ExitResult, GoodsExited, GoodsReleased
from services.core.values import Mrn, parse_mrn
from services.customs.adapters.xml import wco_amendment
from services.customs.adapters.xml.formats import an, free_text, integer, office, one_of, wco_time
from services.customs.adapters.xml.reader import Reader
from services.customs.domain.reading import Acceptance, Answered, NothingToDo, Reading, Rejection, Stated, Statement

# A2 is "considered satisfactory" and A3 "simplified procedure": to the ledger both are A1.
_EXIT_RESULTS = {
    "A1": ExitResult.A1,
    "A2": ExitResult.A1,
    "A3": ExitResult.A1,
    "A4": ExitResult.A4,
    "B1": ExitResult.B1,
}
_GRANTED, _DENIED = "39", "41"

REGISTRATION: Final = "DMSRCV"
"""The kind of a message that gives a declaration its MRN and does not accept it yet."""


@dataclass(frozen=True)
class _Notification:
    """A notification being read. `declaration` is the one it is about."""

    root: etree._Element
    declaration: etree._Element
    reader: Reader
    zone: tzinfo

    def at(self, *paths: str) -> datetime | None:
        """The first time stated at one of the paths, else the time of issue; a fault when there is none."""
        for path in (*paths, "IssueDateTime"):
            value = self.reader.value(self.root, f"{path}/DateTimeString", wco_time(self.zone))
            if value is not None:
                return value
        self.reader.fault(self.root, "element.missing", "no time of the event, nor of issue", below="IssueDateTime")
        return None

    def of_declaration(self, name: str) -> datetime | None:
        """A time the declaration states, else the time of issue."""
        value = self.reader.value(self.declaration, f"{name}/DateTimeString", wco_time(self.zone))
        return value or self.at()

    def mrn(self) -> Mrn | None:
        return self.reader.mrn(self.declaration, "ID")

    def information(self, kind: str) -> str | None:
        return information(self.reader, self.root, kind)


def information(reader: Reader, root: etree._Element, kind: str) -> str | None:
    """The description of the additional information of one type."""
    for one in reader.children(root, "AdditionalInformation"):
        if reader.text(one, "StatementTypeCode") == kind:
            return reader.value(one, "StatementDescription", free_text(512))
    return None


def read(reader: Reader, root: etree._Element, zone: tzinfo) -> Reading:
    """What a notification says. Its identity takes the MRN where a declaration has its declarant."""
    code = (reader.text(root, "FunctionCode") or "").zfill(2)
    if code not in KINDS:
        taken = ", ".join(f"{code} {name}" for code, (name, _) in sorted(KINDS.items()))
        raise Refused(415, f"A notification of FunctionCode {code} is not a message this door takes; it takes {taken}")
    kind, make = KINDS[code]
    # A result repeats the changed parts in a second Declaration.
    declaration = reader.first(root, "Declaration")
    if declaration is None:
        reader.required(root, "Declaration")
    notification = None if declaration is None else _Notification(root, declaration, reader, zone)
    statement = None if notification is None else make(notification)
    lrn = reader.value(declaration, "FunctionalReferenceID", an(35))
    stated_at = reader.value(root, "IssueDateTime/DateTimeString", wco_time(zone))
    reference = reader.value(root, "FunctionalReferenceID", an(70))
    warnings = reader.finish()
    assert statement is not None  # noqa: S101 - else `finish` has refused
    issued, mrn = reader.text(root, "IssueDateTime/DateTimeString"), reader.text(declaration, "ID")
    return Reading(
        kind=kind,
        system="WCO",
        identity=("wco", mrn or "", lrn or "", code, issued) if issued else (),
        message_id=reference,
        statement=statement,
        mrn=None if mrn is None else Mrn(mrn),
        lrn=lrn,
        stated_at=stated_at,
        warnings=warnings,
    )


def _accepted(n: _Notification) -> Statement | None:
    return _acceptance(n, pre_lodged=False)


def _received(n: _Notification) -> Statement | None:
    """Customs registered a pre-lodged declaration under an MRN; it accepts it when the goods are there."""
    return _acceptance(n, pre_lodged=True)


def _acceptance(n: _Notification, *, pre_lodged: bool) -> Statement | None:
    mrn = n.mrn()
    n.reader.needed(n.declaration, "FunctionalReferenceID", an(35))
    version = n.reader.value(n.declaration, "VersionID", integer(1, 9_999)) or 1
    at = n.at() if pre_lodged else n.of_declaration("AcceptanceDateTime")
    return Acceptance(mrn, at, version, pre_lodged=pre_lodged) if mrn and at else None


def _rejected(n: _Notification) -> Statement | None:
    n.reader.needed(n.declaration, "FunctionalReferenceID", an(35))
    return Rejection(n.reader.value(n.declaration, "ID", parse_mrn))


def _changed(n: _Notification) -> Statement | None:
    """A control or an arrival changed the declaration: an amendment by customs, when it changes what is read here."""
    mrn = n.mrn()
    declarations = n.reader.children(n.root, "Declaration")
    amended = wco_amendment.read_of(n.reader, n.root, declarations[-1], mrn, n.at())
    if amended is None or amended.changes:
        return amended
    return NothingToDo("the result of a control or an arrival: it changes nothing that is read here")


def _released(n: _Notification) -> Statement | None:
    mrn, at = n.mrn(), n.at("Status/ReleaseDateTime", "Status/EffectiveDateTime")
    return Stated(GoodsReleased(fact_id="", mrn=mrn, released_at=at)) if mrn and at else None


def _invalidated(n: _Notification) -> Statement | None:
    mrn, at = n.mrn(), n.of_declaration("CancellationDateTime")
    reason = n.information("AFB")
    return Stated(DeclarationInvalidated(fact_id="", mrn=mrn, invalidated_at=at, reason=reason)) if mrn and at else None


def _answered(n: _Notification) -> Statement | None:
    """Customs decided on a request to amend or to cancel, which it names by the declarant's number."""
    mrn = n.mrn()
    n.reader.needed(n.declaration, "FunctionalReferenceID", an(35))
    status = n.reader.text(n.root, "Status/NameCode")
    granted = {_GRANTED: True, _DENIED: False}.get(status or "")
    return None if mrn is None else Answered(mrn, granted, status)


def _exited(n: _Notification) -> Statement | None:
    mrn, at = n.mrn(), n.at("Status/EffectiveDateTime")
    code = n.reader.value(n.root, "Status/NameCode", one_of(*_EXIT_RESULTS)) or "A1"
    where = n.information("CEX")
    if where is not None:
        try:
            where = office(where)
        except ValueError as error:
            n.reader.fault(n.root, "value.invalid", str(error), below="AdditionalInformation[StatementTypeCode='CEX']")
    if mrn is None or at is None:
        return None
    result = _EXIT_RESULTS[code]
    return Stated(GoodsExited(fact_id="", mrn=mrn, exited_at=at, result=result, final=True, office_of_exit=where))


def _exit_asked(n: _Notification) -> Statement | None:
    """No exit is known: customs asks for proof, by a day."""
    n.mrn()
    limit = n.reader.value(n.root, "AdditionalInformation/LimitDateTime/DateTimeString", wco_time(n.zone))
    until = f" until {limit:%Y-%m-%d}" if limit else ""
    return NothingToDo(f"customs waits for proof that the goods left{until}: an exit follows, or an invalidation")


def _only(reason: str) -> Callable[[_Notification], Statement | None]:
    """A notification that announces something; the MRN it is about must be readable all the same."""

    def read_announcement(n: _Notification) -> Statement | None:
        n.mrn()
        return NothingToDo(reason)

    return read_announcement


KINDS: Final[Mapping[str, tuple[str, Callable[[_Notification], Statement | None]]]] = {
    "01": ("DMSACC", _accepted),
    "02": (REGISTRATION, _received),
    "03": ("DMSREJ", _rejected),
    "05": ("DMSCTL", _only("customs controls the goods: the release (DMSROG, DMSCLE) follows, or not")),
    "06": ("DMSDOC", _only("customs asks for documents: the release (DMSROG, DMSCLE) follows, or not")),
    "07": ("DMSRES", _changed),
    "08": ("DMSROG", _released),
    "09": ("DMSCLE", _released),
    "10": ("DMSINV", _invalidated),
    "11": ("DMSREQ", _answered),
    "13": ("DMSTAX", _only("duties and taxes: nothing for a licence")),
    "14": ("DMSCPI", _only("payment is outstanding: nothing for a licence")),
    "15": ("DMSCPR", _only("payment is asked again: nothing for a licence")),
    "16": ("DMSEOG", _exited),
    "17": ("DMSEXT", _only("customs handles the declaration outside its system: what becomes of it is told otherwise")),
    "18": ("DMSGER", _exit_asked),
}
