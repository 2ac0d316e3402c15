"""Time on real engines: what is awaited in vain is raised once, whoever dies, and whatever clocks show."""

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY

from services.core.message import Message
from services.core.messages import Finding, LicenceType, Reminder, Requirements, Verdict, VerdictKind
from services.core.values import Mrn
from services.reconciliation.adapters.verification import verify
from services.reconciliation.wiring import build
from services.runtime import reminding
from services.runtime.clock import Clock
from services.runtime.codec import Codec
from services.runtime.database import Database
from services.runtime.settings import RuntimeSettings
from tests.builders import ACCEPTED_AT, REF, a_licence, an_authorisation
from tests.builders_customs import MRN, a_declaration, a_release, a_source, an_exit, an_item
from tests.integration.in_process import Running, dying, running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.integration.runtime.probe_process import until

SECOND = Mrn("26BE343000000002A0")
NINETY, HUNDRED_AND_FIFTY = "exit.overdue-90", "exit.overdue-150"
BOTH = [HUNDRED_AND_FIFTY, NINETY]
KEYED = Requirements(federal_authorisation=True, end_use_certificate=False, state_guarantee=False)
LONG_AGO = (a_licence(), a_declaration(an_item()), a_release())
"""A release of which no exit was heard for more than half a year."""


async def send(settings: RuntimeSettings, *messages: Message) -> None:
    for message in messages:
        await KafkaLog(Installation.of(settings), message.TOPIC).write(message.key.encode(), Codec().encode(message))


def just_received(fact: Any) -> Any:
    return replace(fact, sources=(replace(a_source(fact.fact_id), received_at=datetime.now(UTC)),))


async def findings(service: Running) -> list[Finding]:
    """Of time, as they stand on the topic; repeats of a record are left out."""
    found = [f for f in await service.published(Finding.TOPIC) if isinstance(f, Finding)]
    return sorted((f for f in found if not f.entry), key=lambda f: f.code)


async def until_raised(service: Running, *codes: str) -> list[Finding]:
    async def raised() -> bool:
        return [f.code for f in await findings(service)] == list(codes)

    await until(raised, f"{codes} are raised, and nothing else")
    return await findings(service)


async def until_waiting(service: Running, *waiting: Any) -> None:
    """Until the table holds these reminders, as MRN and time, or just so many."""

    async def held() -> bool:
        rows = await service.rows("SELECT aggregate, due FROM reconciliation.reminder WHERE NOT said")
        return {(row["aggregate"], row["due"]) for row in rows} == set(waiting)

    await until(held, f"reminders are {waiting}")


async def told(service: Running) -> list[tuple[str, datetime]]:
    """The reminders that were put out, as committed."""
    rows = await service.rows("SELECT value FROM reconciliation.output WHERE topic = 'reconciliation.reminder.v1'")
    messages = [Codec().decode(bytes(row["value"])) for row in rows]
    return sorted((message.mrn, message.due) for message in messages if isinstance(message, Reminder))


async def is_sound(service: Running) -> None:
    """No partition is halted, and the ledger verifies."""
    assert await service.rows("SELECT fold, halted FROM reconciliation.fold WHERE halted IS NOT NULL") == []
    database = Database(service.settings.database.url, size=2)
    await database.open()
    try:
        assert (await verify(database)).differences == []
    finally:
        await database.close()


async def test_without_an_exit_both_limits_are_raised_once_each_as_of_their_own_time(
    runtime_settings: RuntimeSettings,
) -> None:
    async with running(runtime_settings, [build]) as service:
        await send(runtime_settings, *LONG_AGO)
        raised = await until_raised(service, *BOTH)
        released_at = a_release().released_at
        limits = [released_at + timedelta(days=150), released_at + timedelta(days=90)]
        assert [f.raised_at for f in raised] == limits
        assert await told(service) == [(MRN, at) for at in reversed(limits)]
        records = await KafkaLog(Installation.of(runtime_settings), Reminder.TOPIC).read()
        assert [r.timestamp for r in records] == [int(at.timestamp() * 1000) for at in reversed(limits)]
        assert await service.rows("SELECT 1 FROM reconciliation.reminder WHERE fold = 'shipments'") == []
        await send(runtime_settings, *LONG_AGO, an_exit())
        await until_applied(service, "exited")
        await until_raised(service, *BOTH)
        await is_sound(service)


