"""The JSON documents of what must stand beside a licence, and the messages they become."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from services.core.days import start_of
from services.core.errors import Fault
from services.core.messages import Authorisation, AuthorisationKind, LicenceStatus, StatusChange
from services.core.values import ZERO, LicenceRef
from services.licensing.adapters.bodies import StepBody, StoredChange, StoredStep
from services.licensing.adapters.fields import (
    Amount,
    Body,
    ControlCode,
    Day,
    Instant,
    MeasurementUnit,
    MrnNumber,
    Reference,
    ShortText,
)
from services.licensing.adapters.views import amount_text, change_view, day_text, step_view, time_text
from services.licensing.adapters.words import StatusWord, named, word
from services.licensing.domain.authorising import EnterAuthorisation
from services.licensing.domain.terms import period_faults

MINISTER = "BE-FED"
"""Who gives federal authorisations: the minister, on the advice of the commission for nuclear exports."""

DocumentWord = Literal["end-use-certificate", "state-guarantee", "re-import", "re-import-waiver"]
KindWord = Literal["federal-authorisation", DocumentWord]
LineNumber = Annotated[int, Field(ge=1, le=99_999)]


class AuthorisedGoods(Body):
    """An entry of Annex I; shorter than that of the licence line, it covers all below it."""

    control_code: ControlCode


class _Covering(Body):
    """What it covers: no goods, line or quantity means all that the licence allows."""

    issued_by: ShortText
    goods: Annotated[list[ControlCode | AuthorisedGoods], Field(default_factory=list, max_length=999)]
    line: LineNumber | None = None
    quantity: Amount | None = None
    unit: MeasurementUnit | None = None
    valid_from: Day
    valid_to: Day | None = None

    def faults(self) -> tuple[Fault, ...]:
        """What is wrong between fields that are each well formed."""
        found = list(period_faults(self.valid_from, self.valid_to))
        if self.quantity is not None and self.quantity <= ZERO:
            found.append(Fault("/quantity", "quantity-not-positive", "must be more than 0"))
        if (self.quantity is None) != (self.unit is None):
            lacking = "unit" if self.unit is None else "quantity"
            found.append(Fault(f"/{lacking}", f"{lacking}-missing", "quantity and unit go together"))
        return tuple(found)

    def _authorisation(
        self, kind: AuthorisationKind, ref: str, licence: str, time_zone: str, at: datetime
    ) -> Authorisation:
        """Revision 1; the issue takes effect when validity begins, or now when that is earlier (as of a licence)."""
        valid = start_of(self.valid_from, time_zone)
        codes = {goods if isinstance(goods, str) else goods.control_code for goods in self.goods}
        return Authorisation(
            ref=ref,
            revision=1,
            licence=LicenceRef(licence),
            kind=kind,
            issued_by=self.issued_by,
            items=tuple(sorted(codes)),
            line=self.line,
            quantity=self.quantity,
            unit=self.unit,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            time_zone=time_zone,
            statuses=(StatusChange(status=LicenceStatus.ISSUED, effective_at=min(valid, at)),),
            changed_at=at,
        )


class FederalAuthorisationBody(_Covering):
    """The second key: what the minister authorised beside a licence, which may not be entered yet."""

    ref: Reference
    licence: Reference
    issued_by: ShortText = MINISTER
    status: StatusWord = "issued"

    def entered(self, time_zone: str, at: datetime) -> EnterAuthorisation:
        made = self._authorisation(AuthorisationKind.FEDERAL_AUTHORISATION, self.ref, self.licence, time_zone, at)
        if self.status == "issued":
            return EnterAuthorisation(made)
        return EnterAuthorisation(made, StatusChange(status=named(LicenceStatus, self.status), effective_at=at))


class DocumentBody(_Covering):
    """A document that belongs to a licence: of the receiving State, or of what became of a shipment (`mrn`)."""

    kind: DocumentWord
    ref: Reference
    mrn: MrnNumber | None = None

    def entered(self, licence: str, time_zone: str, at: datetime) -> EnterAuthorisation:
        kind = named(AuthorisationKind, self.kind)
        return EnterAuthorisation(replace(self._authorisation(kind, self.ref, licence, time_zone, at), mrn=self.mrn))


class DocumentStepBody(StepBody):
    """A step of the status of a document of a licence."""

    kind: DocumentWord
    ref: Reference


def content(of: Authorisation) -> dict[str, Any]:
    """A revision as it is stored and answered; amounts as they were written."""
    return {
        "ref": of.ref,
        "revision": of.revision,
        "licence": of.licence,
        "kind": word(of.kind),
        "issued_by": of.issued_by,
        "goods": [{"control_code": code} for code in of.items],
        "line": of.line,
        "quantity": amount_text(of.quantity),
        "unit": of.unit,
        "valid_from": of.valid_from.isoformat(),
        "valid_to": day_text(of.valid_to),
        "time_zone": of.time_zone,
        "statuses": [step_view(step) for step in of.statuses],
        "change": of.change and change_view(of.change),
        "changed_at": time_text(of.changed_at),
        "mrn": of.mrn,
    }


class StoredAuthorisation(Body):
    """A revision as the register keeps it; `content` wrote it."""

    ref: Reference
    revision: int
    licence: Reference
    kind: KindWord
    issued_by: ShortText
    goods: list[AuthorisedGoods]
    line: int | None
    quantity: Amount | None
    unit: MeasurementUnit | None
    valid_from: Day
    valid_to: Day | None
    time_zone: str
    statuses: list[StoredStep]
    change: StoredChange | None
    changed_at: Instant
    mrn: MrnNumber | None = None

    def stored(self) -> Authorisation:
        return Authorisation(
            ref=self.ref,
            revision=self.revision,
            licence=self.licence,
            kind=named(AuthorisationKind, self.kind),
            issued_by=self.issued_by,
            items=tuple(goods.control_code for goods in self.goods),
            line=self.line,
            quantity=self.quantity,
            unit=self.unit,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            time_zone=self.time_zone,
            statuses=tuple(step.step() for step in self.statuses),
            change=self.change.made() if self.change else None,
            changed_at=self.changed_at,
            mrn=self.mrn,
        )
