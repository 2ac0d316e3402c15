"""The two folds as tables: which topic, which message, which use case.

    customs.declaration ──▶ SHIPMENTS ── demand ──▶ LEDGER ◀── licensing.licence, .authorisation, .usage
                             ▲  │  ▲                 │ ▲ │
                    reminder └──┘  └────── cover ────┘ └─┘ licence reminder

All inputs of a fold are partitioned by the same key: MRN for shipments, licence for the ledger.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from services.core.facts import FACTS
from services.core.message import Message
from services.core.messages import (
    Authorisation,
    CarryOver,
    Cover,
    DeclarationAccepted,
    Demand,
    Entry,
    Finding,
    Licence,
    LicenceReminder,
    Reminder,
    Shipment,
    UsageReport,
    Verdict,
)
from services.reconciliation.domain import licence_deadlines
from services.reconciliation.domain.deadlines import LEAD, VERSION, next_due
from services.reconciliation.domain.ledger import LicenceLedger, apply, size
from services.reconciliation.domain.shipment import empty
from services.reconciliation.handlers.ledger import (
    answer_demand,
    licence_reminder,
    new_ledger,
    record_authorisation,
    record_carry_over,
    record_licence,
    record_licence_reminder,
)
from services.reconciliation.handlers.shipments import record_cover, record_fact, record_reminder, reminder
from services.reconciliation.handlers.usage import record_usage
from services.runtime.fold import Entries, FoldSpec, Handler, Reminders
from services.runtime.store import Store

SERVICE: Final = "reconciliation"
SHIPMENTS: Final = "shipments"
LEDGER: Final = "ledger"

TOPICS: Final = (
    DeclarationAccepted.TOPIC,
    Licence.TOPIC,
    Authorisation.TOPIC,
    UsageReport.TOPIC,
    CarryOver.TOPIC,
    Demand.TOPIC,
    Cover.TOPIC,
    Entry.TOPIC,
    Verdict.TOPIC,
    Finding.TOPIC,
    Reminder.TOPIC,
    LicenceReminder.TOPIC,
)

SHIPMENT_INPUTS: Final = (DeclarationAccepted.TOPIC, Cover.TOPIC, Reminder.TOPIC)
SHIPMENT_HANDLERS: Final[Mapping[type[Message], Handler[Shipment]]] = {
    **dict.fromkeys(FACTS, record_fact),
    Cover: record_cover,
    Reminder: record_reminder,
}

LEDGER_INPUTS: Final = (
    Licence.TOPIC,
    Authorisation.TOPIC,
    UsageReport.TOPIC,
    CarryOver.TOPIC,
    Demand.TOPIC,
    LicenceReminder.TOPIC,
)
LEDGER_HANDLERS: Final[Mapping[type[Message], Handler[LicenceLedger]]] = {
    Licence: record_licence,
    Authorisation: record_authorisation,
    UsageReport: record_usage,
    CarryOver: record_carry_over,
    Demand: answer_demand,
    LicenceReminder: record_licence_reminder,
}
LEDGER_ENTRIES: Final = Entries[LicenceLedger](Entry, apply, lambda ledger: ledger.revision, size)


def shipments(store: Store[Shipment], lead: float = LEAD) -> FoldSpec[Shipment]:
    """One aggregate per MRN. `lead`: of the time to answer customs, the part that must be left when one is missed."""
    handlers: dict[type[Message], Handler[Shipment]] = {**SHIPMENT_HANDLERS}
    handlers[Reminder] = partial(record_reminder, lead=lead)
    reminders = Reminders[Shipment](f"{VERSION}/{lead:.6g}", Reminder, partial(next_due, lead=lead), reminder)
    return FoldSpec(SERVICE, SHIPMENTS, SHIPMENT_INPUTS, handlers, _key, empty, store, reminders=reminders)


def ledger(store: Store[LicenceLedger]) -> FoldSpec[LicenceLedger]:
    """One aggregate per licence. Its entries are the truth: stored ledgers may lag behind them."""
    due = licence_deadlines.next_due
    reminders = Reminders[LicenceLedger](licence_deadlines.VERSION, LicenceReminder, due, licence_reminder)
    return FoldSpec(
        SERVICE, LEDGER, LEDGER_INPUTS, LEDGER_HANDLERS, _key, new_ledger, store, LEDGER_ENTRIES, reminders=reminders
    )


def _key(message: Message) -> str:
    return message.key
