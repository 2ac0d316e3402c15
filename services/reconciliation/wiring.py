"""The composition root: settings and runtime in, a service out."""

from services.core.messages import Ledger, Shipment
from services.reconciliation import topology
from services.reconciliation.adapters.findings import Findings
from services.reconciliation.adapters.http import reconciliation_router
from services.reconciliation.adapters.invariants import Invariants
from services.reconciliation.domain.ledger import LicenceLedger, from_record, to_record
from services.reconciliation.settings import ReconciliationSettings
from services.runtime.fold_reader import FoldReader
from services.runtime.service import Runtime, Service
from services.runtime.store import SnapshotStore


def build(runtime: Runtime) -> Service:
    """Two folds, the routes that read them, and the loop that checks the ledgers."""
    settings = ReconciliationSettings()
    database, codec = runtime.database, runtime.codec
    shipments = topology.shipments(
        SnapshotStore[Shipment, Shipment](
            topology.SERVICE, topology.SHIPMENTS, codec, Shipment, lambda shipment: shipment, lambda record: record
        )
    )
    ledger = topology.ledger(
        SnapshotStore[LicenceLedger, Ledger](topology.SERVICE, topology.LEDGER, codec, Ledger, to_record, from_record)
    )
    ledgers = FoldReader(database, ledger, codec)
    invariants = Invariants(
        database,
        ledgers,
        topology.LEDGER,
        every_s=settings.invariants_every_s,
        budget_s=settings.invariants_budget_s,
    )

    async def ledger_record(ref: str) -> Ledger | None:
        found = await ledgers.read(ref)
        return None if found is None else to_record(found)

    return Service(
        name=topology.SERVICE,
        migrations="services.reconciliation.adapters.migrations",
        topics=topology.TOPICS,
        routers=(reconciliation_router(ledger_record, ledgers.entries, Findings(database, codec).read),),
        folds=(shipments, ledger),
        loops={"invariants": invariants.watch},
    )
