"""What ran out in a dossier that the authorities share: a finding for each check, or the advice, that is late.

The dossier itself says, once, what ran out and in which revision; whose turn it is and until which day is there too.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from services.core.dossiers import decides
from services.core.messages import (
    Comparison,
    Dossier,
    DossierSide,
    DossierStep,
    DossierStepKind,
    Finding,
)
from services.reconciliation.domain.findings import finding_id
from services.reconciliation.domain.legal import KINDS

OVERDUE: Final = "dossier.overdue"
_RULE: Final = f"{OVERDUE}@1"


def ran_out(of: Dossier, rule_set: str) -> Iterator[Finding]:
    """What this revision says; nothing of what an earlier one said. The same for every replay."""
    for step in of.steps:
        if step.kind is DossierStepKind.OVERDUE and step.revision == of.revision:
            yield _finding(of, step, rule_set)


def _finding(of: Dossier, step: DossierStep, rule_set: str) -> Finding:
    kind = KINDS[OVERDUE]
    what = step.check or "advice"
    side, due = _turn(of, step.check)
    who = of.authority if side is DossierSide.REGION else of.federal
    leads = f" ({of.licence})" if of.licence else ""
    return Finding(
        id=finding_id(OVERDUE, of.ref, step.revision, what),
        subject=of.ref,
        code=OVERDUE,
        severity=kind.severity,
        track=kind.track,
        summary=f"dossier {of.ref} of {of.application}{leads}: {kind.sentence} ({what}, by {who}, until {due})",
        legal_basis=kind.basis.article,
        legal_basis_version=kind.basis.version,
        rule=_RULE,
        rule_set=rule_set,
        comparisons=(Comparison(what=f"{what}, by {who}", declared="not there", licensed=f"by {due}"),),
        raised_at=step.at,
    )


def _turn(of: Dossier, check: str | None) -> tuple[DossierSide, date | None]:
    """Who is to do it, and its last day."""
    if check is not None:
        return next((one.side, one.due) for one in of.checks if one.name == check)
    return decides(of), None if of.advice is None else of.advice.due
