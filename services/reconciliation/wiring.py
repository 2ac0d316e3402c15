"""The composition root: settings and runtime in, a service out."""

from dataclasses import replace
from functools import partial

from fastapi import APIRouter

from services.core.messages import Ledger, Shipment
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
from services.reconciliation.settings import ReconciliationSettings
from services.runtime.codec import Codec
from services.runtime.fold import FoldSpec
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
    judging = {kind: partial(handle, rule_set=rules) for kind, handle in topology.LEDGER_HANDLERS.items()}
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
