"""An installation that has worked for long: its outputs and stored accounts, written as the runtime writes them.

The handler is not asked for each of them, and Kafka not at all: ten million entries are there after minutes. Each
licence has the same number of entries, scattered over the table as those of a long life are.
"""

import asyncio
import os
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row

from services.cli.bench.peer import fold
from services.cli.bench.peer.account import LicenceAccount
from services.cli.bench.peer.load import BEGIN, licence
from services.cli.bench.peer.messages import Entry, Op, Verdict
from services.runtime.database import Connection, Database
from services.runtime.fold_table import FoldTable
from services.runtime.kafka.batches import partition_of
from services.runtime.output import output_of
from services.runtime.output_table import Output, OutputTable
from services.runtime.settings import FoldSettings
from services.runtime.tables import migrate

GRANTED: Final = Decimal(10**6)
PAGE: Final = 20_000
STATES: Final = 1_000
UNHURRIED: Final = "-c synchronous_commit=off"


@dataclass(frozen=True, slots=True)
class History:
    """So many licences, each with a grant and then draws of 1, `entries` in all."""

    licences: int
    entries: int

    @property
    def total(self) -> int:
        return self.licences * self.entries

    @property
    def balance(self) -> Decimal:
        """Of each licence at its end."""
        return GRANTED - (self.entries - 1)

    def entry(self, number: int, version: int, partition: int, offset: int) -> Entry:
        """What made the version of a licence's account."""
        op, quantity = (Op.GRANT, GRANTED) if version == 1 else (Op.DRAW, Decimal(1))
        return Entry(
            licence=licence(number),
            version=version,
            mrn=_mrn(version),
            item=1,
            op=op,
            quantity=quantity,
            verdict=Verdict.APPLIED,
            balance_after=GRANTED - (version - 1),
            source_partition=partition,
            source_offset=offset,
        )

    def account(self, number: int, version: int) -> LicenceAccount:
        """A licence's account as of a version."""
        applied = {f"{_mrn(v)}/1/{Op.GRANT if v == 1 else Op.DRAW}": v for v in range(1, version + 1)}
        return LicenceAccount(licence(number), version, GRANTED - (version - 1), applied)

    def stored_version(self) -> int:
        """Up to where the runtime would have stored an account; 0 for nowhere."""
        stored, few = 0, FoldSettings().store_after
        for version in range(1, self.entries + 1):
            if version - stored > max(few, version // 2):
                stored = version
        return stored


def _mrn(version: int) -> str:
    return f"26BH{version:013d}0"


async def write(history: History, url: str, partitions: int) -> None:
    """Make the tables of the job in an empty database, and fill them."""
    database = Database(url, size=2)
    await database.open()
    try:
        await migrate(database, fold.SERVICE, None)
        async with database.transaction() as connection:
            await FoldTable(fold.SERVICE, fold.LEDGER).prepare(connection, partitions)
        await asyncio.to_thread(_by_processes, history, url, partitions)
        async with database.connection() as connection:
            await connection.execute("SET statement_timeout = 0")
            await connection.execute("VACUUM (ANALYZE) bench.output, bench.snapshot")
            await connection.execute("CHECKPOINT")
    finally:
        await database.close()


def _by_processes(history: History, url: str, partitions: int) -> None:
    with ProcessPoolExecutor(min(partitions, os.cpu_count() or 1), mp_context=get_context("spawn")) as pool:
        list(pool.map(partial(_in_process, history, url, partitions), range(partitions)))


def _in_process(history: History, url: str, partitions: int, partition: int) -> None:
    numbers = [n for n in range(history.licences) if partition_of(licence(n).encode(), partitions) == partition]
    asyncio.run(_fill(history, url, partition, numbers))


async def _fill(history: History, url: str, partition: int, numbers: Sequence[int]) -> None:
    table = FoldTable(fold.SERVICE, fold.LEDGER)
    async with await AsyncConnection[DictRow].connect(url, row_factory=dict_row, options=UNHURRIED) as connection:
        outputs, appended = OutputTable(fold.SERVICE, fold.LEDGER), _outputs(history, partition, numbers)
        while page := list(islice(appended, PAGE)):
            await outputs.append(connection, partition, page)
            await connection.commit()
        await _store(history, connection, partition, numbers)
        before = await table.read(connection, partition)
        last = len(numbers) * history.entries
        await table.advance(connection, before, replace(before, last_output=last, published=last))


def _outputs(history: History, partition: int, numbers: Sequence[int]) -> Iterator[Output]:
    codec, seq = fold.codec(), 0
    spec, order = fold.ledger(codec), random.Random(partition)  # noqa: S311 - the same history each time
    for version in range(1, history.entries + 1):
        for number in order.sample(numbers, len(numbers)):
            seq += 1
            yield output_of(spec, codec, history.entry(number, version, partition, seq), seq, BEGIN, None)


async def _store(history: History, connection: Connection, partition: int, numbers: Sequence[int]) -> None:
    version, store = history.stored_version(), fold.ledger(fold.codec()).store
    for begin in range(0, len(numbers) if version else 0, STATES):
        states = [history.account(number, version) for number in numbers[begin : begin + STATES]]
        await store.save(connection, partition, {state.licence: state for state in states})
        await connection.commit()
