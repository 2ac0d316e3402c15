"""The two folds as tables: which topic, which message, which use case.

    customs.declaration ──▶ SHIPMENTS ── demand ──▶ LEDGER ◀── licensing.licence
                                ▲                     │
                                └────── cover ────────┘

Both inputs of a fold are partitioned by the same key: MRN for shipments, licence for the ledger.
"""

from collections.abc import Mapping
from typing import Final

from services.core.message import Message
from services.core.messages import (
    ArrivedAtExit,
    Cover,
    DeclarationAccepted,
    DeclarationAmended,
    DeclarationInvalidated,
    Demand,
    Entry,
    ExitReleased,
    ExitStopped,
    Finding,
    GoodsExited,
    GoodsPresented,
    GoodsReleased,
    Licence,
    ReleaseOverridden,
    ReleaseRefused,
    Shipment,
    Verdict,
)
from services.reconciliation.domain.ledger import LicenceLedger, apply, size
from services.reconciliation.domain.shipment import empty
from services.reconciliation.handlers.ledger import answer_demand, new_ledger, record_licence
from services.reconciliation.handlers.shipments import record_cover, record_fact
from services.runtime.fold import Entries, FoldSpec, Handler
from services.runtime.store import Store

SERVICE: Final = "reconciliation"
SHIPMENTS: Final = "shipments"
LEDGER: Final = "ledger"

TOPICS: Final = (
    DeclarationAccepted.TOPIC,
    Licence.TOPIC,
    Demand.TOPIC,
    Cover.TOPIC,
    Entry.TOPIC,
    Verdict.TOPIC,
    Finding.TOPIC,
)

SHIPMENT_INPUTS: Final = (DeclarationAccepted.TOPIC, Cover.TOPIC)
SHIPMENT_HANDLERS: Final[Mapping[type[Message], Handler[Shipment]]] = {
    DeclarationAccepted: record_fact,
    DeclarationAmended: record_fact,
    GoodsPresented: record_fact,
    GoodsReleased: record_fact,
    ReleaseRefused: record_fact,
    ReleaseOverridden: record_fact,
    ArrivedAtExit: record_fact,
    ExitReleased: record_fact,
    ExitStopped: record_fact,
    DeclarationInvalidated: record_fact,
    GoodsExited: record_fact,
    Cover: record_cover,
}

LEDGER_INPUTS: Final = (Licence.TOPIC, Demand.TOPIC)
LEDGER_HANDLERS: Final[Mapping[type[Message], Handler[LicenceLedger]]] = {
    Licence: record_licence,
    Demand: answer_demand,
}
LEDGER_ENTRIES: Final = Entries[LicenceLedger](Entry, apply, lambda ledger: ledger.revision, size)


def shipments(store: Store[Shipment]) -> FoldSpec[Shipment]:
    """One aggregate per MRN."""
    return FoldSpec(SERVICE, SHIPMENTS, SHIPMENT_INPUTS, SHIPMENT_HANDLERS, _key, empty, store)


def ledger(store: Store[LicenceLedger]) -> FoldSpec[LicenceLedger]:
    """One aggregate per licence. Its entries are the truth: stored ledgers may lag behind them."""
    return FoldSpec(SERVICE, LEDGER, LEDGER_INPUTS, LEDGER_HANDLERS, _key, new_ledger, store, LEDGER_ENTRIES)


def _key(message: Message) -> str:
    return message.key
