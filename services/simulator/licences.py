"""A licence as the authority publishes it, and what the scenario needs to know of it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from services.core.values import LicenceRef
from services.simulator.goods import Goods
from services.simulator.parties import Party

Basis = Literal["quantity", "value", "both", "open"]


@dataclass(frozen=True, slots=True)
class Line:
    """A licence line. Figures are absent in a dimension the basis does not control."""

    number: int
    goods: Goods
    basis: Basis
    quantity: Decimal | None
    value: Decimal | None
    currency: str = "EUR"
    monthly: Decimal | None = None
    """The most that any 30 days may draw of its quantity."""

    @property
    def counts_quantity(self) -> bool:
        """Whether a shipment states a quantity for this line."""
        return self.basis != "value"

    @property
    def counts_value(self) -> bool:
        """Whether a shipment states an amount for this line."""
        return self.basis != "quantity"

    def body(self) -> dict[str, Any]:
        """The line as API.md writes it."""
        return {
            "line": self.number,
            "description": self.goods.description,
            "control_code": self.goods.control_code,
            "commodity_codes": [self.goods.commodity_code[:6]],
            "basis": self.basis,
            "quantity": None if self.quantity is None else str(self.quantity),
            "unit": self.goods.unit if self.counts_quantity else None,
            "value": None if self.value is None else str(self.value),
            "currency": self.currency if self.counts_value else None,
            **({} if self.monthly is None else {"periods": [{"days": 30, "quantity": str(self.monthly)}]}),
        }


@dataclass(frozen=True, slots=True)
class Licence:
    """An individual, global or large-project licence."""

    ref: LicenceRef
    type: Literal["individual", "global", "large-project"]
    holder: Party
    consignees: tuple[Party, ...]
    valid_from: date
    valid_to: date
    lines: tuple[Line, ...]

    @property
    def destinations(self) -> tuple[str, ...]:
        """Countries of its consignees, sorted."""
        return tuple(sorted({party.country for party in self.consignees}))

    @property
    def document_type(self) -> str:
        """The TARIC document type that cites it."""
        return {"individual": "X060", "global": "X070", "large-project": "X069"}[self.type]

    @property
    def nuclear(self) -> bool:
        """Whether the minister and the receiving State have a say beside the authority."""
        return any(line.goods.nuclear for line in self.lines)

    def line(self, number: int = 1) -> Line:
        return next(line for line in self.lines if line.number == number)

    def body(self) -> dict[str, Any]:
        """The request of `POST /v1/licences`."""
        return {
            "ref": self.ref,
            "type": self.type,
            "authority": "BE-VLG",
            "holder": {"eori": self.holder.eori, "name": self.holder.name},
            "consignees": [
                {"name": party.name, "address": party.address, "country": party.country} for party in self.consignees
            ],
            "end_users": [
                {"name": party.name, "country": party.country, "kind": "industry", "end_use": "civil production"}
                for party in self.consignees
            ],
            "destinations": list(self.destinations),
            "procedures": ["10"],
            "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to.isoformat(),
            "requires": {
                "federal_authorisation": self.nuclear,
                "end_use_certificate": self.nuclear,
                "state_guarantee": self.nuclear,
            },
            "lines": [line.body() for line in self.lines],
        }


@dataclass(frozen=True, slots=True)
class StatusStep:
    """A change of status the authority publishes after issue."""

    ref: LicenceRef
    status: Literal["suspended", "revoked", "exhausted"]
    reason: str
    effective_at: datetime

    def body(self) -> dict[str, Any]:
        """The request of `POST /v1/licences/{ref}/status`."""
        return {
            "status": self.status,
            "reason": self.reason,
            "effective_at": self.effective_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
