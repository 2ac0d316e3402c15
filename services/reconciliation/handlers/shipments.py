"""The shipments fold: one aggregate per MRN."""

from datetime import datetime

from services.core.decision import Decision
from services.core.messages import Cover, Shipment
from services.reconciliation.domain.facts import Fact
from services.reconciliation.domain.rules import DEFAULT_RULE_SET
from services.reconciliation.domain.shipment import with_cover, with_new_fact


def record_fact(state: Shipment, fact: Fact, now: datetime) -> Decision[Shipment]:
    """Take in what a customs message says about an MRN, and ask the licences it cites.

    Replay: a fact is known by its id. Corrupt when the id comes back with other content.
    """
    return with_new_fact(state, fact, now, DEFAULT_RULE_SET.name)


def record_cover(state: Shipment, cover: Cover, now: datetime) -> Decision[Shipment]:
    """Take in a licence's answer, and answer customs.

    Replay: the highest revision of a licence's answers counts. Corrupt when a revision comes back with other content.
    """
    return with_cover(state, cover, now, DEFAULT_RULE_SET.name)
