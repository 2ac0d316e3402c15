"""What a shipment waits for, until when, and what is wrong once that has passed.

A rule looks at the state alone and says what is awaited; the time comes from outside, as that of a reminder. So what
is raised does not depend on when anybody looked, and what arrives in time, in whatever order, ends the wait without a
trace. Nothing is a finding before its messages could be here: they may be on their way for `GRACE`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.core.facts import Fact
from services.core.messages import (
    Comparison,
    DeclarationForm,
    ExitReleased,
    Finding,
    GoodsReleased,
    Phase,
    Shipment,
    VerdictKind,
)
from services.reconciliation.domain.answer_time import received, time_to_answer
from services.reconciliation.domain.declaration import current, whole_versions
from services.reconciliation.domain.facts import all_facts
from services.reconciliation.domain.findings import OfShipment, finding_id, of_shipment
from services.reconciliation.domain.legal import KINDS
from services.reconciliation.domain.phase import decision_on_release, departure, ends

GRACE: Final = timedelta(hours=24)
ENQUIRY: Final = timedelta(days=90)
"""Impl. Reg. (EU) 2015/2447 art. 335(1)."""
INVALIDATION: Final = timedelta(days=150)
"""Del. Reg. (EU) 2015/2446 art. 248(2)."""
LEAD: Final = 1 / 3
"""Part of the time to answer that must be left when somebody is told that there is no answer yet."""

ON_ANOTHER_WAY_OUT: Final = frozenset(
    {
        DeclarationForm.RETROSPECTIVE,
        DeclarationForm.SUPPLEMENTARY,
        DeclarationForm.RE_EXPORT_NOTIFICATION,
        DeclarationForm.TRANSIT,
    }
)
"""Goods that left before, that are released and leave under another declaration, that leave without a release, or whose
movement ends at an office of destination: neither release nor exit is awaited as of an export declaration.
"""
VERSION: Final = 1
"""Of all that follows and of the times to answer: another one has the reminders of all shipments made anew."""


Release = GoodsReleased | ExitReleased


@dataclass(frozen=True, slots=True)
class Wait:
    """What is awaited from `since` to `until`, because of these facts. Another `mark` is another wait."""

    awaited: str
    since: datetime
    until: datetime
    facts: tuple[Fact, ...]
    mark: str = ""
    respond_by: datetime | None = None


Rule = Callable[[Shipment, float], Wait | None]
"""`(shipment, lead)`: None when nothing is awaited. Pure, and quick when it is so: it is asked around every fact."""


def for_its_declaration(shipment: Shipment, _: float) -> Wait | None:
    """Facts of an MRN that no declaration was received for."""
    if shipment.declarations:
        return None
    facts = all_facts(shipment)
    since = min((at for fact in facts if (at := received(fact)) is not None), default=None)
    return None if since is None else Wait("declaration", since, since + GRACE, facts)


def for_its_release(shipment: Shipment, _: float) -> Wait | None:
    """Goods that left though nobody decided on their release. Refused or invalidated ones are a contradiction."""
    if not shipment.exits or shipment.invalidations or not _leaves_by_itself(shipment):
        return None
    exited = departure(shipment)
    if exited is None or decision_on_release(shipment).phase is not Phase.ACCEPTED:
        return None
    since = received(exited)
    return None if since is None else Wait("release", exited.exited_at, since + GRACE, (exited,))


def for_its_exit(shipment: Shipment, _: float) -> Wait | None:
    """Released goods of which nobody said that all of them left: an enquiry begins."""
    release = _not_yet_left(shipment)
    if release is None:
        return None
    until = _not_before(release, ENQUIRY)
    return Wait("exit", release.released_at, until, (release,), release.fact_id, release.released_at + INVALIDATION)


def for_proof_of_exit(shipment: Shipment, _: float) -> Wait | None:
    """The same for so long that the declaration may be invalidated."""
    release = _not_yet_left(shipment)
    if release is None:
        return None
    until = _not_before(release, INVALIDATION)
    return Wait("exit or proof of it", release.released_at, until, (release,), release.fact_id)


def for_an_answer(shipment: Shipment, lead: float) -> Wait | None:
    """A declaration that customs is to decide on, and that licences have not answered: while there is still time."""
    verdict = shipment.verdict
    if verdict is None or verdict.respond_by is None:
        return None
    if verdict.verdict is not VerdictKind.PENDING or verdict.phase is not Phase.ACCEPTED:
        return None
    declaration = current(shipment)
    if declaration is None:
        return None
    due, budget = verdict.respond_by, time_to_answer(declaration.stated)
    decided = received(*shipment.overrides)
    if decided is not None and decided >= due - budget:
        return None  # customs did not wait for it
    facts: tuple[Fact, ...] = (whole_versions(shipment)[-1], *shipment.amendments, *shipment.presentations)
    return Wait("verdict", due - budget, due - budget * lead, facts, due.isoformat(), due)


RULES: Final[Mapping[str, Rule]] = {
    "shipment.unanswered": for_an_answer,
    "shipment.incomplete": for_its_declaration,
    "exit.without-release": for_its_release,
    "exit.overdue-90": for_its_exit,
    "exit.overdue-150": for_proof_of_exit,
}
"""Each raises its code when its time has passed, once for each wait."""


def _leaves_by_itself(shipment: Shipment) -> bool:
    """Whether an export declaration is known, and its goods are to be released and to leave under it."""
    return bool(shipment.declarations) and shipment.declarations[-1].form not in ON_ANOTHER_WAY_OUT


def _not_yet_left(shipment: Shipment) -> Release | None:
    """The release that counts, while neither a final exit or other proof nor an invalidation ended what it began."""
    if not (shipment.releases or shipment.exit_releases) or shipment.invalidations or not _leaves_by_itself(shipment):
        return None
    exited = departure(shipment)
    if exited is not None and ends(exited, shipment):
        return None
    decision = decision_on_release(shipment).fact
    return decision if isinstance(decision, Release) else None


def _not_before(release: Release, after: timedelta) -> datetime:
    """So long after release; of one that was received late, an exit received with it must have its time too."""
    at = received(release)
    return max(release.released_at + after, release.released_at if at is None else at + GRACE)


def next_due(shipment: Shipment, lead: float = LEAD) -> datetime | None:
    """When the first wait ends of which nothing was raised; None: nothing is awaited."""
    return min((wait.until for _, wait in _open(shipment, lead)), default=None)


def overdue(shipment: Shipment, now: datetime, rule_set: str, lead: float = LEAD) -> list[Finding]:
    """A finding for each wait that has ended by `now` and was not raised before, in the order of the table."""
    ended = [(code, wait) for code, wait in _open(shipment, lead) if wait.until <= now]
    return [_finding(code, wait, shipment, now, rule_set) for code, wait in ended]


def _open(shipment: Shipment, lead: float) -> Iterator[tuple[str, Wait]]:
    for code, rule in RULES.items():
        wait = rule(shipment, lead)
        if wait is not None and not (shipment.findings and _identity(code, wait, shipment) in shipment.findings):
            yield code, wait


def _identity(code: str, wait: Wait, shipment: Shipment) -> str:
    return finding_id(code, shipment.mrn, wait.mark)


def _finding(code: str, wait: Wait, shipment: Shipment, now: datetime, rule_set: str) -> Finding:
    kind = KINDS[code]
    since = f"since {wait.since.isoformat()}"
    compared = Comparison(what=wait.awaited, declared=f"none {since}", licensed=f"due by {wait.until.isoformat()}")
    found = OfShipment(
        id=_identity(code, wait, shipment),
        code=code,
        severity=kind.severity,
        track=kind.track,
        basis=kind.basis,
        facts=wait.facts,
        respond_by=wait.respond_by,
    )
    return of_shipment(found, shipment.mrn, f"{shipment.mrn}: {kind.sentence} ({since})", (compared,), rule_set, now)
