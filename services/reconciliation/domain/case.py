"""What a rule is given, and what it answers: a draw beside the licence, and every value compared and found wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from services.core.messages import Authorisation, Comparison, Demand, Draw, Licence, LicenceLine, LineBalance
from services.core.values import ZERO
from services.reconciliation.domain.columns import Columns, drawn
from services.reconciliation.domain.measures import Figures
from services.reconciliation.domain.rule_set import Mode, RuleSet


@dataclass(slots=True)
class Case:
    """A draw with everything it is judged against. One is made per draw and never kept: hence not frozen."""

    terms: Licence | None
    line: LicenceLine | None
    """The line it is on; None when the licence has no such line."""
    demand: Demand
    draw: Draw
    stated: Figures
    """What it writes off, in the line's measure."""
    takes: Figures
    """What it would hold of the line."""
    balance: LineBalance | None
    """The line's columns as all other draws leave them; None without a line."""
    keeps: bool
    """It holds this amount already: who came first keeps it, the ceiling is not judged again."""
    rules: RuleSet
    columns: Columns | None = None
    """All lines, as all other draws leave them; None: amounts are not judged."""
    beside: tuple[Authorisation, ...] = ()
    """What stands beside the licence."""

    @property
    def authorised_quantity(self) -> Decimal:
        """What the licence states and what was carried over to it, or from it."""
        return ZERO if self.balance is None or self.balance.quantity is None else self.balance.quantity.authorised

    @property
    def authorised_value(self) -> Decimal:
        """The same of the value."""
        return ZERO if self.balance is None or self.balance.value is None else self.balance.value.authorised

    @property
    def drawn_quantity(self) -> Decimal:
        return ZERO if self.balance is None else drawn(self.balance.quantity)

    @property
    def drawn_value(self) -> Decimal:
        return ZERO if self.balance is None else drawn(self.balance.value)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What a rule compared and found wrong. `passing` values say more but change without anyone declaring anything."""

    compared: tuple[Comparison, ...]
    passing: tuple[Comparison, ...] = ()
    mode: Mode = Mode.BLOCK


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule under its code; the version rises whenever its answer to any case changes."""

    code: str
    version: int
    check: Callable[[Case], Mismatch | None]


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that does not hold for a draw."""

    code: str
    version: int
    mismatch: Mismatch

    @property
    def blocks(self) -> bool:
        return self.mismatch.mode is Mode.BLOCK


def differs(what: str, declared: str | None, licensed: str | Iterable[str] | None) -> Mismatch:
    """A mismatch of one value, or of one against several."""
    against = licensed if isinstance(licensed, str) else ", ".join(licensed or ())
    return Mismatch((Comparison(what=what, declared=declared or "none", licensed=against or "none"),))
