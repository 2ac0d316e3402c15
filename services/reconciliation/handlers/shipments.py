"""The shipments fold: one aggregate per MRN."""

from datetime import datetime

from services.core.decision import Decision
from services.core.facts import Fact
from services.core.messages import Cover, Reminder, Resemblance, Shipment
from services.core.values import Mrn
from services.reconciliation.domain.deadlines import LEAD
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.rules import DEFAULT_RULE_SET
from services.reconciliation.domain.shipment import with_cover, with_new_fact, with_resemblance, with_time_passed


def record_fact(
    state: Shipment, fact: Fact, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[Shipment]:
    """Take in what a customs message says about an MRN, and ask the licences it cites.

    Replay: a fact is known by its id. Corrupt when the id comes back with other content.
    """
    return with_new_fact(state, fact, now, rule_set.name, rule_set.codes)


def record_cover(
    state: Shipment, cover: Cover, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[Shipment]:
    """Take in a licence's answer, and answer customs.

    Replay: the highest revision of a licence's answers counts. Corrupt when a revision comes back with other content.
    """
    return with_cover(state, cover, now, rule_set.name)


def record_resemblance(
    state: Shipment, found: Resemblance, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[Shipment]:
    """Raise that the shipment resembles a refusal or denial.

    Replay: the same goods and parties beside the same refusal are one finding, at whatever step it was found.
    """
    return with_resemblance(state, found, now, rule_set.name)


def reminder(mrn: str, due: datetime) -> Reminder:
    """What the runtime tells this fold when a shipment is to be looked at again."""
    return Reminder(mrn=Mrn(mrn), due=due)


def record_reminder(
    state: Shipment,
    told: Reminder,
    now: datetime,
    *,
    lead: float = LEAD,
    rule_set: RuleSet = DEFAULT_RULE_SET,
) -> Decision[Shipment]:
    """Raise what was awaited in vain. The time that counts is the one it was due, which a record keeps too coarsely.

    Replay: one that no longer applies, or came before, changes nothing.
    """
    del now
    return with_time_passed(state, told.due, rule_set.name, lead)
