"""The JSON documents of the door (API.md), and the messages they become."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from services.core.days import start_of
from services.core.messages import (
    Change,
    GeneralAuthorisation,
    Licence,
    LicenceStatus,
    LicenceType,
    Refusal,
    RefusedGoods,
    StatusChange,
)
from services.licensing.adapters.asked_by import asking_party
from services.licensing.adapters.fields import (
    Amount,
    Body,
    Commodity,
    ControlCode,
    Country,
    CurrencyCode,
    Day,
    Ground,
    Instant,
    LongText,
    Procedure,
    Reference,
    ShortText,
)
from services.licensing.adapters.parts import (
    ConditionBody,
    EndUserBody,
    LineBody,
    Many,
    PartyBody,
    ReferenceBody,
    RequiresBody,
)
from services.licensing.adapters.words import GeneralWord, KindWord, StatusWord, StepWord, named
from services.licensing.domain.kinds import as_authorised


class Period(Body):
    valid_from: Day
    valid_to: Day | None = None


class ChangeBody(Body):
    """Who does something, why and by what right; without `actor`, the authority does."""

    actor: ShortText | None = None
    reason: LongText | None = None
    legal_basis: ShortText | None = None

    def change(self, authority: str, effective_at: datetime) -> Change:
        return Change(
            actor=self.actor or authority,
            reason=self.reason,
            legal_basis=self.legal_basis,
            effective_at=effective_at,
            party=asking_party(),
        )


class LicenceTerms(Period):
    """What a licence says. Empty lists of consignees, destinations or procedures mean: any."""

    ref: Reference
    type: KindWord
    authority: ShortText
    holder: PartyBody
    representative: PartyBody | None = None
    contact: ShortText | None = None
    consignees: Annotated[list[PartyBody], Many]
    end_users: Annotated[list[EndUserBody], Many]
    destinations: Annotated[list[Country], Many]
    procedures: Annotated[list[Procedure], Many]
    requires: RequiresBody = RequiresBody()
    lines: Annotated[list[LineBody], Field(max_length=999)]
    general: GeneralWord | None = None
    registered_at: Day | None = None
    first_use_notified_at: Day | None = None
    excluded_destinations: Annotated[list[Country], Many]
    excluded_items: Annotated[list[ControlCode], Many]
    conditions: Annotated[list[ConditionBody], Many]
    references: Annotated[list[ReferenceBody], Many]
    replaces: Reference | None = None
    split_from: Reference | None = None
    country_of_consignment: Country | None = None
    country_of_location: Country | None = None
    country_of_entry: Country | None = None
    additional_information: LongText | None = None

    def revision_of(
        self,
        revision: int,
        time_zone: str,
        statuses: tuple[StatusChange, ...],
        changed_at: datetime,
        change: Change | None = None,
    ) -> Licence:
        return Licence(
            ref=self.ref,
            revision=revision,
            type=named(LicenceType, self.type),
            authority=self.authority,
            holder=self.holder.party(),
            consignees=tuple(party.party() for party in self.consignees),
            end_users=tuple(user.end_user() for user in self.end_users),
            destinations=tuple(self.destinations),
            procedures=tuple(self.procedures),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            time_zone=time_zone,
            requires=self.requires.requirements(),
            lines=tuple(sorted((line.licence_line() for line in self.lines), key=lambda line: line.line)),
            statuses=statuses,
            changed_at=changed_at,
            general=self.general and named(GeneralAuthorisation, self.general),
            registered_at=self.registered_at,
            first_use_notified_at=self.first_use_notified_at,
            excluded_destinations=tuple(self.excluded_destinations),
            excluded_items=tuple(self.excluded_items),
            conditions=tuple(condition.condition() for condition in self.conditions),
            references=tuple(reference.reference() for reference in self.references),
            replaces=self.replaces,
            split_from=self.split_from,
            change=change,
            **self._boxes(),
        )

    def _boxes(self) -> dict[str, Any]:
        """Boxes of the licence form (Reg. (EU) 2021/821 annex III-A) that nothing is decided by."""
        return {
            "representative": self.representative and self.representative.party(),
            "contact": self.contact,
            "country_of_consignment": self.country_of_consignment,
            "country_of_location": self.country_of_location,
            "country_of_entry": self.country_of_entry,
            "additional_information": self.additional_information,
        }


class LicenceBody(LicenceTerms, ChangeBody):
    """A licence as an authority issues it."""

    def licence(self, time_zone: str, at: datetime) -> Licence:
        """Revision 1, with what its general authorisation itself says."""
        return as_authorised(self.stated(time_zone, at))

    def stated(self, time_zone: str, at: datetime) -> Licence:
        """The same as the authority states it. The issue takes effect when validity begins, or now if that is earlier.

        So a licence that is entered late covers what was accepted since its first day, and one that is not valid yet
        can be revoked before it is.
        """
        valid = start_of(self.valid_from, time_zone)
        issued = StatusChange(
            status=LicenceStatus.ISSUED,
            effective_at=min(valid, at),
            reason=self.reason,
            actor=self.actor,
            legal_basis=self.legal_basis,
        )
        return self.revision_of(1, time_zone, (issued,), at, self.change(self.authority, issued.effective_at))


_OPTIONAL: Any = {
    name: (field.annotation, FieldInfo.merge_field_infos(field, default=None, default_factory=None))
    for name, field in LicenceTerms.model_fields.items()
}
_Partial: Any = create_model("_Partial", __base__=ChangeBody, **_OPTIONAL)


class AmendmentBody(_Partial):
    """What changes in a licence: the terms that are sent, as `POST /v1/licences` takes them, and why."""

    effective_at: Instant | None = None


class StepBody(ChangeBody):
    """A step of a licence's status; without `effective_at` it takes effect at once."""

    status: StepWord
    effective_at: Instant | None = None

    @property
    def step(self) -> LicenceStatus:
        return named(LicenceStatus, self.status)


class StoredStep(Body):
    status: StatusWord
    reason: LongText | None = None
    effective_at: Instant
    actor: ShortText | None = None
    legal_basis: ShortText | None = None

    def step(self) -> StatusChange:
        return StatusChange(
            status=named(LicenceStatus, self.status),
            effective_at=self.effective_at,
            reason=self.reason,
            actor=self.actor,
            legal_basis=self.legal_basis,
        )


class StoredChange(ChangeBody):
    actor: ShortText
    effective_at: Instant
    party: ShortText | None = None

    def made(self) -> Change:
        return Change(**dict(self))


class StoredLicence(LicenceTerms):
    """A revision as the register keeps it."""

    revision: int
    time_zone: str
    statuses: list[StoredStep]
    changed_at: Instant
    replaced_by: Reference | None = None
    change: StoredChange | None = None

    def stored(self) -> Licence:
        steps = tuple(step.step() for step in self.statuses)
        licence = self.revision_of(self.revision, self.time_zone, steps, self.changed_at)
        return replace(licence, replaced_by=self.replaced_by, change=self.change.made() if self.change else None)


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
