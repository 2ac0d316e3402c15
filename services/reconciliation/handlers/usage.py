"""The ledger fold: what a report of use changes in a licence's ledger."""

from datetime import datetime

from services.core.decision import Decision
from services.core.errors import Corrupt
from services.core.messages import UsageReport
from services.core.values import ZERO
from services.reconciliation.domain.booking import Booking
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.rules import DEFAULT_RULE_SET
from services.reconciliation.domain.usage import check_report, drawn_more, lines_overused


def record_usage(
    state: LicenceLedger, report: UsageReport, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[LicenceLedger]:
    """A report of use: what customs does not see is drawn, and what is taken back may cover a draw that was refused.

    Facts win: more than the line authorises is drawn all the same, and said. On an unknown licence it waits with it.
    Rejected when it cannot be counted. Replay: the same again is a repeat, its id with other content halts.
    """
    known = state.usage.by_id.get(report.id)
    if known is not None:
        if known != report:
            raise Corrupt(f"message {report.identity} came before with other content")
        return Decision(state)
    check_report(state, report)
    more = drawn_more(state, report)
    booking = Booking(state, report.identity, now, rule_set)
    entry = booking.usage(report, more)
    for line, failure in lines_overused(state.terms, entry, {report.line: more}, rule_set):
        booking.raise_for_line(line, failure, entry)
    if min(more) < ZERO:
        booking.amounts_returned()
        booking.say_what_is_lost()
    return booking.decision()
