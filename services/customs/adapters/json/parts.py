"""Parts of JSON messages: parties, documents, goods items."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from services.core.messages import Document, Item, Party
from services.core.transliteration import transliterated
from services.customs.adapters.json.fields import (
    MOST_DOCUMENTS,
    Amount,
    Commodity,
    Country,
    CurrencyText,
    Drawn,
    EoriText,
    Latin,
    Long,
    Number,
    OneLine,
    Procedure,
    Reference,
    Strict,
    UnitText,
)


def given(name: str) -> JsonDict:
    """The schema of an object whose field is there and not null."""
    return {"required": [name], "properties": {name: {"type": "string"}}}


def absent(name: str) -> JsonDict:
    """The schema of an object whose field is not there, or null."""
    return {"properties": {name: {"type": "null"}}}


class PartyIn(Strict):
    """A party by EORI, by name, or both. `transliteration`: the name in ISO 8859-1 as the sender has it; else ours."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [given("name"), given("eori")]})

    name: OneLine | None = None
    eori: EoriText | None = None
    address: OneLine | None = None
    country: Country | None = None
    transliteration: Latin | None = None

    @model_validator(mode="after")
    def _known(self) -> "PartyIn":
        if self.name is None and self.eori is None:
            raise ValueError("a party has an eori or a name")
        return self

    def party(self) -> Party:
        return Party(
            name=self.name,
            eori=self.eori,
            address=self.address,
            country=self.country,
            transliteration=self.transliteration or transliterated(self.name),
        )


class DocumentIn(Strict):
    """A supporting document with what is to be written off on it."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {"anyOf": [absent("quantity"), given("unit")]},
                {"anyOf": [absent("amount"), given("currency")]},
            ]
        }
    )

    type: Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$", examples=["X060"])]
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

    def document(self) -> Document:
        return Document(**self.model_dump())


class ItemIn(Strict):
    """`procedure`, `consignee` and `country_of_destination` only where they differ from the declaration's."""

    item: Number
    commodity_code: Commodity
    description: Long
    net_mass_kg: Amount | None = None
    statistical_value: Amount | None = None
    procedure: Procedure | None = None
    consignee: PartyIn | None = None
    country_of_destination: Country | None = None
    documents: Annotated[list[DocumentIn], Field(max_length=MOST_DOCUMENTS, default_factory=list)]

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
            documents=tuple(document.document() for document in self.documents),
        )


def once(numbers: Sequence[int]) -> None:
    if len(set(numbers)) != len(numbers):
        raise ValueError("an item number is there twice")
