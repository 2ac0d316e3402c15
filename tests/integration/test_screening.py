"""Shipments beside refusals and denials on real engines: each partition knows all of them, whoever dies, and once."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from services.core.facts import Fact
from services.core.message import Message
from services.core.messages import DenialStatus, Finding, Refusal, WatchList
from services.core.values import CountryCode, Mrn
from services.licensing.domain.dossiers import RunOut, run_out
from services.reconciliation.wiring import build
from services.runtime.codec import Codec
from services.runtime.kafka.batches import partition_of
from services.runtime.settings import RuntimeSettings
from tests.builders import mrn
from tests.builders_customs import a_declaration, a_release, an_item
from tests.builders_denials import a_denial
from tests.builders_dossiers import a_dossier
from tests.builders_screening import END_USER, INDIA, a_refusal
from tests.integration.in_process import Running, dying, running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.integration.runtime.probe_process import until

SHADOW, MATCH = "refusal.shadow", "denial.match"
LATE = a_refusal(ref="REF/2026/1", end_users=(replace(END_USER, name="Kolkata Marine Works"),))
DENIAL = a_denial(parties=[{"role": "end_user", "name": "Cochin Turbine Castings", "country": "IN"}])
REVOKED = replace(DENIAL, revision=2, status=DenialStatus.REVOKED)


def names(partition: int) -> Iterator[Mrn]:
    """MRNs that stand in one of two partitions."""
    return (name for name in map(mrn, count(1)) if partition_of(name.encode(), 2) == partition)


FIRST, SECOND = names(0), names(1)


async def send(settings: RuntimeSettings, *messages: Message) -> None:
    """Onto their topics; in order within a topic."""
    for topic in dict.fromkeys(message.TOPIC for message in messages):
        records = [(m.key.encode(), Codec().encode(m)) for m in messages if topic == m.TOPIC]
        await KafkaLog(Installation.of(settings), topic).write_all(records)


def to(name: str, number: Mrn) -> Fact:
    """A press declared for somebody, under no licence."""
    declared = a_declaration(an_item(), mrn=number, fact_id=f"declared-{number}")
    buyer = replace(declared.exporter, eori=None, name=name, country=CountryCode(INDIA))
    return replace(declared, consignee=buyer)


async def until_known(service: Running, refusal: str, denial: int = 1) -> None:
    """Until the list of each partition holds the refusal, and this revision of the denial."""

    async def known() -> bool:
        rows = await service.rows("SELECT state FROM reconciliation.snapshot WHERE fold = 'screening'")
        lists = [Codec().decode_record(WatchList, bytes(row["state"])) for row in rows]
        wanted = {(refusal, 1), (DENIAL.ref, denial)}
        return len(lists) == 2 and all(wanted <= {(e.ref, e.revision) for e in one.entries} for one in lists)

    await until(known, f"{refusal} and the denial are known everywhere")


async def until_raised(service: Running, *expected: tuple[str, Mrn]) -> list[Finding]:
    """Until these findings, and no others of a screening, stand on the topic: code and shipment."""
    found: list[Finding] = []

    async def raised() -> bool:
        there = await service.published(Finding.TOPIC)
        found[:] = [one for one in there if isinstance(one, Finding) and one.code in (SHADOW, MATCH)]
        return sorted((one.code, one.mrn) for one in found) == sorted(expected)

    await until(raised, f"{expected} are raised, and nothing else")
    return found


async def test_what_is_late_in_a_dossier_is_raised(runtime_settings: RuntimeSettings) -> None:
    of = a_dossier()
    late = run_out(of, RunOut(of.ref, datetime(2026, 3, 16, 23, 0, tzinfo=UTC))).state
    async with running(runtime_settings, [build]) as service:
        await send(runtime_settings, of, late)

        async def raised() -> bool:
            there = await service.published(Finding.TOPIC)
            return [one.key for one in there if isinstance(one, Finding)] == [of.ref] * len(late.checks)

        await until(raised, "each check that is late is raised")


async def test_every_partition_compares_with_all_that_is_known_by_then(runtime_settings: RuntimeSettings) -> None:
    known = a_refusal()
    one, two, three, four = next(FIRST), next(SECOND), next(FIRST), next(FIRST)
    point = "fold-after-commit@reconciliation.screening"
    async with (
        dying(runtime_settings, "reconciliation", f"{point}:1") as (_, worker),
        running(runtime_settings, [build]) as service,
    ):
        await send(runtime_settings, known, DENIAL, to(END_USER.name, one), to("Cochin Turbine Castings Ltd", two))
        await send(runtime_settings, to(LATE.end_users[0].name, three))
        assert await worker.wait() == -signal.SIGKILL
        await until_known(service, known.ref)
        # What was declared before its partition knew of the refusal is looked at again at its release.
        await send(runtime_settings, a_release(mrn=one, fact_id="r1"), a_release(mrn=two, fact_id="r2"))
        raised = await until_raised(service, (SHADOW, one), (MATCH, two))
        await send(runtime_settings, LATE, known, to(END_USER.name, one), REVOKED)
        await until_known(service, LATE.ref, denial=2)
        await send(runtime_settings, a_release(mrn=three, fact_id="r3"), to("Cochin Turbine Castings Ltd", four))
        again = await until_raised(service, (SHADOW, one), (MATCH, two), (SHADOW, three))
        assert {each.id for each in raised} < {each.id for each in again}
        await shows_its_evidence(service, raised, known)
        five = next(FIRST)
        await send(runtime_settings, to(END_USER.name, five))
        await until_raised(service, (SHADOW, one), (MATCH, two), (SHADOW, three), (SHADOW, five))
        assert await service.rows("SELECT halted FROM reconciliation.fold WHERE halted IS NOT NULL") == []


async def shows_its_evidence(service: Running, raised: list[Finding], refusal: Refusal) -> None:
    """The finding over HTTP, with what was compared."""
    [shadow] = [one for one in raised if one.code == SHADOW]
    shown = (await service.http.get(f"/v1/findings/{shadow.id}")).json()
    sides = {one["what"]: (one["declared"], one["licensed"]) for one in shown["comparisons"]}
    assert sides["name of the recipient"] == (f"consignee {END_USER.name}", f"end_user {END_USER.name}")
    assert refusal.ref in sides["goods item"][1]
    assert (shown["severity"], shown["track"], shown["legal_basis_version"]) == ("critical", "both", "2023-05-26")
