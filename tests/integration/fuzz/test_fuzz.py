"""Real messages, damaged in every way: each is answered, what is taken is decided, and nobody beside them notices."""

import asyncio
import os
import time
from collections import Counter
from random import Random

import httpx
import pytest

from services.runtime.settings import RuntimeSettings
from services.simulator.scenario import build_scenario
from tests.integration.faults.report import FULL, SEED, Report
from tests.integration.fuzz.aftermath import inspect, standing
from tests.integration.fuzz.case import case
from tests.integration.fuzz.corpus import corpus
from tests.integration.fuzz.judge import Judge
from tests.integration.fuzz.place import Place, place
from tests.integration.fuzz.wire import Wire
from tests.integration.runtime.probe_process import until

CASES = 200_000 if FULL else 800
RATE = 350.0 if FULL else 200.0
"""Cases a second."""
CONNECTIONS = 32
NEIGHBOURS = 25.0
"""Messages a second of senders that are in order."""
LOOKED_AT = 0.02 if FULL else 0.1
"""Share of what was taken that is asked for again."""
MOST_MEMORY = 300 * 1000 * 1000
P99_S = 0.05


@pytest.mark.timeout(7_200 if FULL else 120)
async def test_damaged_messages_are_refused_with_their_place_or_decided(runtime_settings: RuntimeSettings) -> None:
    report, judge = Report("fuzz", faults=CASES), Judge(SEED)
    async with place(runtime_settings) as installation:
        await _licences(installation)
        begun = time.monotonic()
        async with installation.neighbours(NEIGHBOURS, f"neighbour-{SEED}") as beside:
            await _send(installation, judge)
        seconds = time.monotonic() - begun
        await _rest(installation, judge)
        await inspect(installation, judge)
        found, peak = await standing(installation), installation.door.peak_bytes
    waits = sorted(beside["waits_s"])
    p50, p99 = (waits[int(len(waits) * share)] * 1000 for share in (0.5, 0.99))
    report.messages, report.wrong = len(judge.taken), judge.wrong
    report.told = (
        f"{CASES / seconds:.0f}/s of {len(corpus())} real messages answered {_counted(judge.answers)}, of those taken"
        f" {found.decided} decided and {found.waiting} waiting; peak of the door {peak / 1e6:.0f} MB;"
        f" {len(waits)} messages in order beside them: p50 {p50:.1f} ms, p99 {p99:.1f} ms,"
        f" load {os.getloadavg()[0]:.1f}"
    )
    if peak > MOST_MEMORY:
        report.wrong.append(f"the door held {peak / 1e6:.0f} MB")
    if beside["answers"].keys() - {"200", "202"}:
        report.wrong.append(f"messages in order were answered {beside['answers']}")
    if FULL and p99 > P99_S * 1000:
        report.wrong.append(f"messages in order waited {p99:.1f} ms (p99)")
    report.judge()


async def _licences(installation: Place) -> None:
    """Those the real messages cite, so that what is taken of them is judged and not only kept."""
    async with httpx.AsyncClient(base_url=installation.others.url, timeout=20) as client:
        for licence in build_scenario().licences:
            answer = await client.post("/v1/licences", json=licence.body())
            assert answer.status_code == 201, answer.text


async def _send(installation: Place, judge: Judge) -> None:
    """All cases, none before it is due, at most so many at once."""
    url = httpx.URL(installation.door.url)
    wire, free = Wire(url.host, url.port or 0), asyncio.Semaphore(CONNECTIONS)
    begun = time.monotonic()

    async def one(number: int) -> None:
        try:
            request = case(SEED, number)
            taken = judge.judge(request, await wire.ask(request))
            if taken and Random(number).random() < LOOKED_AT:
                await _look(client, judge, number, taken, request.as_received)
        except TimeoutError:
            judge.wrong.append(f"case {number} of seed {SEED} was not answered")
        finally:
            free.release()

    async with httpx.AsyncClient(base_url=installation.door.url, timeout=60) as client, asyncio.TaskGroup() as group:
        for number in range(CASES):
            await free.acquire()
            await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))
            group.create_task(one(number))
    wire.close()


async def _look(client: httpx.AsyncClient, judge: Judge, number: int, taken: str, body: bytes) -> None:
    answer = await client.get(f"/v1/customs/messages/{taken}", params={"raw": 1})
    if answer.status_code != 200 or answer.content != body:
        judge.wrong.append(f"case {number} of seed {SEED}: its raw bytes are not those sent ({answer.status_code})")
    about = await client.get(f"/v1/customs/messages/{taken}")
    mrn = about.json().get("mrn") if about.status_code == 200 else None
    if about.status_code != 200:
        judge.wrong.append(f"case {number} of seed {SEED}: asked for, it is answered {about.status_code}")
    elif mrn and (await client.get(f"/v1/customs/declarations/{mrn}")).status_code not in {200, 404}:
        judge.wrong.append(f"case {number} of seed {SEED}: its declaration cannot be shown")


async def _rest(installation: Place, judge: Judge) -> None:
    """Until nothing is on its way any more."""

    async def settled() -> bool:
        found = await standing(installation)
        return not found.under_way or not installation.others.lives or not installation.door.lives

    await until(settled, "everything taken is decided or waits", 300 if FULL else 30)
    dead = (await standing(installation)).dead
    judge.wrong += [f"case {judge.taken.get(name, ('', '?'))[1]} is dead: {name}" for name in dead]


def _counted(answers: Counter[int]) -> str:
    return ", ".join(f"{status or 'none'}: {count}" for status, count in sorted(answers.items()))