async def until_applied(service: Running, message: str) -> Verdict:
    found: list[Verdict] = []

    async def applied() -> bool:
        found[:] = [v for v in await service.published(Verdict.TOPIC) if isinstance(v, Verdict)]
        return any(message in verdict.applied for verdict in found)

    await until(applied, f"{message} is applied")
    return found[-1]


async def test_an_exit_that_is_sent_with_a_late_release_is_read_before_anything_is_raised(
    runtime_settings: RuntimeSettings,
) -> None:
    """A service that was away for months reads all there is first, though more than one batch."""
    fold = runtime_settings.fold.model_copy(update={"batch": 1})
    settings = runtime_settings.model_copy(update={"fold": fold})
    async with running(settings, [build]):
        pass  # makes the topics
    await send(settings, a_declaration(an_item()), a_release(), an_exit())
    await send(settings, *(replace(each, mrn=SECOND) for each in (a_declaration(an_item()), a_release())))
    async with running(settings, [build]) as service:
        raised = await until_raised(service, *BOTH)
        assert {f.mrn for f in raised} == {SECOND}
        await until_waiting(service)
        assert {mrn for mrn, _ in await told(service)} == {SECOND}


@pytest.mark.parametrize(
    "point",
    [
        "fold-before-commit",
        "fold-after-commit",
        "fold-between-publish-and-mark",
        "reminder-before-commit",
        "reminder-after-commit",
    ],
)
async def test_a_process_that_dies_between_storing_and_publishing_raises_each_once(
    point: str, runtime_settings: RuntimeSettings
) -> None:
    async with dying(runtime_settings, "reconciliation", f"{point}@reconciliation.shipments:2") as (_, process):
        await send(runtime_settings, *LONG_AGO)
        assert await asyncio.wait_for(process.wait(), 20) == -signal.SIGKILL
    async with running(runtime_settings, [build]) as service:
        await until_raised(service, *BOTH)
        assert len(await told(service)) == 2
        rows = await service.rows(
            "SELECT count(*) AS n FROM reconciliation.output WHERE type = 'reconciliation.v1.Finding' GROUP BY identity"
        )
        assert {row["n"] for row in rows} == {1}
        await is_sound(service)


async def test_nothing_is_raised_before_its_time_and_a_clock_that_jumps_doubles_nothing(
    runtime_settings: RuntimeSettings,
) -> None:
    clock = Clock()
    waiting, declared = just_received(a_release()), just_received(a_release(fact_id="second", mrn=SECOND))
    incomplete_at = waiting.sources[0].received_at + timedelta(hours=24)
    async with running(runtime_settings, [build], clock) as service:
        await send(runtime_settings, waiting, declared)
        second_at = declared.sources[0].received_at + timedelta(hours=24)
        await until_waiting(service, (MRN, incomplete_at), (SECOND, second_at))
        clock.ahead = timedelta(days=-2)
        await send(runtime_settings, just_received(a_declaration(an_item(), mrn=SECOND, fact_id="declared")))
        ninety = max(declared.released_at + timedelta(days=90), second_at)
        await until_waiting(service, (MRN, incomplete_at), (SECOND, ninety))
        assert await told(service) == []
        clock.ahead = timedelta(days=2)
        (_, _, raised) = await until_raised(service, *BOTH, "shipment.incomplete")
        assert (raised.mrn, raised.raised_at) == (MRN, incomplete_at)
        clock.ahead = timedelta(days=-2)
        await send(runtime_settings, just_received(an_exit()))
        clock.ahead = timedelta(days=3)
        await send(runtime_settings, just_received(a_declaration(an_item())))
        await until_applied(service, "exited")
        assert len(await until_raised(service, *BOTH, "shipment.incomplete")) == 3


def lost() -> float:
    """Transactions of the shipments fold that found their partition taken."""
    labels = {"fold": "reconciliation.shipments", "outcome": "lost"}
    return REGISTRY.get_sample_value("tolbrug_commits_total", labels) or 0


