"""The composition root: settings and runtime in, a service out."""

from dataclasses import replace
from functools import partial

from fastapi import APIRouter

from services.core.message import Message
from services.core.messages import (
    Authorisation,
    CarriedOn,
    CarryOver,
    Demand,
    Ledger,
    Licence,
    LicenceReminder,
    Shipment,
    UsageReport,
)
from services.core.messages import WatchList as WatchListRecord
from services.reconciliation import topology
from services.reconciliation.adapters.comparison_http import comparison_router
from services.reconciliation.adapters.findings import Findings
from services.reconciliation.adapters.http import reconciliation_router
from services.reconciliation.adapters.invariants import Invariants
from services.reconciliation.adapters.lite_usage import Changes, lite_usage_router
from services.reconciliation.adapters.write_off_http import write_off_router
from services.reconciliation.domain.ledger import LicenceLedger, from_record, to_record
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.watch_list import WatchList
from services.reconciliation.domain.watch_list import from_record as from_watch_list
from services.reconciliation.domain.watch_list import to_record as to_watch_list
from services.reconciliation.handlers.ledger import (
    answer_demand,
    record_authorisation,
    record_carried_on,
    record_carry_over,
    record_licence,
    record_licence_reminder,
)
from services.reconciliation.handlers.usage import record_usage
from services.reconciliation.settings import ReconciliationSettings
from services.runtime.codec import Codec
from services.runtime.fold import FoldSpec, Handler
from services.runtime.fold_reader import FoldReader
from services.runtime.service import Runtime, Service
from services.runtime.store import SnapshotStore

MIGRATIONS = "services.reconciliation.adapters.migrations"


def ledger_fold(codec: Codec, kept_as: str = topology.LEDGER, rules: RuleSet | None = None) -> FoldSpec[LicenceLedger]:
    """The ledger's fold; its stored ledgers stand under `kept_as`. `rules`: judges by these instead."""
    spec = topology.ledger(
        SnapshotStore[LicenceLedger, Ledger](topology.SERVICE, kept_as, codec, Ledger, to_record, from_record)
    )
    if rules is None:
        return spec
    judging: dict[type[Message], Handler[LicenceLedger]] = {
        Licence: partial(record_licence, rule_set=rules),
        Authorisation: partial(record_authorisation, rule_set=rules),
        UsageReport: partial(record_usage, rule_set=rules),
        CarryOver: partial(record_carry_over, rule_set=rules),
        CarriedOn: partial(record_carried_on, rule_set=rules),
        Demand: partial(answer_demand, rule_set=rules),
        LicenceReminder: partial(record_licence_reminder, rule_set=rules),
    }
    return replace(spec, handlers=judging)


def build(runtime: Runtime) -> Service:
    """Three folds, the routes that read them, and the loop that checks the ledgers."""
    settings = ReconciliationSettings()
    database, codec = runtime.database, runtime.codec
    shipments = topology.shipments(
        SnapshotStore[Shipment, Shipment](
            topology.SERVICE, topology.SHIPMENTS, codec, Shipment, lambda shipment: shipment, lambda record: record
        ),
        settings.answer_lead,
    )
    ledger = ledger_fold(codec)
    lists = SnapshotStore[WatchList, WatchListRecord](
        topology.SERVICE, topology.SCREENING, codec, WatchListRecord, to_watch_list, from_watch_list
    )
    screening = topology.screening(lists)
    ledgers, shown = (FoldReader(each, ledger, codec) for each in (database, runtime.door))
    invariants = Invariants(
        database,
        ledgers,
        topology.LEDGER,
        every_s=settings.invariants_every_s,
        budget_s=settings.invariants_budget_s,
    )

    return Service(
        name=topology.SERVICE,
        migrations=MIGRATIONS,
        topics=topology.TOPICS,
        routers=_routers(runtime, shown),
        folds=(shipments, ledger, screening),
        loops={"invariants": invariants.watch},
    )


def _routers(runtime: Runtime, shown: FoldReader[LicenceLedger]) -> tuple[APIRouter, ...]:
    """What is read over HTTP, of the ledgers that `shown` reads."""

    async def ledger_record(ref: str) -> Ledger | None:
        found = await shown.read(ref)
        return None if found is None else to_record(found)

    return (
        write_off_router(ledger_record, shown.entries),
        comparison_router(ledger_record),
        lite_usage_router(Changes(runtime.door, topology.LEDGER).after, ledger_record, shown.entries),
        reconciliation_router(ledger_record, shown.entries, Findings(runtime.door, runtime.codec).read),
    )
