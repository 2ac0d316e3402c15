"""The JSON objects that licences and refusals are made of (API.md), and the records they become."""

from typing import Annotated, Any

from pydantic import Field

from services.core.messages import (
    Basis,
    Condition,
    EndUser,
    LicenceLine,
    Party,
    PeriodLimit,
    Reference,
    ReferenceKind,
    Requirements,
)
from services.core.transliteration import transliterated
from services.licensing.adapters.fields import (
    Amount,
    Body,
    CasNumber,
    ChosenCode,
    Commodity,
    ControlCode,
    Country,
    CurrencyCode,
    Day,
    EoriNumber,
    LatinText,
    LongText,
    MeasurementUnit,
    ShortText,
)
from services.licensing.adapters.words import BasisWord, ReferenceWord, named

Many: Any = Field(default_factory=list, max_length=999)


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

    def requirements(self) -> Requirements:
        return Requirements(
            federal_authorisation=self.federal_authorisation,
            end_use_certificate=self.end_use_certificate,
            state_guarantee=self.state_guarantee,
        )


class ConditionBody(Body):
    """A condition by its code in the authority's vocabulary."""

    code: ChosenCode
    text: LongText | None = None

    def condition(self) -> Condition:
        return Condition(code=self.code, text=self.text)


class ReferenceBody(Body):
    """What a licence refers to. `dated`: of the contract or original licence, or the last day of an exhibition."""

    kind: ReferenceWord
    ref: ShortText
    dated: Day | None = None

    def reference(self) -> Reference:
        return Reference(kind=named(ReferenceKind, self.kind), ref=self.ref, dated=self.dated)


class PeriodBody(Body):
    """At most so much in any window of so many days, in the unit and currency of the line."""

    days: Annotated[int, Field(ge=1, le=3_660)]
    quantity: Amount | None = None
    value: Amount | None = None

    def limit(self) -> PeriodLimit:
        return PeriodLimit(days=self.days, quantity=self.quantity, value=self.value)


class LineBody(Body):
    """`tolerance`: the share that may be over-drawn, such as 0.05; without it, what the authority allows otherwise."""

    line: Annotated[int, Field(ge=1, le=99_999)]
    description: LongText
    control_code: ControlCode
    commodity_codes: Annotated[list[Commodity], Many]
    basis: BasisWord
    quantity: Amount | None = None
    unit: MeasurementUnit | None = None
    value: Amount | None = None
    currency: CurrencyCode | None = None
    tolerance: Amount | None = None
    periods: Annotated[list[PeriodBody], Field(default_factory=list, max_length=20)]
    technical_specification: LongText | None = None
    end_use: LongText | None = None
    cas_number: CasNumber | None = None
    country_of_origin: Country | None = None

    def licence_line(self) -> LicenceLine:
        return LicenceLine(
            line=self.line,
            description=self.description,
            control_code=self.control_code,
            commodity_codes=tuple(self.commodity_codes),
            basis=named(Basis, self.basis),
            quantity=self.quantity,
            unit=self.unit,
            value=self.value,
            currency=self.currency,
            tolerance=self.tolerance,
            periods=tuple(period.limit() for period in self.periods),
            technical_specification=self.technical_specification,
            end_use=self.end_use,
            cas_number=self.cas_number,
            country_of_origin=self.country_of_origin,
        )
