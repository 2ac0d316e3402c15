"""JSON declarations: `declaration`, and `paper-write-off` for what was declared on paper while systems were away.

Strict: no unknown field, amounts as strings, whole numbers as numbers, times with a zone. Every fault has the JSON
pointer of its place.
"""

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from services.core.facts import Fact
from services.core.messages import DeclarationForm, Document, Item
from services.core.values import Mrn
from services.customs.adapters.json.fields import (
    MOST_ITEMS,
    BorderMode,
    Commodity,
    Country,
    CurrencyText,
    Drawn,
    Long,
    Lrn,
    MrnText,
    Name,
    Number,
    Office,
    Procedure,
    Reference,
    Short,
    Strict,
    Time,
    UnitText,
    Version,
)
from services.customs.adapters.json.parts import ItemIn, PartyIn, absent, given, once
from services.customs.domain.declaration import Declaration, in_order
from services.customs.domain.paper import paper_mrn

_FORMS: Final = {
    "standard": DeclarationForm.STANDARD,
    "simplified": DeclarationForm.SIMPLIFIED,
    "supplementary": DeclarationForm.SUPPLEMENTARY,
    "retrospective": DeclarationForm.RETROSPECTIVE,
    "re-export-notification": DeclarationForm.RE_EXPORT_NOTIFICATION,
    "transit": DeclarationForm.TRANSIT,
}
_TRANSIT: Final[JsonDict] = {
    "required": ["form"],
    "properties": {"form": {"const": "transit"}, "procedure": {"pattern": "^T"}},
}
_NO_TRANSIT: Final[JsonDict] = {
    "properties": {
        "form": {"enum": [form for form in _FORMS if form != "transit"]},
        "procedure": {"pattern": "^[0-9]"},
    }
}
_SUPPLEMENTARY: Final[JsonDict] = {"required": ["form"], "properties": {"form": {"const": "supplementary"}}}
_COMPLETES_NONE: Final[JsonDict] = {"properties": {"completes": {"maxItems": 0}}}


class DeclarationIn(Strict):
    """A whole version of a declaration that customs accepted, or registered before the goods were presented.

    A higher version is an amendment.
    """

    model_config = ConfigDict(
        title="declaration",
        json_schema_extra={"allOf": [{"anyOf": [_NO_TRANSIT, _TRANSIT]}, {"anyOf": [_COMPLETES_NONE, _SUPPLEMENTARY]}]},
    )

    kind: Literal["declaration"]
    sender: Name
    message_id: Name
    mrn: MrnText
    lrn: Lrn | None = None
    version: Version
    accepted_at: Time
    amended_at: Time | None = None
    form: Literal["standard", "simplified", "supplementary", "retrospective", "re-export-notification", "transit"] = (
        "standard"
    )
    pre_lodged: bool = False
    completes: Annotated[list[MrnText], Field(max_length=MOST_ITEMS, default_factory=list)]
    office_of_export: Office | None = None
    office_of_exit: Office | None = None
    border_mode: BorderMode | None = None
    containerised: bool = False
    procedure: Procedure
    exporter: PartyIn
    declarant: PartyIn | None = None
    consignee: PartyIn | None = None
    country_of_destination: Country
    items: Annotated[list[ItemIn], Field(min_length=1, max_length=MOST_ITEMS)]

    @model_validator(mode="after")
    def _consistent(self) -> "DeclarationIn":
        once([item.item for item in self.items])
        if self.completes and self.form != "supplementary":
            raise ValueError("only a supplementary declaration completes others")
        if (self.form == "transit") != self.procedure.startswith("T"):
            raise ValueError("transit, and nothing else, has one of the procedures T1, T2, T2F, T2SM, T and TIR")
        return self

    @property
    def identified(self) -> Mrn:
        return self.mrn

    def fact(self) -> Fact:
        declaration = Declaration(
            office_of_export=self.office_of_export,
            procedure=self.procedure,
            exporter=self.exporter.party(),
            declarant=None if self.declarant is None else self.declarant.party(),
            consignee=None if self.consignee is None else self.consignee.party(),
            country_of_destination=self.country_of_destination,
            items=in_order([item.made(self.procedure) for item in self.items]),
            form=_FORMS[self.form],
            pre_lodged=self.pre_lodged,
            completes=tuple(sorted(set(self.completes))),
            office_of_exit=self.office_of_exit,
            border_mode=self.border_mode,
            containerised=self.containerised,
        )
        return declaration.accepted(
            mrn=self.mrn,
            lrn=self.lrn,
            version=self.version,
            accepted_at=self.accepted_at,
            amended_at=self.amended_at,
        )


class WrittenOffIn(Strict):
    """One line of the table on the back of a licence (Reg. (EU) 2021/821 annex III A, boxes 23 to 25)."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {"anyOf": [given("quantity"), given("amount")]},
                {"anyOf": [absent("quantity"), given("unit")]},
                {"anyOf": [absent("amount"), given("currency")]},
            ]
        }
    )

    licence: Reference
    type: Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$", examples=["X060"])]
    line: Number | None = None
    quantity: Drawn | None = None
    unit: UnitText | None = None
    amount: Drawn | None = None
    currency: CurrencyText | None = None
    commodity_code: Commodity
    description: Long

    @model_validator(mode="after")
    def _figures(self) -> "WrittenOffIn":
        if self.quantity is None and self.amount is None:
            raise ValueError("a write-off has a quantity or an amount")
        if self.quantity is not None and self.unit is None:
            raise ValueError("a quantity has a unit")
        if self.amount is not None and self.currency is None:
            raise ValueError("an amount has a currency")
        return self

    def item(self, number: int, procedure: str) -> Item:
        document = Document(
            type=self.type,
            reference=self.licence,
            line=self.line,
            quantity=self.quantity,
            unit=self.unit,
            amount=self.amount,
            currency=self.currency,
        )
        return Item(
            item=number,
            commodity_code=self.commodity_code,
            description=self.description,
            procedure=procedure,
            documents=(document,),
        )


class PaperWriteOffIn(Strict):
    """Goods that left on a paper declaration, entered afterwards from the back of the licence (boxes 23 to 27).

    `reference` is the customs document of box 26, `office` and `officer` stand in box 27. Without an `mrn` the paper
    gets a key of the shape of one, made of office and reference: the same paper entered twice is the same.
    """

    model_config = ConfigDict(title="paper-write-off")

    kind: Literal["paper-write-off"]
    sender: Name
    message_id: Name
    mrn: MrnText | None = None
    reference: Reference
    version: Version = 1
    written_off_at: Time
    office: Office
    officer: Short
    procedure: Procedure
    exporter: PartyIn
    consignee: PartyIn | None = None
    country_of_destination: Country
    write_offs: Annotated[list[WrittenOffIn], Field(min_length=1, max_length=MOST_ITEMS)]

    @property
    def identified(self) -> Mrn:
        return self.mrn or paper_mrn(self.office, self.reference, self.written_off_at)

    def fact(self) -> Fact:
        lines = enumerate(self.write_offs, 1)
        declaration = Declaration(
            office_of_export=self.office,
            procedure=self.procedure,
            exporter=self.exporter.party(),
            declarant=None,
            consignee=None if self.consignee is None else self.consignee.party(),
            country_of_destination=self.country_of_destination,
            items=tuple(line.item(number, self.procedure) for number, line in lines),
            form=DeclarationForm.PAPER,
        )
        return declaration.accepted(
            mrn=self.identified, lrn=self.reference[:35], version=self.version, accepted_at=self.written_off_at
        )
