"""The folds as tables: which topic, which message, which use case.

    customs.declaration ──▶ SHIPMENTS ── demand ──▶ LEDGER ◀── licensing.licence, .authorisation, .usage
                           ▲ │  ▲ │ ▲                │ ▲ │
                  reminder └─┘  │ │ └────── cover ───┘ └─┘ licence reminder
                    resemblance │ │ screening
                                │ ▼
    licensing.refusal, denial ▶ SCREENING ◀┐ watched, a copy for each partition
    licensing.dossier ────────▶     └──────┘

All inputs of a fold are partitioned by the same key: MRN for shipments, licence for the ledger. An aggregate of
screening is a partition, whatever the keys.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Final

from services.core.facts import FACTS
from services.core.message import Message
from services.core.messages import (
    Authorisation,
    CarriedOn,
    CarryOver,
    Cover,
    DeclarationAccepted,
    Demand,
    Denial,
    Dossier,
    Entry,
    Finding,
    Licence,
    LicenceReminder,
    Refusal,
    Reminder,
    Resemblance,
    Screening,
    Shipment,
    UsageReport,
    Verdict,
    Watched,
)
from services.reconciliation.domain import licence_deadlines
from services.reconciliation.domain.deadlines import LEAD, VERSION, next_due
from services.reconciliation.domain.ledger import LicenceLedger, apply, size
from services.reconciliation.domain.shipment import empty
from services.reconciliation.domain.watch_list import WatchList, empty_list
from services.reconciliation.handlers.ledger import (
    answer_demand,
    licence_reminder,
    new_ledger,
    record_authorisation,
    record_carried_on,
    record_carry_over,
    record_licence,
    record_licence_reminder,
)
from services.reconciliation.handlers.screening import (
    ALONE,
    say_what_ran_out,
    screen,
    watch_for_copy,
    watch_for_denial,
    watch_for_refusal,
)
from services.reconciliation.handlers.shipments import (
    record_cover,
    record_fact,
    record_reminder,
    record_resemblance,
    reminder,
)
from services.reconciliation.handlers.usage import record_usage
from services.runtime.fold import Entries, FoldSpec, Handler, Reminders
from services.runtime.kafka.batches import partition_of
from services.runtime.store import Store

SERVICE: Final = "reconciliation"
SHIPMENTS: Final = "shipments"
LEDGER: Final = "ledger"
SCREENING: Final = "screening"

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
    Refusal.TOPIC,
    Denial.TOPIC,
    Dossier.TOPIC,
    Watched.TOPIC,
    Screening.TOPIC,
    Resemblance.TOPIC,
)

SHIPMENT_INPUTS: Final = (DeclarationAccepted.TOPIC, Cover.TOPIC, Reminder.TOPIC, Resemblance.TOPIC)
SHIPMENT_HANDLERS: Final[Mapping[type[Message], Handler[Shipment]]] = {
    **dict.fromkeys(FACTS, record_fact),
    Cover: record_cover,
    Reminder: record_reminder,
    Resemblance: record_resemblance,
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
    CarriedOn: record_carried_on,
    Demand: answer_demand,
    LicenceReminder: record_licence_reminder,
}
LEDGER_ENTRIES: Final = Entries[LicenceLedger](Entry, apply, lambda ledger: ledger.revision, size)

SCREENING_INPUTS: Final = (Refusal.TOPIC, Denial.TOPIC, Watched.TOPIC, Screening.TOPIC, Dossier.TOPIC)
SCREENING_HANDLERS: Final[Mapping[type[Message], Handler[WatchList]]] = {
    Refusal: watch_for_refusal,
    Denial: watch_for_denial,
    Watched: watch_for_copy,
    Screening: screen,
    Dossier: say_what_ran_out,
}


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


def screening(store: Store[WatchList]) -> FoldSpec[WatchList]:
    """One aggregate per partition: what its shipments are compared with."""
    spec = FoldSpec(SERVICE, SCREENING, SCREENING_INPUTS, SCREENING_HANDLERS, _alone, empty_list, store)
    return replace(spec, sized=partial(_shared, spec))


def _shared(spec: FoldSpec[WatchList], partitions: int) -> FoldSpec[WatchList]:
    names = shares(partitions)
    handlers: dict[type[Message], Handler[WatchList]] = {
        **spec.handlers,
        Refusal: partial(watch_for_refusal, shares=names),
        Denial: partial(watch_for_denial, shares=names),
    }
    return replace(spec, handlers=handlers, aggregate=lambda m: names[partition_of(m.key.encode(), partitions)])


def shares(partitions: int) -> tuple[str, ...]:
    """A key that stands in each partition, in their order; the same for the same count."""
    found: dict[int, str] = {}
    for number in count():
        name = f"share-{number}"
        found.setdefault(partition_of(name.encode(), partitions), name)
        if len(found) == partitions:
            break
    return tuple(found[partition] for partition in range(partitions))


def _alone(_: Message) -> str:
    return ALONE[0]


def _key(message: Message) -> str:
    return message.key
