"""The use case of the fold: a finding opens an alert or joins one."""

from datetime import datetime

from services.alerting.domain.alert import Case, Step, joined, opened
from services.core.decision import Decision
from services.core.errors import Rejected
from services.core.messages import Finding


def raise_alert(case: Case, finding: Finding, _now: datetime) -> Decision[Case]:
    """A finding that is in the alert already changes nothing.

    Rejected when the finding travels under a key that is not its own: its alert would then live in two partitions.
    """
    expected = finding.mrn or finding.licence
    if expected is not None and finding.subject != expected:
        raise Rejected(f"finding {finding.id}: subject {finding.subject!r} is not its shipment or licence {expected!r}")
    if case.alert is not None and finding.id in case.alert.findings:
        return Decision(case)
    alert = opened(finding) if case.alert is None else joined(case.alert, finding)
    return Decision(Case(alert, (*case.steps, Step(alert, finding))), (alert,))
