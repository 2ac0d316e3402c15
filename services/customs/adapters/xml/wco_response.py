"""WCO-DMS notifications: DMSACC, DMSREJ, DMSROG, DMSINV, DMSEOG (function codes 01, 03, 08, 10, 16)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from lxml import etree

from services.core.errors import Refused
from services.core.messages import DeclarationInvalidated, ExitResult, GoodsExited, GoodsReleased
from services.core.values import Mrn, parse_mrn
from services.customs.adapters.xml.formats import an, free_text, integer, office, one_of, wco_time
from services.customs.adapters.xml.reader import Reader
from services.customs.domain.reading import Acceptance, Reading, Rejection, Stated, Statement

# A2 is "considered satisfactory": to the ledger it is A1.
_EXIT_RESULTS = {"A1": ExitResult.A1, "A2": ExitResult.A1, "A4": ExitResult.A4, "B1": ExitResult.B1}


@dataclass(frozen=True)
class _Notification:
    """A notification being read."""

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

    def mrn(self) -> Mrn | None:
        return self.reader.mrn(self.declaration, "ID")

    def information(self, kind: str) -> str | None:
        """The description of the additional information of one type."""
        for one in self.reader.children(self.root, "AdditionalInformation"):
            if self.reader.text(one, "StatementTypeCode") == kind:
                return self.reader.value(one, "StatementDescription", free_text(512))
        return None


def read(reader: Reader, root: etree._Element, zone: tzinfo) -> Reading:
    """What a notification says. Its identity takes the MRN where a declaration has its declarant."""
    code = (reader.text(root, "FunctionCode") or "").zfill(2)
    if code not in _KINDS:
        taken = ", ".join(f"{code} {name}" for code, (name, _) in sorted(_KINDS.items()))
        raise Refused(415, f"A notification of FunctionCode {code} is not a message this door takes; it takes {taken}")
    kind, make = _KINDS[code]
    declaration = reader.required(root, "Declaration")
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
    mrn = n.mrn()
    n.reader.needed(n.declaration, "FunctionalReferenceID", an(35))
    version = n.reader.value(n.declaration, "VersionID", integer(1, 9_999)) or 1
    at = n.at("Declaration/AcceptanceDateTime")
    return Acceptance(mrn, at, version) if mrn and at else None


def _rejected(n: _Notification) -> Statement | None:
    n.reader.needed(n.declaration, "FunctionalReferenceID", an(35))
    return Rejection(n.reader.value(n.declaration, "ID", parse_mrn))


def _released(n: _Notification) -> Statement | None:
    mrn, at = n.mrn(), n.at("Status/ReleaseDateTime", "Status/EffectiveDateTime")
    return Stated(GoodsReleased(fact_id="", mrn=mrn, released_at=at)) if mrn and at else None


def _invalidated(n: _Notification) -> Statement | None:
    mrn, at = n.mrn(), n.at("Declaration/CancellationDateTime")
    reason = n.information("AFB")
    return Stated(DeclarationInvalidated(fact_id="", mrn=mrn, invalidated_at=at, reason=reason)) if mrn and at else None


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


_KINDS: dict[str, tuple[str, Callable[[_Notification], Statement | None]]] = {
    "01": ("DMSACC", _accepted),
    "03": ("DMSREJ", _rejected),
    "08": ("DMSROG", _released),
    "10": ("DMSINV", _invalidated),
    "16": ("DMSEOG", _exited),
}
