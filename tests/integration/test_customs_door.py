"""The customs door on real engines: durable answers, repeats, states, the answer folded from verdicts."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.core.messages import DeclarationAccepted, Phase, Verdict, VerdictKind
from services.core.values import Mrn
from services.customs.wiring import build
from services.runtime.codec import Codec
from services.runtime.settings import RuntimeSettings
from tests.integration.customs_installation import Door, door
from tests.integration.in_process import running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.unit.customs.written import MRN, as_json, cc515c, cc528c, declaration, event

SAMPLES = Path(__file__).parents[1] / "contract" / "samples"


@pytest.fixture
def installation(runtime_settings: RuntimeSettings) -> Installation:
    return Installation.of(runtime_settings)


async def facts(installation: Installation, count: int) -> list[object]:
    """The facts on the topic, once there are so many."""
    log = KafkaLog(installation, DeclarationAccepted.TOPIC)
    async with asyncio.timeout(20):
        while len(records := await log.read()) < count:  # noqa: ASYNC110 - the log is in Kafka
            await asyncio.sleep(0.05)
    return [Codec().decode(record.value or b"") for record in records]


async def tell(installation: Installation, verdict: Verdict) -> None:
    log = KafkaLog(installation, Verdict.TOPIC)
    await log.write(verdict.mrn.encode(), Codec().encode(verdict))


def a_verdict(revision: int, applied: list[str], version: int = 1, kind: VerdictKind = VerdictKind.COVERED) -> Verdict:
    return Verdict(
        mrn=Mrn(MRN),
        revision=revision,
        version=version,
        phase=Phase.ACCEPTED,
        verdict=kind,
        applied=tuple(sorted(applied)),
        rule_set="rules-1",
        decided_at=datetime(2026, 3, 2, 8, 15, tzinfo=UTC),
    )


async def test_a_message_is_taken_once_and_every_repeat_is_told_so(
    runtime_settings: RuntimeSettings, installation: Installation
) -> None:
    body = as_json(declaration())
    async with door(runtime_settings) as one:
        answers = await asyncio.gather(*(one.post(body) for _ in range(20)))
        codes = sorted(answer.status_code for answer in answers)
        assert codes == [200] * 19 + [202]
        first = next(answer for answer in answers if answer.status_code == 202)
        assert first.headers["Location"] == f"/v1/customs/messages/{first.json()['id']}"
        assert all(a.json() == first.json() | {"duplicate": True} for a in answers if a is not first)
        other = await one.post(as_json(declaration(country_of_destination="PK")))
        assert other.status_code == 409
        assert other.headers["Content-Type"] == "application/problem+json"
        raw = await one.get(f"/messages/{first.json()['id']}", raw=1)
        assert raw.content == body
    assert len(await facts(installation, 1)) == 1


async def test_what_cannot_be_a_name_of_ours_names_nothing(runtime_settings: RuntimeSettings) -> None:
    async with door(runtime_settings) as one:
        assert (await one.post(as_json(declaration()))).status_code == 202
        for path in ("/messages/%00", "/declarations/%00", "/declarations/%00/verdict"):
            assert (await one.get(path)).status_code == 404, path
        assert (await one.get("/messages/%00", raw=1)).status_code == 404
        assert (await one.get(f"/declarations/{MRN}/verdict", message="\0")).status_code == 404


async def test_what_says_to_be_too_large_is_not_waited_for(runtime_settings: RuntimeSettings) -> None:
    async with door(runtime_settings) as one, asyncio.timeout(5):
        head = "POST /v1/customs/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        reader, writer = await asyncio.open_connection(one.host, one.port)
        writer.write(f"{head}Content-Length: 1000000000\r\n\r\n".encode())
        assert (await reader.readline()).split()[1] == b"413"
        writer.close()


async def test_the_contract_tells_every_answer(runtime_settings: RuntimeSettings) -> None:
    async with running(runtime_settings, [build]) as process:
        paths = (await process.http.get("/openapi.json")).json()["paths"]
    received = paths["/v1/customs/messages"]["post"]["responses"]
    assert sorted(received) == ["200", "202", "400", "401", "403", "409", "413", "415", "422", "503"]
    asked = paths["/v1/customs/declarations/{mrn}/verdict"]["get"]["responses"]
    assert sorted(asked) == ["200", "401", "404", "422", "503"]
    assert list(asked["422"]["content"]) == ["application/problem+json"]


async def test_a_sender_that_goes_away_is_no_error_of_ours(
    runtime_settings: RuntimeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    async with door(runtime_settings) as one:
        head = "POST /v1/customs/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        _, writer = await asyncio.open_connection(one.host, one.port)
        writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        await writer.drain()
        await asyncio.sleep(0.3)
        writer.close()
        await asyncio.sleep(0.3)
    told = capsys.readouterr()
    assert "http.error" not in told.out + told.err


async def test_a_key_of_the_sender_stands_for_the_identity(runtime_settings: RuntimeSettings) -> None:
    async with door(runtime_settings) as one:
        key = {"Idempotency-Key": "k-1"}
        assert (await one.post(as_json(declaration()), key)).status_code == 202
        assert (await one.post(as_json(declaration()))).status_code == 202, "without the key it is another message"
        assert (await one.post(as_json(declaration()), key)).status_code == 200
        assert (await one.post(as_json(declaration(version=2)), key)).status_code == 409


async def test_one_bad_message_fails_none_of_its_group(runtime_settings: RuntimeSettings) -> None:
    good = [as_json(declaration(message_id=f"m-{n}", version=n + 1)) for n in range(20)]
    bad = [b"{", b"<a>", as_json({"kind": "release"}), b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>']
    async with door(runtime_settings) as one:
        answers = await asyncio.gather(*(one.post(body) for body in [*good, *bad]))
        codes = [answer.status_code for answer in answers]
    assert codes == [202] * 20 + [400, 400, 422, 400]


async def test_a_shipment_is_pending_from_its_202_and_answered_by_its_verdict(
    runtime_settings: RuntimeSettings, installation: Installation
) -> None:
    async with door(runtime_settings) as one:
        assert (await one.get(f"/declarations/{MRN}/verdict")).status_code == 404
        assert (await one.get(f"/declarations/{MRN}")).status_code == 404
        sent = (await one.post(as_json(declaration()))).json()
        pending = (await one.get(f"/declarations/{MRN}/verdict")).json()
        assert (pending["verdict"], pending["version"]) == ("pending", 1)
        waiting = asyncio.create_task(one.get(f"/declarations/{MRN}/verdict", wait=30))
        applied = asyncio.create_task(one.get(f"/messages/{sent['id']}", wait=30))
        await tell(installation, a_verdict(1, [sent["id"]]))
        assert (await waiting).json()["verdict"] == "covered"
        assert (await applied).json()["state"] == "applied"
        await _released_later(one, installation, sent["id"])


async def test_whoever_waits_is_answered_whichever_door_folds_the_verdict(
    runtime_settings: RuntimeSettings, installation: Installation
) -> None:
    async with door(runtime_settings) as one, door(runtime_settings) as other:
        sent = (await one.post(as_json(declaration()))).json()
        waiting = [
            asyncio.create_task(at.get(path, wait=30))
            for at in (one, other)
            for path in (f"/declarations/{MRN}/verdict", f"/messages/{sent['id']}")
        ]
        unknown = await other.get("/declarations/26BE343000ZZZZZZA9/verdict", wait=30)
        assert unknown.status_code == 404, "for nothing nobody waits"
        await tell(installation, a_verdict(1, [sent["id"]]))
        told = [(await one).json() for one in waiting]
    assert [(t.get("verdict"), t.get("state")) for t in told] == [("covered", None), (None, "applied")] * 2


async def test_a_rejection_alone_leaves_nothing_to_judge(runtime_settings: RuntimeSettings) -> None:
    rejected = (SAMPLES / "03_DMSREJ.xml").read_bytes()
    async with door(runtime_settings) as one:
        assert (await one.post(rejected)).status_code == 202
        assert (await one.get("/declarations/20GB1NA4Y2YSRFGVR6/verdict", wait=5)).status_code == 404


async def _released_later(one: Door, installation: Installation, declared: str) -> None:
    """The old answer stands until a caller asks for the effect of what came after it."""
    released = (await one.post(as_json(event("release", released_at="2026-03-02T09:00:00Z")))).json()
    path = f"/declarations/{MRN}/verdict"
    assert (await one.get(path)).json()["verdict"] == "covered"
    assert (await one.get(path, version=1)).json()["verdict"] == "pending"
    assert (await one.get(path, message=released["id"])).json()["verdict"] == "pending"
    asked = asyncio.create_task(one.get(path, version=1, wait=30))
    await tell(installation, a_verdict(2, [declared, released["id"]], kind=VerdictKind.REFUSED))
    assert (await asked).json()["verdict"] == "refused"
    shown = (await one.get(f"/declarations/{MRN}")).json()
    assert [entry["state"] for entry in shown["history"]] == ["applied", "applied"]
    assert shown["items"][0]["documents"][0]["quantity"] == "1"


async def test_a_fact_that_could_not_be_handled_is_told_to_its_sender(
    runtime_settings: RuntimeSettings, installation: Installation
) -> None:
    async with door(runtime_settings) as one:
        sent = (await one.post(as_json(declaration()))).json()
        (fact,) = await facts(installation, 1)
        assert isinstance(fact, DeclarationAccepted)
        dead = KafkaLog(installation, f"{DeclarationAccepted.TOPIC}.dlq")
        await dead.write(MRN.encode(), Codec().encode(fact))
        found = (await one.get(f"/messages/{sent['id']}", wait=30)).json()
        assert found["state"] == "dead-lettered"


async def test_a_release_before_its_declaration_waits_for_it(runtime_settings: RuntimeSettings) -> None:
    async with door(runtime_settings) as one:
        released = (await one.post(as_json(event("release", released_at="2026-03-02T09:00:00Z")))).json()
        assert (await one.get(f"/messages/{released['id']}")).json()["state"] == "waiting"
        await one.post(cc515c())
        await one.post(cc528c())
        assert (await one.get(f"/messages/{released['id']}")).json()["state"] == "received"