async def test_a_worker_that_was_overtaken_says_nothing_and_its_successor_does(
    runtime_settings: RuntimeSettings,
) -> None:
    patient = runtime_settings.model_copy(update={"fold": runtime_settings.fold.model_copy(update={"lease_s": 600.0})})
    clock = Clock()
    fact = just_received(a_release())
    async with running(patient, [build], clock) as zombie:
        await send(patient, fact)
        due = fact.sources[0].received_at + timedelta(hours=24)
        await until_waiting(zombie, (MRN, due))
        await zombie.rows(
            "UPDATE reconciliation.fold SET epoch = epoch + 1, owner = 'other', lease_until = now() + interval '9 min'"
            " WHERE fold = 'shipments' RETURNING 1"
        )
        before = lost()
        clock.ahead = timedelta(hours=25)

        async def refused() -> bool:
            return lost() > before

        await until(refused, "what it would say is refused")
        assert await told(zombie) == []
        await until_waiting(zombie, (MRN, due))
        await zombie.rows("UPDATE reconciliation.fold SET owner = NULL WHERE fold = 'shipments' RETURNING 1")
        async with running(patient, [build], clock) as successor:
            await until_raised(successor, "shipment.incomplete")
            assert await told(successor) == [(MRN, due)]


async def test_that_no_licence_answers_is_raised_while_there_is_time(runtime_settings: RuntimeSettings) -> None:
    clock = Clock()
    declared = just_received(replace(a_declaration(), border_mode="4"))
    async with running(runtime_settings, [build], clock) as service:
        await service.rows("UPDATE reconciliation.fold SET halted = 'by the test' WHERE fold = 'ledger' RETURNING 1")
        await send(runtime_settings, declared)
        respond_by = declared.sources[0].received_at + timedelta(minutes=30)
        await until_waiting(service, (MRN, respond_by - timedelta(minutes=10)))
        clock.ahead = timedelta(minutes=21)
        (finding,) = await until_raised(service, "shipment.unanswered")
        assert finding.respond_by == respond_by
        (verdict,) = (v for v in await service.published(Verdict.TOPIC) if isinstance(v, Verdict))
        assert (verdict.verdict, verdict.respond_by) == (VerdictKind.PENDING, respond_by)


async def test_what_an_earlier_release_stored_is_reminded_of_too(
    runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "PAGE", 2)
    mrns = [Mrn(f"26BE34300000000{n}A{n}") for n in range(5)]
    clock = Clock(timedelta(days=-300))
    async with running(runtime_settings, [build], clock) as service:
        for mrn in mrns:
            await send(runtime_settings, a_declaration(an_item(), mrn=mrn), a_release(mrn=mrn))
        # Told by its entries alone: no state of it is stored.
        licence = a_licence(requires=KEYED, type=LicenceType.TRANSIT)
        await send(runtime_settings, licence, an_authorisation(valid_to=date(2099, 12, 31)))
        ninety = a_release().released_at + timedelta(days=90)
        waiting = [*((mrn, ninety) for mrn in mrns), (REF, datetime(2099, 12, 31, 23, tzinfo=UTC))]
        await until_waiting(service, *waiting)
    async with await psycopg.AsyncConnection.connect(runtime_settings.database.url, autocommit=True) as connection:
        await connection.execute("DELETE FROM reconciliation.reminder")
        await connection.execute("UPDATE reconciliation.fold SET reminders = 'earlier'")
    async with running(runtime_settings, [build], clock) as service:
        await until_waiting(service, *waiting)
        clock.ahead = timedelta()
        await until_raised(service, *sorted(5 * BOTH))
        rules = await service.rows("SELECT DISTINCT reminders FROM reconciliation.fold WHERE fold = 'shipments'")
        assert [row["reminders"] for row in rules] == ["1/0.333333"]


def test_the_moments_of_these_tests_are_past() -> None:
    assert datetime.now(UTC) - ACCEPTED_AT > timedelta(days=151)
    assert isinstance(LONG_AGO, Sequence)
