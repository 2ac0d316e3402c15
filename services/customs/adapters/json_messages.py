"""JSON messages of the customs door: `declaration`, `release`, `no-release`, `invalidation`, `exit`.

Strict: no unknown field, amounts as strings, whole numbers as numbers, times with a zone. Every fault has the JSON
pointer of its place.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from services.core.messages import (
    DeclarationInvalidated,
    Document,
    ExitItem,
    ExitResult,
    GoodsExited,
    GoodsReleased,
    Item,
    Party,
    ReleaseRefused,
)
from services.core.values import (
    CommodityCode,
    CountryCode,
    Currency,
    Eori,
    Mrn,
    Unit,
    parse_commodity_code,
    parse_country,
    parse_currency,
    parse_decimal,
    parse_eori,
    parse_licence_ref,
    parse_mrn,
    parse_unit,
)
from services.customs.adapters.times import instant
from services.customs.domain.declaration import Declaration, Fact, in_order

T = TypeVar("T")

MOST_ITEMS = 999
_MOST_DOCUMENTS = 198
_LARGEST_INT = 2**31 - 1
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def _from(parse: Callable[[str], T]) -> BeforeValidator:
    def read(value: Any) -> T:
        if not isinstance(value, str):
            raise ValueError("a string is expected")  # noqa: TRY004 - pydantic collects ValueErrors
        return parse(value)

    return BeforeValidator(read)


def _time(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise ValueError("not a time with its zone, such as 2026-03-02T08:15:00Z")
    return instant(datetime.fromisoformat(text.upper()))


def _amount(text: str) -> Decimal:
    value = parse_decimal(text)
    if value < 0:
        raise ValueError("an amount is at least zero")
    return value


def _drawn(text: str) -> Decimal:
    value = _amount(text)
    if value == 0:
        raise ValueError("an amount to write off is above zero")
    return value


def _text(least: int, most: int) -> BeforeValidator:
    def parse(text: str) -> str:
        if not least <= len(text) <= most or "\0" in text:
            raise ValueError(f"{least} to {most} characters are expected")
        if not text.isprintable() and any("\ud800" <= c <= "\udfff" for c in text):
            raise ValueError("half of a surrogate pair is no character")
        return text

    return _from(parse)


def _name(text: str) -> str:
    """A name that a sender gives: control characters in it would let two senders' names read as one."""
    if any(c < " " or c == "\x7f" for c in text):
        raise ValueError("a control character is no part of a name")
    return text


