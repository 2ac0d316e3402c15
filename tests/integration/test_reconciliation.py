"""Reconciliation on real engines: Avro in, verdicts and findings out, ledgers over HTTP, balances verified."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY

from services.core.message import Message
from services.core.messages import Demand, Finding, Ledger, Verdict, VerdictKind
from services.core.values import Mrn
from services.reconciliation import topology
from services.reconciliation.adapters.invariants import Invariants
from services.reconciliation.adapters.verification import verify
from services.reconciliation.domain.ledger import LicenceLedger, from_record, to_record
from services.reconciliation.wiring import build
from services.runtime.codec import Codec
from services.runtime.database import Database
from services.runtime.fold_reader import FoldReader
from services.runtime.settings import RuntimeSettings
from services.runtime.store import SnapshotStore
from tests.builders import REF, a_licence
from tests.builders_customs import MRN, a_declaration, a_document, a_release, a_total, an_exit, an_item
from tests.integration.in_process import Running, running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.integration.runtime.probe_process import until

SECOND = Mrn("26BE343000000002A0")
CODEC = Codec()
TWO_PRESSES = a_declaration(an_item(a_document(REF, quantity="2", amount="200000.00")))


@pytest.fixture
async def service(runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    # Stored with every commit: these tests look into it.
    fold = runtime_settings.fold.model_copy(update={"store_after": 0})
    async with running(runtime_settings.model_copy(update={"fold": fold}), [build]) as service:
        yield service


async def send(service: Running, *messages: Message) -> None:
    installation = Installation.of(service.settings)
    for message in messages:
        await KafkaLog(installation, message.TOPIC).write(message.key.encode(), CODEC.encode(message))


async def the_ledger(service: Running) -> dict[str, Any]:
    """The ledger of `REF`, without lines while nothing is known of it."""
    answer = await service.http.get(f"/v1/ledger/licences/{REF}")
    assert answer.status_code in (200, 404)
    found: dict[str, Any] = answer.json()
    return found if answer.status_code == 200 else {"lines": [], "draws": [], "revision": 0}


async def columns(service: Running) -> str:
    """Authorised, reserved, consumed, exited and available of line 1."""
    names = ("authorised", "reserved", "consumed", "exited", "available")
    lines = (await the_ledger(service))["lines"]
    return " ".join(lines[0]["quantity"][name] for name in names) if lines else ""


async def until_columns(service: Running, expected: str) -> None:
    async def reached() -> bool:
        return await columns(service) == expected

    await until(reached, f"columns are {expected}")


async def until_applied(service: Running, mrn: str, *messages: str) -> Verdict:
    """The verdict that says these messages are decided."""
    last: list[Verdict] = []

    async def applied() -> bool:
        found = [v for v in await service.published(Verdict.TOPIC) if isinstance(v, Verdict) and v.mrn == mrn]
        last[:] = found[-1:]
        return bool(last) and set(messages) <= set(last[0].applied)

    await until(applied, f"{messages} of {mrn} are applied")
    return last[0]


async def a_life(service: Running) -> None:
    """One of two presses leaves; the other returns to the licence, and a shipment that was refused gets it."""
    await send(service, a_licence(), a_release(), TWO_PRESSES)
    await until_columns(service, "2 0 2 0 0")
    await send(service, a_declaration(mrn=SECOND, fact_id="second"))
    assert (await until_applied(service, SECOND, "second")).verdict is VerdictKind.REFUSED
    await send(service, an_exit(a_total(1, "1")))
    await until_columns(service, "2 1 1 1 0")


async def test_a_shipment_moves_its_licence_and_all_of_it_can_be_read(service: Running) -> None:
    await a_life(service)
    verdict = await until_applied(service, MRN, "accepted-1", "released", "exited")
    assert verdict.verdict is VerdictKind.COVERED
    body = await the_ledger(service)
    assert [(d["mrn"], d["phase"], d["verdict"]) for d in body["draws"]] == [
        (MRN, "exited", "covered"),
        (SECOND, "accepted", "covered"),
    ]
    entries = (await service.http.get(f"/v1/ledger/licences/{REF}/entries")).json()["items"]
    assert [entry["revision"] for entry in entries] == list(range(1, body["revision"] + 1))
    assert entries[-1]["hash"] == body["hash"]


async def test_a_finding_of_either_fold_is_found_by_its_id(service: Running) -> None:
    await a_life(service)
    await send(service, a_declaration(fact_id="conflict", destination="PK"))
    await until_applied(service, MRN, "conflict")

    async def published() -> bool:
        codes = {f.code for f in await service.published(Finding.TOPIC) if isinstance(f, Finding)}
        return {"shipment.version-conflict", "quantity.overrun", "exit.shortfall"} <= codes

    await until(published, "findings of both folds are published")
    for finding in await service.published(Finding.TOPIC):
        assert isinstance(finding, Finding)
        shown = (await service.http.get(f"/v1/findings/{finding.id}")).json()
        assert (shown["code"], shown["subject"], len(shown["comparisons"])) == (
            finding.code,
            finding.subject,
            len(finding.comparisons),
        )


async def test_everything_sent_again_changes_nothing(service: Running) -> None:
    await a_life(service)
    before = await the_ledger(service)
    await send(service, a_licence(), TWO_PRESSES, a_release(), an_exit(a_total(1, "1")))
    await send(service, a_declaration(an_item(), mrn=SECOND, version=2, fact_id="last"))
    await until_applied(service, SECOND, "last")
    after = await the_ledger(service)
    assert (after["revision"], await columns(service)) == (before["revision"] + 1, "2 0 1 1 1")


async def test_a_stored_balance_that_was_altered_is_named(service: Running) -> None:
    await a_life(service)
    revision = (await the_ledger(service))["revision"]
    async with a_database(service) as database:
        found = await verify(database)
        assert (found.licences, found.entries, found.differences) == (1, revision, [])
        await until(lambda: is_stored(database, revision), "the ledger is stored as of its last entry")
        await alter(service.settings.database.url)
        (difference,) = (await verify(database)).differences
    told = "the stored ledger differs from its entries: quantity consumed is 0, entries give 1"
    assert str(difference) == f"{REF} revision {revision}, line 1: {told}"


async def is_stored(database: Database, revision: int) -> bool:
    rows = await database.rows("SELECT state FROM reconciliation.snapshot WHERE fold = 'ledger'")
    return [CODEC.decode_record(Ledger, bytes(row["state"])).revision for row in rows] == [revision]


async def test_a_missing_entry_shows_in_the_invariants(service: Running) -> None:
    await send(service, a_licence(), TWO_PRESSES)
    await until_columns(service, "2 2 0 0 0")
    async with a_database(service) as database:
        watching = Invariants(database, a_reader(database), "ledger", every_s=1, budget_s=10)
        await watching.pass_once()
        await send(service, a_release())
        await until_columns(service, "2 0 2 0 0")
        await watching.pass_once()
        assert shown() == (0, 0, 0)
        await database.rows("DELETE FROM reconciliation.output WHERE entry_revision = 2 RETURNING seq")
        await send(service, an_exit())
        await until_columns(service, "2 0 2 2 0")
        await watching.pass_once()
        assert shown() == (0, 1, 1)


async def test_a_ledger_found_wrong_halts_its_partition(service: Running) -> None:
    await send(service, a_licence(), a_release(), TWO_PRESSES)
    await until_columns(service, "2 0 2 0 0")
    async with a_database(service) as database:
        watching = Invariants(database, a_reader(database), "ledger", every_s=1, budget_s=10)
        await watching.pass_once()
        await send(service, an_exit(a_total(1, "1")))
        await until_columns(service, "2 0 1 1 1")
        revision = (await the_ledger(service))["revision"]
        await until(lambda: is_stored(database, revision), "the ledger is stored as of its last entry")
        await alter(service.settings.database.url)
        await watching.pass_once()
    await send(service, a_declaration(an_item(a_document(REF)), mrn=SECOND, fact_id="after"))
    await until_demanded(service, SECOND)
    await asyncio.sleep(1)
    assert (await the_ledger(service))["revision"] == revision, "nothing more is booked"
    (partition,) = await service.rows("SELECT halted FROM reconciliation.fold WHERE halted IS NOT NULL")
    assert partition["halted"].startswith(f"the ledger of {REF} violates an invariant: {REF} revision {revision}")


async def until_demanded(service: Running, mrn: Mrn) -> None:
    """Until the ledger has something to read about a shipment."""

    async def demanded() -> bool:
        return any(isinstance(d, Demand) and d.mrn == mrn for d in await service.published(Demand.TOPIC))

    await until(demanded, f"{mrn} makes a demand")


def a_reader(database: Database) -> FoldReader[LicenceLedger]:
    store = SnapshotStore[LicenceLedger, Ledger]("reconciliation", "ledger", CODEC, Ledger, to_record, from_record)
    return FoldReader(database, topology.ledger(store), CODEC)


def shown() -> tuple[float, ...]:
    """Draws, entries and gaps as /metrics has them."""
    names = ("draws_minus_columns", "entries_minus_columns", "revision_gaps")
    return tuple(REGISTRY.get_sample_value(f"tolbrug_ledger_{name}") or 0 for name in names)


@asynccontextmanager
async def a_database(service: Running) -> AsyncIterator[Database]:
    database = Database(service.settings.database.url, size=2)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def alter(url: str) -> None:
    """Somebody sets a stored column to nothing by hand."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute("SELECT state FROM reconciliation.snapshot WHERE fold = 'ledger'")
        row = await cursor.fetchone()
        assert row is not None
        ledger = CODEC.decode_record(Ledger, bytes(row[0]))
        (balance,) = ledger.balances
        assert balance.quantity is not None
        less = replace(balance, quantity=replace(balance.quantity, consumed=Decimal(0)))
        state = CODEC.encode_record(replace(ledger, balances=(less,)))
        await connection.execute("UPDATE reconciliation.snapshot SET state = %s WHERE fold = 'ledger'", (state,))
