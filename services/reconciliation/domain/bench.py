"""What a draw is judged with: its line, what it asked before, and the columns as other draws leave them."""

from dataclasses import dataclass

from services.core.messages import Authorisation, Demand, Draw, HeldDraw, Licence, LicenceLine, Phase
from services.reconciliation.domain.case import Case
from services.reconciliation.domain.codes import AsOf
from services.reconciliation.domain.columns import Columns
from services.reconciliation.domain.measures import Figures
from services.reconciliation.domain.rule_set import RuleSet

FREEING = frozenset({Phase.NOT_RELEASED, Phase.INVALIDATED})
RELEASED = frozenset({Phase.RELEASED, Phase.EXITED})


def line_of(draw: Draw, terms: Licence | None, before: HeldDraw | None = None) -> LicenceLine | None:
    """The line a draw is on; without a number, the line of a licence that has only one.

    There it stays when the licence gets more lines: what it holds is not lost with the number it never had.
    """
    if terms is None:
        return None
    number = draw.line or (before.line if before is not None else 0)
    if number == 0:
        return terms.lines[0] if len(terms.lines) == 1 else None
    for line in terms.lines:
        if line.line == number:
            return line
    return None


@dataclass(slots=True)
class Bench:
    """A demand before the licence: what it asks, what it asked before, and the columns as other draws leave them.

    One is made per demand and never kept: hence not frozen.
    """

    columns: Columns
    terms: Licence | None
    demand: Demand
    earlier: Demand | None
    rules: RuleSet
    beside: tuple[Authorisation, ...] = ()

    @property
    def codes(self) -> AsOf:
        """As of acceptance, which no amendment changes."""
        return self.rules.codes.as_of(self.demand.accepted_at)

    def case(self, draw: Draw, line: LicenceLine | None, stated: Figures, takes: Figures, *, keeps: bool) -> Case:
        """The draw, what it would take, and what all other draws hold now."""
        balance = None if line is None else self.columns.of(line.line)
        return Case(
            self.terms, line, self.demand, draw, stated, takes, balance, keeps, self.rules, self.columns, self.beside
        )
