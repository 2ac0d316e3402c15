"""An installation whose ledger has recorded something: two licences, and everything a ledger meets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import psycopg

from services.core.message import Message
from services.core.messages import ReportKind, Requirements
from services.core.values import LicenceRef
from services.reconciliation.topology import LEDGER, LEDGER_INPUTS
from services.reconciliation.wiring import build
from services.runtime.codec import Codec
from services.runtime.service import Runtime, Service
from services.runtime.settings import RuntimeSettings
from tests.builders import REF, a_demand, a_licence, a_line, an_authorisation, mrn
from tests.builders_usage import a_report
from tests.integration.in_process import Running, running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.integration.runtime.probe_process import until

OTHER = "VL/2026/000999"
ENTRIES = 20
MESSAGES = 18
KEYED = Requirements(federal_authorisation=True, end_use_certificate=False, state_guarantee=False)
LAPSED = date(2026, 3, 31)
"""A day that is past: a reminder follows at once what was sent before it ended."""


def ledger_alone(runtime: Runtime) -> Service:
    """Without the shipments, which have made none of the demands of these tests."""
    service = build(runtime)
    return replace(service, folds=tuple(fold for fold in service.folds if fold.name == LEDGER))


async def send(settings: RuntimeSettings, *messages: Message, at: datetime | None = None) -> None:
    for message in messages:
        log = KafkaLog(Installation.of(settings), message.TOPIC)
        await log.write(message.key.encode(), Codec().encode(message), at=at)


_READ = (
    "SELECT sum((SELECT sum((p.value->>'next')::int) FROM jsonb_each(positions) AS p)) AS n,"
    " bool_and(published = last_output) AS told FROM reconciliation.fold WHERE fold = 'ledger'"
)


async def until_read(service: Running, records: int) -> None:
    """Until the ledger has read that many records, and published what follows."""

    async def read() -> bool:
        (row,) = await service.rows(_READ)
        return bool(row["n"] == records and row["told"])

    await until(read, f"the ledger has read {records} records")


async def until_all_read(service: Running, settings: RuntimeSettings) -> None:
    """Until the ledger has read all its topics hold, what it puts on them itself too, and published what follows."""
    inputs = [KafkaLog(Installation.of(settings), topic) for topic in LEDGER_INPUTS]

    async def read() -> bool:
        (row,) = await service.rows(_READ)
        return bool(row["told"] and row["n"] == sum([await log.end() for log in inputs]))

    await until(read, "the ledger has read all there is")


async def record(settings: RuntimeSettings) -> None:
    """Covered, refused, repeated and waiting demands, an amendment, bad licences, use, a lapsed key, a carry-over."""
    demands = [a_demand(mrn=mrn(number)) for number in (1, 2, 3)]
    messages: list[Message] = [
        a_licence(),
        *demands,
        demands[1],
        a_licence(),
        a_demand(licence=OTHER, mrn=mrn(4)),
        a_demand(licence=OTHER, mrn=mrn(5)),
        a_licence(ref=OTHER, requires=KEYED),
        a_licence(a_line(unit="KGM"), revision=2),
        a_licence(a_line(quantity="3", value="300000"), revision=2),
        a_report("A", "0.25", value="100"),
        a_report("B", "0.125", value="50", kind=ReportKind.CONTRA),
    ]
    async with running(settings, [ledger_alone]) as service:
        for sent, message in enumerate(messages, start=1):
            await send(settings, message)
            await until_read(service, sent)
        key = an_authorisation(licence=LicenceRef(OTHER), valid_to=LAPSED)
        await send(settings, key, at=datetime.combine(LAPSED, time.min, UTC))
        await send(settings, a_licence(ref=OTHER, requires=KEYED, revision=2, replaced_by=REF))
        await KafkaLog(Installation.of(settings), a_licence().TOPIC).write(REF.encode(), b"\x00garbage")
        await until_read(service, MESSAGES)


@asynccontextmanager
async def connection(settings: RuntimeSettings) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(settings.database.url, autocommit=True) as connected:
        yield connected


async def change(settings: RuntimeSettings, statement: str, *values: Any) -> None:
    """Somebody writes into the tables by hand."""
    async with connection(settings) as connected:
        done = await connected.execute(statement.encode(), values)
        assert done.rowcount > 0, statement


FLIPPED = (
    "UPDATE reconciliation.output SET value = set_byte(value, {at}, get_byte(value, {at}) # 1)"
    " WHERE entry_of = %s AND entry_revision = %s"
)
"""One bit of a stored entry, at a place in SQL."""
REMOVED = "DELETE FROM reconciliation.output WHERE entry_of = %s AND entry_revision = %s"
REMOVED_FROM = (
    "DELETE FROM reconciliation.output AS o USING reconciliation.output AS e WHERE e.entry_of = %s"
    " AND e.entry_revision = %s AND (o.fold, o.partition) = (e.fold, e.partition) AND o.seq >= e.seq"
)
"""An entry and everything after it in its partition."""
