"""Released goods that a licence covered until it changed (Impl. Reg. (EU) 2024/2145 art. 5(2)).

They keep their answer and their amount, because facts win; that the licence no longer covers them is said, so that
goods which have not left can still be held. Unreleased draws are judged again instead (`judgement.judge_again`).
"""

from collections.abc import Iterator

from services.core.messages import Authorisation, Demand, DrawVerdict, HeldDraw, Licence, Phase
from services.reconciliation.domain.bench import line_of
from services.reconciliation.domain.case import Case, Failure
from services.reconciliation.domain.judged import cover_lost
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.measures import NOTHING, declared
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.rules import failures_of

UNDER_WAY = frozenset({Phase.ACCEPTED, Phase.RELEASED})


def released_without_cover(
    ledger: LicenceLedger, known: Licence, licence: Licence, rules: RuleSet
) -> Iterator[tuple[Demand, HeldDraw, Failure]]:
    """Draws of released goods, not yet exited, that the licence allowed as it was and does not allow as it is.

    Amounts do not count: what is consumed stays consumed (see `terms.lines_overdrawn` for a line as a whole).
    """
    for shipment in ledger.shipments.values():
        if shipment.demand.phase is not Phase.RELEASED:
            continue
        for held in shipment.draws:
            if held.verdict is not DrawVerdict.COVERED:
                continue
            codes = _broken(shipment.demand, held, licence, rules, ledger.authorisations)
            if codes and not _broken(shipment.demand, held, known, rules, ledger.authorisations):
                yield shipment.demand, held, cover_lost(codes)


def _broken(
    demand: Demand, held: HeldDraw, terms: Licence, rules: RuleSet, beside: tuple[Authorisation, ...]
) -> list[str]:
    case = case_of(demand, held, terms, rules, beside)
    return sorted(failure.code for failure in failures_of(case) if failure.blocks)


def case_of(demand: Demand, held: HeldDraw, terms: Licence, rules: RuleSet, beside: tuple[Authorisation, ...]) -> Case:
    """A draw beside the licence; the amount it holds is its own to keep."""
    line = line_of(held.draw, terms, held)
    stated = NOTHING if line is None else declared(held.draw, line, rules.codes.as_of(demand.accepted_at))
    return Case(terms, line, demand, held.draw, stated, stated, None, True, rules, None, beside)