MrnText = Annotated[Mrn, _from(parse_mrn)]
EoriText = Annotated[Eori, _from(parse_eori)]
Country = Annotated[CountryCode, _from(parse_country)]
Commodity = Annotated[CommodityCode, _from(parse_commodity_code)]
UnitText = Annotated[Unit, _from(parse_unit)]
CurrencyText = Annotated[Currency, _from(parse_currency)]
Reference = Annotated[str, _from(parse_licence_ref)]
Time = Annotated[datetime, _from(_time)]
Amount = Annotated[Decimal, _from(_amount)]
Drawn = Annotated[Decimal, _from(_drawn)]
Short = Annotated[str, _text(1, 70)]
Long = Annotated[str, _text(1, 512)]
Name = Annotated[str, AfterValidator(_name), _text(1, 70)]
Number = Annotated[int, Field(ge=1, le=99_999)]
Procedure = Annotated[str, Field(pattern=r"^[0-9]{2}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PartyIn(_Strict):
    name: Long | None = None
    eori: EoriText | None = None
    address: Long | None = None
    country: Country | None = None

    @model_validator(mode="after")
    def _known(self) -> "PartyIn":
        if self.name is None and self.eori is None:
            raise ValueError("a party has an eori or a name")
        return self

    def party(self) -> Party:
        return Party(name=self.name, eori=self.eori, address=self.address, country=self.country)


class DocumentIn(_Strict):
    type: Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")]
    reference: Reference
    line: Number | None = None
    quantity: Drawn | None = None
    unit: UnitText | None = None
    amount: Drawn | None = None
    currency: CurrencyText | None = None

    @model_validator(mode="after")
    def _units(self) -> "DocumentIn":
        if self.quantity is not None and self.unit is None:
            raise ValueError("a quantity has a unit")
        if self.amount is not None and self.currency is None:
            raise ValueError("an amount has a currency")
        return self


class ItemIn(_Strict):
    """`procedure`, `consignee` and `country_of_destination` only where they differ from the declaration's."""

    item: Number
    commodity_code: Commodity
    description: Long
    net_mass_kg: Amount | None = None
    statistical_value: Amount | None = None
    procedure: Procedure | None = None
    consignee: PartyIn | None = None
    country_of_destination: Country | None = None
    documents: Annotated[list[DocumentIn], Field(max_length=_MOST_DOCUMENTS)] = []

    def made(self, procedure: str) -> Item:
        return Item(
            item=self.item,
            commodity_code=self.commodity_code,
            description=self.description,
            procedure=self.procedure or procedure,
            consignee=None if self.consignee is None else self.consignee.party(),
            destination=self.country_of_destination,
            net_mass_kg=self.net_mass_kg,
            statistical_value=self.statistical_value,
            documents=tuple(Document(**document.model_dump()) for document in self.documents),
        )


class _Message(_Strict):
    sender: Name
    message_id: Name
    mrn: MrnText


class DeclarationIn(_Message):
    """A whole version of an accepted declaration; a higher version is an amendment."""

    kind: Literal["declaration"]
    lrn: Annotated[str, _text(1, 35)] | None = None
    version: Annotated[int, Field(ge=1, le=_LARGEST_INT)]
    accepted_at: Time
    amended_at: Time | None = None
    office_of_export: Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z0-9]{6}$")] | None = None
    procedure: Procedure
    exporter: PartyIn
    declarant: PartyIn | None = None
    consignee: PartyIn | None = None
    country_of_destination: Country
    items: Annotated[list[ItemIn], Field(min_length=1, max_length=MOST_ITEMS)]

    @model_validator(mode="after")
    def _items_once(self) -> "DeclarationIn":
        if len({item.item for item in self.items}) != len(self.items):
            raise ValueError("an item number is there twice")
        return self

    def fact(self) -> Fact:
        declaration = Declaration(
            office_of_export=self.office_of_export,
            procedure=self.procedure,
            exporter=self.exporter.party(),
            declarant=None if self.declarant is None else self.declarant.party(),
            consignee=None if self.consignee is None else self.consignee.party(),
            country_of_destination=self.country_of_destination,
            items=in_order([item.made(self.procedure) for item in self.items]),
        )
        return declaration.accepted(
            mrn=self.mrn,
            lrn=self.lrn,
            version=self.version,
            accepted_at=self.accepted_at,
            amended_at=self.amended_at,
        )


class ReleaseIn(_Message):
    kind: Literal["release"]
    released_at: Time

    def fact(self) -> Fact:
        return GoodsReleased(fact_id="", mrn=self.mrn, released_at=self.released_at)


class NoReleaseIn(_Message):
    kind: Literal["no-release"]
    decided_at: Time
    reason: Long | None = None

    def fact(self) -> Fact:
        return ReleaseRefused(fact_id="", mrn=self.mrn, decided_at=self.decided_at, reason=self.reason)


class InvalidationIn(_Message):
    kind: Literal["invalidation"]
    invalidated_at: Time
    reason: Long | None = None

    def fact(self) -> Fact:
        return DeclarationInvalidated(fact_id="", mrn=self.mrn, invalidated_at=self.invalidated_at, reason=self.reason)


class ExitItemIn(_Strict):
    """Totals so far, in the unit and currency of the item's document."""

    item: Number
    quantity: Amount | None = None
    amount: Amount | None = None


class ExitIn(_Message):
    kind: Literal["exit"]
    exited_at: Time
    result: Literal["A1", "A4", "B1"]
    final: bool = True
    office_of_exit: Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z0-9]{6}$")] | None = None
    items: Annotated[list[ExitItemIn], Field(max_length=MOST_ITEMS)] = []

    @model_validator(mode="after")
    def _items_once(self) -> "ExitIn":
        if len({item.item for item in self.items}) != len(self.items):
            raise ValueError("an item number is there twice")
        return self

    def fact(self) -> Fact:
        return GoodsExited(
            fact_id="",
            mrn=self.mrn,
            exited_at=self.exited_at,
            result=ExitResult(self.result),
            final=self.final,
            office_of_exit=self.office_of_exit,
            items=tuple(ExitItem(**i.model_dump()) for i in sorted(self.items, key=lambda i: i.item)),
        )
