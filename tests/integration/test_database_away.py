"""While PostgreSQL is away, or has no connection left, the doors say so within two seconds, and it is as they say."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psycopg
import pytest

from services.customs.wiring import build as customs
from services.licensing.wiring import build as licensing
from services.reconciliation.wiring import build as reconciliation
from services.runtime.settings import RuntimeSettings
from tests.builders import REF, mrn
from tests.builders_licensing import LICENCE
from tests.integration.faults.steady_traffic import drawing
from tests.integration.in_process import Running, running
from tests.integration.own_postgres import OwnPostgres
from tests.integration.runtime.probe_process import until

SOON_S = 3.0
"""Two seconds, and what a machine takes that runs all of this."""


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[OwnPostgres]:
    with TemporaryDirectory(prefix="tolbrug-") as state:
        server = OwnPostgres(Path(state))
        await server.start()
        yield server
        server.stop()


async def asked(http: httpx.AsyncClient, number: int) -> list[tuple[int, str | None, float]]:
    """Status, Retry-After and seconds of one request to each kind of route, all at the same time."""

    async def one(method: str, path: str, body: Any = None) -> tuple[int, str | None, float]:
        begun = time.monotonic()
        answer = await http.request(method, path, json=body)
        return answer.status_code, answer.headers.get("retry-after"), time.monotonic() - begun

    answers = await asyncio.gather(
        one("POST", "/v1/customs/messages", drawing(str(mrn(number)), REF)),
        one("GET", f"/v1/customs/declarations/{mrn(1)}/verdict?wait=1&version=2"),
        one("POST", "/v1/licences", LICENCE | {"ref": f"VL/2026/{number:06d}"}),
        one("GET", f"/v1/licences/{REF}"),
        one("GET", f"/v1/ledger/licences/{REF}"),
    )
    return list(answers)


async def works(door: Running, number: int) -> None:
    """A message is taken, and what follows from it is decided."""

    async def taken() -> bool:
        answer = await door.http.post("/v1/customs/messages", json=drawing(str(mrn(number)), REF))
        return answer.is_success

    async def decided() -> bool:
        answer = await door.http.get(f"/v1/customs/declarations/{mrn(number)}/verdict?wait=10")
        return answer.is_success and answer.json()["verdict"] in {"covered", "refused"}

    await until(taken, "a message is taken")
    await until(decided, "a message is decided")
    assert (await door.http.get("/readyz")).status_code == 200


@pytest.mark.parametrize(("away", "back"), [("kill", "start"), ("freeze", "thaw")])
async def test_who_asks_while_postgresql_is_away_is_told_soon(
    away: str, back: str, server: OwnPostgres, runtime_settings: RuntimeSettings
) -> None:
    database = runtime_settings.database.model_copy(update={"url": await server.database(away)})
    settings = runtime_settings.model_copy(update={"database": database})
    async with running(settings, [customs, licensing, reconciliation]) as door:
        assert (await door.http.post("/v1/licences", json=LICENCE | {"ref": REF})).is_success
        await works(door, 1)
        getattr(server, away)()
        for number in (2, 3):  # not noticed yet, and noticed
            for status, again, seconds in await asked(door.http, number):
                assert (status, again) == (503, "1")
                assert seconds < SOON_S
        probes = [(await door.http.get(path)).status_code for path in ("/livez", "/readyz")]
        assert probes == [200, 503]
        await _done(getattr(server, back))
        await works(door, 2)
        assert [status for status, *_ in await asked(door.http, 3)] == [202, 200, 201, 200, 200]


async def _done(step: Callable[[], Any]) -> None:
    waiting = step()
    if waiting is not None:
        await waiting


async def test_who_finds_no_connection_is_told_soon(runtime_settings: RuntimeSettings) -> None:
    """Eight who wait for a lock take all connections there are; who asks then, waits for none of them."""
    database = runtime_settings.database.model_copy(update={"pool_size": 4})
    async with running(runtime_settings.model_copy(update={"database": database}), [licensing]) as door:
        assert (await door.http.post("/v1/licences", json=LICENCE | {"ref": REF})).status_code == 201
        async with await psycopg.AsyncConnection.connect(database.url) as holder, holder.transaction():
            await holder.execute("LOCK TABLE licensing.licence")
            waiting = [asyncio.create_task(door.http.get(f"/v1/licences/{REF}")) for _ in range(8)]
            begun = time.monotonic()
            told = await asyncio.gather(*(door.http.post("/v1/licences", json=LICENCE) for _ in range(3)))
            assert {(answer.status_code, answer.headers["retry-after"]) for answer in told} == {(503, "1")}
            assert time.monotonic() - begun < SOON_S
        statuses = {(await answer).status_code for answer in waiting}
        assert statuses == {200, 503}
        assert (await door.http.get(f"/v1/licences/{REF}")).status_code == 200
