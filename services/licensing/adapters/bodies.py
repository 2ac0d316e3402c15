"""The JSON documents of the door (API.md), and the messages they become."""

from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from services.core.messages import (
    Basis,
    EndUser,
    Licence,
    LicenceLine,
    LicenceStatus,
    LicenceType,
    Party,
    Refusal,
    RefusedGoods,
    Requirements,
    StatusChange,
)
from services.licensing.adapters.fields import (
    Amount,
    Body,
    Commodity,
    ControlCode,
    Country,
    CurrencyCode,
    Day,
    EoriNumber,
    Ground,
    Instant,
    LatinText,
    LongText,
    MeasurementUnit,
    Procedure,
    Reference,
    ShortText,
)
from services.runtime.transliteration import transliterated

KindWord = Literal[
    "individual", "global", "large-project", "union-general", "national-general", "transit", "intra-union-transfer"
]
BasisWord = Literal["quantity", "value", "both", "open"]
StepWord = Literal["suspended", "reinstated", "revoked", "annulled", "surrendered", "expired", "exhausted"]
StatusWord = Literal["issued", StepWord]
Many: Any = Field(default_factory=list, max_length=999)


def word(name: StrEnum) -> str:
    """How an enumerated name is written in JSON: LARGE_PROJECT is large-project."""
    return name.value.lower().replace("_", "-")


def kind(text: str) -> LicenceType:
    return LicenceType(_name(text))


def _name(text: str) -> str:
    return text.upper().replace("-", "_")


class PartyBody(Body):
    """`transliteration`: the name in ISO 8859-1 as the authority writes it; else ours."""

    name: ShortText | None = None
    eori: EoriNumber | None = None
    address: ShortText | None = None
    country: Country | None = None
    transliteration: LatinText | None = None

    def party(self) -> Party:
        latin = self.transliteration or transliterated(self.name)
        return Party(name=self.name, eori=self.eori, address=self.address, country=self.country, transliteration=latin)


class EndUserBody(Body):
    name: ShortText
    country: Country
    kind: ShortText | None = None
    end_use: LongText | None = None

    def end_user(self) -> EndUser:
        return EndUser(name=self.name, country=self.country, kind=self.kind, end_use=self.end_use)


class RequiresBody(Body):
    federal_authorisation: bool = False
    end_use_certificate: bool = False
    state_guarantee: bool = False


class LineBody(Body):
    line: Annotated[int, Field(ge=1, le=99_999)]
    description: LongText
    control_code: ControlCode
    commodity_codes: Annotated[list[Commodity], Many]
    basis: BasisWord
    quantity: Amount | None = None
    unit: MeasurementUnit | None = None
    value: Amount | None = None
    currency: CurrencyCode | None = None

    def licence_line(self) -> LicenceLine:
        return LicenceLine(
            line=self.line,
            description=self.description,
            control_code=self.control_code,
            commodity_codes=tuple(self.commodity_codes),
            basis=Basis(_name(self.basis)),
            quantity=self.quantity,
            unit=self.unit,
            value=self.value,
            currency=self.currency,
        )


class Period(Body):
    valid_from: Day
    valid_to: Day | None = None


class LicenceBody(Period):
    """A licence as an authority issues it. Empty lists of consignees, destinations or procedures mean: any."""

    ref: Reference
    type: KindWord
    authority: ShortText
    holder: PartyBody
    consignees: Annotated[list[PartyBody], Many]
    end_users: Annotated[list[EndUserBody], Many]
    destinations: Annotated[list[Country], Many]
    procedures: Annotated[list[Procedure], Many]
    requires: RequiresBody = RequiresBody()
    lines: Annotated[list[LineBody], Field(max_length=999)]

    def licence(self, time_zone: str, at: datetime) -> Licence:
        """Revision 1. The issue takes effect when validity begins, or now when that is earlier.

        So a licence that is entered late covers what was accepted since its first day, and one that is not valid yet
        can be revoked before it is.
        """
        valid = datetime.combine(self.valid_from, time(), ZoneInfo(time_zone)).astimezone(UTC)
        issued = StatusChange(status=LicenceStatus.ISSUED, effective_at=min(valid, at))
        return self.revision_of(1, time_zone, (issued,), at)

    def revision_of(
        self, revision: int, time_zone: str, statuses: tuple[StatusChange, ...], changed_at: datetime
    ) -> Licence:
        return Licence(
            ref=self.ref,
            revision=revision,
            type=kind(self.type),
            authority=self.authority,
            holder=self.holder.party(),
            consignees=tuple(party.party() for party in self.consignees),
            end_users=tuple(user.end_user() for user in self.end_users),
            destinations=tuple(self.destinations),
            procedures=tuple(self.procedures),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            time_zone=time_zone,
            requires=Requirements(**self.requires.model_dump()),
            lines=tuple(sorted((line.licence_line() for line in self.lines), key=lambda line: line.line)),
            statuses=statuses,
            changed_at=changed_at,
        )


class StepBody(Body):
    """A step of a licence's status; without `effective_at` it takes effect at once."""

    status: StepWord
    reason: LongText | None = None
    effective_at: Instant | None = None

    @property
    def step(self) -> LicenceStatus:
        return LicenceStatus(_name(self.status))


class StoredStep(Body):
    status: StatusWord
    reason: LongText | None = None
    effective_at: Instant

    def change(self) -> StatusChange:
        return StatusChange(
            status=LicenceStatus(_name(self.status)), effective_at=self.effective_at, reason=self.reason
        )


class StoredLicence(LicenceBody):
    """A revision as the register keeps it."""

    revision: int
    time_zone: str
    statuses: list[StoredStep]
    changed_at: Instant

    def stored(self) -> Licence:
        steps = tuple(step.change() for step in self.statuses)
        return self.revision_of(self.revision, self.time_zone, steps, self.changed_at)


class GoodsBody(Body):
    description: LongText
    control_code: ControlCode | None = None
    commodity_codes: Annotated[list[Commodity], Many]
    value: Amount | None = None
    currency: CurrencyCode | None = None

    def goods(self) -> RefusedGoods:
        return RefusedGoods(
            description=self.description,
            control_code=self.control_code,
            commodity_codes=tuple(self.commodity_codes),
            value=self.value,
            currency=self.currency,
        )


class RefusalBody(Body):
    """An application the authority refused."""

    ref: Reference
    authority: ShortText
    decided_at: Day
    applicant: PartyBody
    consignees: Annotated[list[PartyBody], Many]
    end_users: Annotated[list[EndUserBody], Many]
    destination: Country
    grounds: Annotated[list[Ground], Many]
    text: LongText | None = None
    goods: Annotated[list[GoodsBody], Many]

    def refusal(self, at: datetime) -> Refusal:
        return self.revision_of(1, at)

    def revision_of(self, revision: int, changed_at: datetime) -> Refusal:
        return Refusal(
            ref=self.ref,
            revision=revision,
            authority=self.authority,
            decided_at=self.decided_at,
            applicant=self.applicant.party(),
            consignees=tuple(party.party() for party in self.consignees),
            end_users=tuple(user.end_user() for user in self.end_users),
            destination=self.destination,
            grounds=tuple(self.grounds),
            text=self.text,
            goods=tuple(goods.goods() for goods in self.goods),
            changed_at=changed_at,
        )


class StoredRefusal(RefusalBody):
    """A refusal as the register keeps it: with the grounds it was recorded with, also those of another release."""

    grounds: Annotated[list[ShortText], Many]
    revision: int
    changed_at: Instant

    def stored(self) -> Refusal:
        return self.revision_of(self.revision, self.changed_at)
