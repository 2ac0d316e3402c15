"""`bench scale`: what a record costs, and how long a takeover takes, whatever the number of licences and entries."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import TupleRow

from services.cli.bench.peer import history
from services.cli.bench.peer.history import History
from services.cli.bench.peer.installation import Installation, result
from services.cli.bench.peer.load import Load, licence
from services.cli.bench.peer.measure import installation
from services.cli.bench.peer.oracle import Oracle
from services.cli.bench.place import Measured, now, server_cpu_s
from services.cli.bench.progress import FROM, TO
from services.core.errors import Fatal
from services.runtime.settings import RuntimeSettings

WAVE: Final = 0.1
"""Share of the records that comes after the others, when a worker was killed: each of its partitions gets some."""
LOOK_S: Final = 0.01
WORKERS: Final = 2
PATIENCE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Look:
    """Where the job is, and the CPU it and the database have used."""

    at: float
    done: int
    cpu_s: float
    database_cpu_s: float


@dataclass(frozen=True, slots=True)
class Scale:
    """What there is, and on how many of the licences there is still work."""

    past: History
    active: int


def place_of(text: str) -> Scale:
    """`LICENCES:ENTRIES[:ACTIVE]`; all are active when it does not say. ValueError when it is not that."""
    numbers = [int(part) if part.isdigit() else 0 for part in text.split(":")]
    if len(numbers) == 2:
        numbers.append(numbers[0])
    if len(numbers) != 3 or not all(numbers) or numbers[2] > numbers[0]:
        raise ValueError(f"{text} is not LICENCES:ENTRIES[:ACTIVE]")
    licences, entries, active = numbers
    return Scale(History(licences, entries), active)


async def measure(settings: RuntimeSettings, place: Scale, records: int) -> dict[str, Any]:
    """One place: made, worked on, a worker killed, everything judged."""
    past = place.past
    commands = Load(records + int(records * WAVE), place.active, granted=True).commands()
    async with installation(settings) as here:
        await history.write(past, here.place.settings.database.url, len(here.partitions))
        await here.write(islice(commands, records))
        job = await here.job(WORKERS, past.total + records + int(records * WAVE))
        async with await _connected(here) as connection:
            begin = await _until(connection, job, past.total + int(records * FROM))
            end = await _until(connection, job, past.total + int(records * TO))
            await _until(connection, job, past.total + records)
            takeover_s = await _takeover(connection, here.write(commands))
        whole = await result(job)
        judgement = await here.judged(_as_it_was(past))
    done, took_s = max(end.done - begin.done, 1), max(end.at - begin.at, LOOK_S)
    return {
        "licences": past.licences,
        "active": place.active,
        "entries": past.total,
        "records_per_s": round(done / took_s),
        "cpu_us_per_record": round((end.cpu_s - begin.cpu_s) / done * 1e6, 1),
        "postgresql_cpu_us_per_record": round((end.database_cpu_s - begin.database_cpu_s) / done * 1e6, 1),
        "takeover_s": round(takeover_s, 2),
        "first_output_s": whole["first_output_s"],
        "peak_rss_mb": whole["peak_rss_mb"],
        **vars(judgement),
    }


async def _connected(here: Installation) -> psycopg.AsyncConnection[TupleRow]:
    return await psycopg.AsyncConnection.connect(here.place.settings.database.url, autocommit=True)


async def _until(connection: psycopg.AsyncConnection[TupleRow], job: Process, done: int) -> Look:
    """The first look at which so many are published."""
    measured = Measured([job])
    while True:
        cursor = await connection.execute("SELECT sum(published)::bigint, pg_backend_pid() FROM bench.fold")
        published, backend = await cursor.fetchone() or (0, 0)
        if published >= done:
            return Look(now(), published, measured.usage().cpu_s, server_cpu_s(backend))
        if job.returncode is not None:
            raise Fatal(f"the job ended with {job.returncode}")
        await asyncio.sleep(LOOK_S)


async def _takeover(connection: psycopg.AsyncConnection[TupleRow], wave: Awaitable[None]) -> float:
    """Kill a worker before more comes; seconds until each of its partitions has published some of that."""
    query = (
        "SELECT owner, array_agg(partition), array_agg(epoch), array_agg(last_output) FROM bench.fold GROUP BY owner"
    )
    owners = await (await connection.execute(query)).fetchall()
    owner, *before = next(row for row in owners if row[0])
    os.kill(int(owner.split("/")[1]), signal.SIGKILL)
    killed = now()
    await wave
    going_on = (
        "SELECT count(*) FROM bench.fold JOIN unnest(%s::int[], %s::bigint[], %s::bigint[]) AS b (p, e, o)"
        " ON partition = p WHERE epoch > e AND published > o"
    )
    async with asyncio.timeout(PATIENCE_S):
        while await _count(connection, going_on, before) < len(before[0]):  # noqa: ASYNC110 - the workers are processes
            await asyncio.sleep(LOOK_S)
    return now() - killed


async def _count(
    connection: psycopg.AsyncConnection[TupleRow], query: LiteralString, parameters: Sequence[object]
) -> int:
    row = await (await connection.execute(query, parameters)).fetchone()
    return int(row[0]) if row else 0


def _as_it_was(past: History) -> Oracle:
    names = [licence(number) for number in range(past.licences)]
    return Oracle(balances=dict.fromkeys(names, past.balance), versions=dict.fromkeys(names, past.entries))
