"""A shipment on its way: facts go in, licences answer. The licences here only agree or refuse; they keep no balance."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from services.core.facts import Fact
from services.core.message import Message
from services.core.messages import Cover, Demand, DrawCover, DrawVerdict, Finding, Phase, Shipment, Verdict
from services.reconciliation.domain.shipment import empty, with_cover, with_new_fact
from tests.builders import ACCEPTED_AT
from tests.builders_customs import MRN

M = TypeVar("M", bound=Message)
RULES = "rules-1"
FREEING = (Phase.NOT_RELEASED, Phase.INVALIDATED)


@dataclass(frozen=True)
class Way:
    """State so far and everything that came out."""

    shipment: Shipment = field(default_factory=lambda: empty(MRN))
    outputs: tuple[Message, ...] = ()

    def told(self, *facts: Fact) -> "Way":
        way = self
        for fact in facts:
            decision = with_new_fact(way.shipment, fact, ACCEPTED_AT, RULES)
            way = Way(decision.state, (*way.outputs, *decision.outputs))
        return way

    def covered_by(self, *covers: Cover) -> "Way":
        way = self
        for cover in covers:
            decision = with_cover(way.shipment, cover, ACCEPTED_AT, RULES)
            way = Way(decision.state, (*way.outputs, *decision.outputs))
        return way

    def answered(self, refused: Mapping[str, tuple[str, ...]] | None = None) -> "Way":
        """Every licence answers the latest demand: refused with the reasons given for it, else covered."""
        reasons = refused or {}
        return self.covered_by(*(a_cover(d, reasons.get(d.licence, ())) for d in self.latest_demands()))

    def latest_demands(self) -> tuple[Demand, ...]:
        return tuple(held.demand for held in self.shipment.licences)

    def latest_demand(self) -> Demand:
        (demand,) = self.latest_demands()
        return demand

    def all(self, kind: type[M]) -> list[M]:
        return [output for output in self.outputs if isinstance(output, kind)]

    def verdict(self) -> Verdict:
        assert self.shipment.verdict is not None
        return self.shipment.verdict

    def finding_codes(self) -> list[str]:
        return [finding.code for finding in self.all(Finding)]


def a_cover(demand: Demand, reasons: tuple[str, ...] = (), *, revision: int | None = None) -> Cover:
    """A licence's answer to a demand, with a revision that rises with the demand's unless given."""
    freed = DrawVerdict.FREED if demand.phase in FREEING else None
    verdict = freed or (DrawVerdict.REFUSED if reasons else DrawVerdict.COVERED)
    draws = tuple(DrawCover(item=d.item, line=d.line, verdict=verdict, reasons=reasons) for d in demand.draws)
    return Cover(
        licence=demand.licence,
        mrn=demand.mrn,
        revision=demand.revision if revision is None else revision,
        demand_revision=demand.revision,
        draws=draws,
        entry_revision=demand.revision,
        rule_set="rules-of-the-ledger",
        decided_at=ACCEPTED_AT,
    )


def without_numbers(way: Way) -> tuple[object, ...]:
    """What must not depend on the order of arrival: revisions do."""
    demands = tuple(replace(demand, revision=0) for demand in way.latest_demands())
    return demands, replace(way.verdict(), revision=0) if way.shipment.verdict else None
