"""A declaration as planned, before any format: what every message of its life is written from."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from services.core.values import LicenceRef, Mrn
from services.simulator.parties import Party


class Format(StrEnum):
    """How a customs system speaks."""

    AES = "aes"
    WCO = "wco"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Document:
    """A supporting document; `line` and figures only where it is a licence (DE 12 03)."""

    type: str
    reference: str
    line: int | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A goods item; mass in kilograms, value in euro."""

    number: int
    description: str
    commodity_code: str
    net_mass_kg: Decimal
    statistical_value: Decimal
    documents: tuple[Document, ...]
    packages: int = 1


@dataclass(frozen=True, slots=True)
class Declaration:
    """One export declaration at one version. Times are UTC."""

    mrn: Mrn
    lrn: str
    format: Format
    accepted_at: datetime
    exporter: Party
    declarant: Party
    consignee: Party
    destination: str
    items: tuple[Item, ...]
    procedure: str = "10"
    office_of_export: str = "BE343000"
    office_of_exit: str = "BE343000"
    version: int = 1
    amended_at: datetime | None = None

    @property
    def gross_mass_kg(self) -> Decimal:
        """Net mass and a twentieth for packaging, to the gram."""
        net = sum((item.net_mass_kg for item in self.items), Decimal(0))
        return (net * Decimal("1.05")).quantize(Decimal("0.001"))

    @property
    def invoiced(self) -> Decimal:
        return sum((item.statistical_value for item in self.items), Decimal(0))

    def amended(self, at: datetime, *items: Item) -> "Declaration":
        """The next version, with `items` in the place of those of the same number."""
        by_number = {item.number: item for item in (*self.items, *items)}
        new = tuple(by_number[number] for number in sorted(by_number))
        return replace(self, items=new, version=self.version + 1, amended_at=at)


@dataclass(frozen=True, slots=True)
class ExitItem:
    """What left of an item so far, in its document's unit."""

    number: int
    quantity: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    """The result of the exit control: A1 satisfactory, A4 minor discrepancies, B1 not satisfactory."""

    at: datetime
    result: str = "A1"
    final: bool = True
    items: tuple[ExitItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, byte for byte as it will be sent. `mrn` is empty where the message states none."""

    id: str
    kind: str
    format: Format
    mrn: str
    body: bytes

    @property
    def content_type(self) -> str:
        return "application/json" if self.format is Format.JSON else "application/xml"


@dataclass(frozen=True, slots=True)
class Hold:
    """What a declaration is expected to hold of a licence line at the end of the scenario."""

    licence: LicenceRef
    line: int
    consumed: bool
    quantity: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    exited_quantity: Decimal = Decimal(0)
    exited_value: Decimal = Decimal(0)
