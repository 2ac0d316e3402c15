"""`kill -9` at every named point, in every service that passes it, with one worker and with two.

The points come from the code: a new one that no service is known to pass, or that nothing calls, fails here.
"""

import asyncio
import json
import random
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import services
from services.cli.services import SERVICES
from services.runtime.crash import POINTS
from services.runtime.process import Process
from services.runtime.settings import DatabaseSettings, KafkaSettings, RuntimeSettings
from tests.builders_alerting import SECRET
from tests.integration.faults.fleet import READS, Fleet, Worker, a_fleet
from tests.integration.faults.load import Load
from tests.integration.faults.proof import prove
from tests.integration.faults.recovery import Recovery
from tests.integration.faults.report import FULL, SEED, Report
from tests.integration.faults.senders import Doors
from tests.integration.runtime.probe_process import until
from tests.integration.test_webhook import Hook, serving

PART = 60
LICENCES = 8
IN_SLICE = 1
DAYS_AHEAD = "300"
"""What the clocks of the workers show, so that reminders come as facts do: all that is awaited is overdue at once."""


@dataclass(frozen=True)
class Case:
    """Where a worker dies; with two, the other goes on."""

    point: str
    place: str
    workers: int

    def __str__(self) -> str:
        return f"{self.point}@{self.place} {'alone' if self.workers == 1 else 'beside another'}"

    @property
    def asked_for(self) -> str:
        """Intake does not say whose it is: the traffic decides that."""
        return self.point if self.point.startswith("intake") else f"{self.point}@{self.place}"


def passes() -> dict[str, list[str]]:
    """Beginning of a point's name → who passes it: the doors, the folds, the webhook."""
    nowhere = RuntimeSettings(kafka=KafkaSettings(bootstrap_servers="-"), database=DatabaseSettings(url="-"))
    built = Process(nowhere, [entry.build for entry in SERVICES.values()])._services
    doors = [outbox.service for service in built for outbox in service.outboxes]
    folds = [fold for service in built for fold in service.folds]
    return {
        "intake": doors,
        "relay": doors,
        "fold": [fold.title for fold in folds],
        "reminder": [fold.title for fold in folds if fold.reminders is not None],
        "webhook": ["alerting", "customs"],
    }


SCREENING = "reconciliation.screening"
"""It publishes what it finds, and finds something once there is a refusal."""
PUBLISH_NOTHING = ("customs.answers", "customs.intake")
"""But dead letters (`test_poison`, `test_customs_nodes`); the end of each case looks whether that is still so."""
CASES = [
    Case(point, place, workers)
    for point in POINTS
    for place in passes().get(point.partition("-")[0], [])
    for workers in (1, 2)
    if point != "fold-between-publish-and-mark" or place not in PUBLISH_NOTHING
]
CHAINS = (
    [[case for case in CASES if case.point == point] for point in POINTS]
    if FULL
    else [random.Random(SEED).sample(CASES, IN_SLICE)]
)


def test_every_point_is_in_the_matrix() -> None:
    source = "\n".join(path.read_text() for path in Path(services.__path__[0]).rglob("*.py"))
    called = set(re.findall(r"crash_point\(\s*\"([a-z-]+)\"", source))
    assert called == set(POINTS), "a point is named and never passed, or passed and not named"
    assert {case.point for case in CASES} == set(POINTS), "a point that no service is known to pass"
    assert {case.place for case in CASES if case.point.startswith("fold")} == {".".join(fold) for fold in READS}
    assert len(CASES) == len(set(CASES)) > 2 * len(POINTS)


@asynccontextmanager
async def with_a_hook(settings: RuntimeSettings) -> AsyncIterator[tuple[Fleet, Hook]]:
    hook = Hook()
    async with serving(hook):
        party = {"name": "customs", "webhook_url": hook.url, "webhook_secret": SECRET, "webhook_allow_private": True}
        parties = {"TOLBRUG_CUSTOMS__PARTIES": json.dumps([party])}
        async with a_fleet(settings, 2, **hook.settings(), **parties, EXCHANGE_DAYS_AHEAD=DAYS_AHEAD) as fleet:
            yield fleet, hook


