"""Use of a licence as its holder reports it, and the three figures that are then compared."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from services.simulator.declarations import Hold
from services.simulator.licences import Licence


@dataclass(frozen=True, slots=True)
class Report:
    """All use of the first line in these days, of one channel: the same again is a repeat."""

    licence: Licence
    name: str
    channel: Literal["electronic-transfer", "export"]
    first: date
    last: date
    quantity: Decimal

    @property
    def path(self) -> str:
        return f"/v1/licences/{self.licence.ref}/usage-reports"

    def body(self) -> dict[str, Any]:
        """The request."""
        return {
            "id": f"{self.licence.ref}/{self.name}",
            "line": 1,
            "kind": "cumulative",
            "channel": self.channel,
            "period_from": self.first.isoformat(),
            "period_to": self.last.isoformat(),
            "quantity": str(self.quantity),
            "unit": self.licence.line().goods.unit,
        }

    def hold(self) -> Hold:
        """What it draws: customs sees exports, and nothing else."""
        drawn = Decimal(0) if self.channel == "export" else self.quantity
        return Hold(self.licence.ref, 1, consumed=True, quantity=drawn, value=Decimal(0), exited_quantity=drawn)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the comparison of the first line shows of these days."""

    licence: Licence
    first: date
    last: date
    shown: tuple[tuple[str, str], ...]
    """Names of figures and what they must be."""

    @property
    def path(self) -> str:
        return f"/v1/ledger/licences/{self.licence.ref}/comparison"

    def days(self) -> dict[str, str | int]:
        """The query."""
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}

    def expected(self) -> str:
        """In words, as `came` gives them."""
        return ", ".join(f"{name} {figure}" for name, figure in self.shown)

    def came(self, answer: dict[str, Any]) -> str:
        """The same figures of an answer; nothing where it has none."""
        lines = answer.get("lines") or [{}]
        quantity = lines[0].get("quantity") or {}
        return ", ".join(f"{name} {quantity.get(name)}" for name, _ in self.shown)
