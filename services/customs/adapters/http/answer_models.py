"""The door's answers as the OpenAPI description shows them; what `views` makes fits them, and more may be added."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.customs.adapters.json.fields import (
    Commodity,
    Country,
    CurrencyText,
    EoriText,
    MrnText,
    UnitText,
)

Decided = Literal["covered", "refused", "not-controlled", "pending"]
Amount = Annotated[str, Field(pattern=r"^[0-9]{1,18}(\.[0-9]{1,6})?$", examples=["12.5"])]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="Our id of the message.")]


class Fault(BaseModel):
    """One thing wrong: where (JSON pointer, XPath, or line and column), which rule, what to do."""

    path: str
    code: str
    detail: str


class Problem(BaseModel):
    """What is wrong with a request (RFC 9457)."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    errors: list[Fault] = Field(default_factory=list)


class Receipt(BaseModel):
    """A message that was taken. `duplicate`: it had been taken before."""

    id: Id
    message_id: str | None
    kind: str
    mrn: MrnText | None
    lrn: str | None
    sha256: Sha256
    received_at: Moment
    warnings: list[Fault]
    duplicate: bool = False


class MessageView(Receipt):
    """Where a message stands, why, and the shipment and fact it belongs to."""

    state: Literal["received", "waiting", "applied", "dead-lettered"]
    reason: str | None
    shipment: MrnText | None
    fact_id: str | None


class ItemVerdict(BaseModel):
    """The answer for one item on one licence line."""

    item: int
    licence: str | None
    line: int | None
    verdict: Decided
    reasons: list[str]


class OverrideView(BaseModel):
    """A decision of customs against the answer, or without it."""

    decided_at: Moment
    officer: str
    reason: str


class VerdictView(BaseModel):
    """The answer for a declaration."""

    mrn: MrnText
    version: int | None
    verdict: Decided
    phase: str | None
    stage: str | None
    items: list[ItemVerdict]
    overrides: list[OverrideView]
    rule_set: str | None
    decided_at: Moment | None
    respond_by: Moment | None


class PartyView(BaseModel):
    """A party as declared."""

    name: str | None
    eori: EoriText | None
    address: str | None
    country: Country | None


class DocumentView(BaseModel):
    """A supporting document with its write-off figures."""

    type: str
    reference: str
    line: int | None
    quantity: Amount | None
    unit: UnitText | None
    amount: Amount | None
    currency: CurrencyText | None


class ItemView(BaseModel):
    """A goods item with what its licences answer."""

    item: int
    commodity_code: Commodity
    description: str
    procedure: str
    consignee: PartyView | None
    country_of_destination: Country | None
    net_mass_kg: Amount | None
    statistical_value: Amount | None
    documents: list[DocumentView]
    cover: list[ItemVerdict]


class HistoryEntry(MessageView):
    """A message about the declaration, and the fact it states."""

    fact: str | None


class ExitView(BaseModel):
    """The declared office of exit, and those where the goods were seen, in order."""

    declared: str | None
    offices: list[str]
    diverted: bool


class DeclarationView(BaseModel):
    """A declaration as last received in whole, its answer per item, and every message about it."""

    mrn: MrnText
    version: int | None
    phase: str | None
    stage: str | None
    lrn: str | None
    accepted_at: Moment | None
    amended_at: Moment | None
    form: str | None
    pre_lodged: bool | None
    completes: list[MrnText] | None
    office_of_export: str | None
    office_of_exit: str | None
    border_mode: str | None
    containerised: bool | None
    procedure: str | None
    exporter: PartyView | None
    declarant: PartyView | None
    consignee: PartyView | None
    country_of_destination: Country | None
    exit: ExitView
    items: list[ItemView]
    verdict: VerdictView
    history: list[HistoryEntry]


class WebhookView(BaseModel):
    """How deliveries to one party stand."""

    party: str
    state: Literal["active", "paused"]
    paused_at: Moment | None
    pending: int
    failed: int
    gone: int
    oldest: Moment | None
    last_status: int | None
    last_error: str | None


class WebhooksView(BaseModel):
    """How deliveries to the parties stand."""

    items: list[WebhookView]


class ResumedView(BaseModel):
    """How many deliveries begin again."""

    party: str
    resumed: int