async def die_at(case: Case, fleet: Fleet, doors: Doors, load: Load, recovery: Recovery) -> None:
    """A worker that dies at the point while it works, the next one after it, and all of the load taken."""
    if case.place != "licensing":
        await doors.issue(load)
    if case.place == SCREENING:
        await doors.refuse()
    await fleet.quiet(60)  # else it would die before it is ready
    await sent(fleet)
    if case.workers == 1:
        await fleet.terminate(fleet.alive[0])
    passage = 1 if case.point.startswith(("intake", "webhook")) else 1 + load.series % 3
    dying = await fleet.start(TOLBRUG_CRASH_AT=f"{case.asked_for}:{passage}")
    sending = asyncio.create_task(traffic(doors, load, dying))
    assert await dying.ended(60) == -signal.SIGKILL, f"{case}: ended otherwise"
    fleet.alive.remove(dying)
    await recovery.watch(dying)
    if case.workers == 1:
        await fleet.start()
    await sending


async def traffic(doors: Doors, load: Load, dying: Worker) -> None:
    """The whole load, and more of it until the worker has died: whether it passes the point is a matter of shares."""
    await doors.issue(load)
    await doors.send(load.stream())
    more = load
    while dying.lives:
        more = Load(more.seed + 1, LICENCES, PART, series=more.series + 20)
        await doors.issue(more)
        await doors.send(more.stream())


@pytest.mark.timeout(900 if FULL else 180)
@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain[0].point if FULL else "slice")
async def test_a_worker_that_dies_there_loses_and_doubles_nothing(
    chain: list[Case], runtime_settings: RuntimeSettings
) -> None:
    report = Report("crash matrix", "; ".join(map(str, chain)))
    async with with_a_hook(runtime_settings) as (fleet, hook):
        await fleet.start()
        doors, recovery = Doors(fleet), Recovery(fleet)
        for number, case in enumerate(chain):
            load = Load(SEED + number, LICENCES, PART, series=number)
            await die_at(case, fleet, doors, load, recovery)
            report.faults += 1
        await fleet.quiet(60)
        report.recoveries = await recovery.end()
        await delivered(fleet, hook)
        assert await fleet.rows("SELECT seq FROM customs.output") == [], PUBLISH_NOTHING
        await prove(fleet, report, doors.taken)


async def sent(fleet: Fleet) -> set[str]:
    """Ids of all webhooks, once every one of them was delivered; what a dead worker claimed is not waited for."""
    names: set[str] = set()
    for service in ("alerting", "customs"):
        due = f"UPDATE {service}.delivery SET due_at = now() WHERE state = 'pending' RETURNING 1"  # noqa: S608 - ours
        await fleet.rows(due)

        async def all_ended(service: str = service) -> bool:
            return not await fleet.rows(f"SELECT FROM {service}.delivery WHERE state <> 'delivered' LIMIT 1")

        await until(all_ended, f"every webhook of {service} is delivered", timeout_s=60)
        ids = f"SELECT concat_ws('_', 'msg', subject, revision) AS name FROM {service}.delivery"  # noqa: S608 - ours
        names |= {row["name"] for row in await fleet.rows(ids)}
    return names


async def delivered(fleet: Fleet, hook: Hook) -> None:
    """Every revision of every alert and of every final verdict reached the receiver."""
    assert await sent(fleet) == set(hook.ids())
    verdicts = await fleet.rows("SELECT count(*) AS n FROM customs.answer WHERE verdict IS NOT NULL")
    told = await fleet.rows("SELECT count(DISTINCT subject) AS n FROM customs.delivery")
    assert told == verdicts, "a shipment whose sender was never told"
