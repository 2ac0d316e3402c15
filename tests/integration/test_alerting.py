"""From a finding on Kafka to an alert in the list, on the topic, on the stream and on the webhook."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from psycopg import Rollback

from services.alerting.adapters.tally import Tally
from services.alerting.wiring import build
from services.core.messages import Alert, Comparison, Finding, Severity, Source
from services.core.values import Mrn
from services.runtime.codec import Codec
from services.runtime.database import Database
from services.runtime.kafka.batches import Outgoing
from services.runtime.kafka.cloud_events import CloudEvents
from services.runtime.kafka.producer import Producer
from services.runtime.settings import RuntimeSettings
from tests.builders_alerting import AT, a_finding
from tests.integration.in_process import Running, running
from tests.integration.runtime.probe_process import until


@pytest.fixture
async def alerting(runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    async with running(runtime_settings, [build]) as alerting:
        yield alerting


def finding_of(shipment: int, name: str = "f1", **changes: Any) -> Finding:
    mrn = Mrn(f"26BE3430000000{shipment:02}A1")
    return replace(a_finding(f"{name}-{shipment}"), subject=mrn, mrn=mrn, **changes)


async def publish(alerting: Running, findings: Sequence[Finding]) -> None:
    kafka = alerting.settings.kafka
    producer = Producer(kafka.bootstrap_servers, kafka.topic_prefix)
    await producer.publish([_record(finding) for finding in findings])
    await producer.stop()


def _record(finding: Finding) -> Outgoing:
    key, at = finding.key.encode(), finding.raised_at
    headers = CloudEvents("reconciliation").headers(finding.SCHEMA, finding.identity, key, at, None)
    return Outgoing(finding.TOPIC, key, Codec().encode(finding), at, headers)


async def listed(alerting: Running, query: str = "") -> list[dict[str, Any]]:
    answer = await alerting.http.get(f"/v1/alerts?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def has_findings(alerting: Running, count: int) -> None:
    async def there() -> bool:
        (row,) = await alerting.rows("SELECT count(*) AS n FROM alerting.finding")
        return bool(row["n"] == count)

    await until(there, f"{count} findings are in alerts")


def counted(name: str, code: str) -> float:
    labels = {"code": code, "severity": "warning", "track": "administrative"}
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_findings_of_one_licence_code_and_shipment_are_one_alert_with_their_evidence(alerting: Running) -> None:
    received = AT - timedelta(seconds=2)
    source = Source(message_id="m1", party="BE.CUSTOMS", kind="CC528C", sha256="00", received_at=received)
    comparison = Comparison(what="quantity", declared="3", licensed="2")
    first = finding_of(1, comparisons=(comparison,), sources=(source,))
    await publish(alerting, [first, finding_of(1, "f2", severity=Severity.CRITICAL), first, finding_of(2)])
    late = [replace(a_finding(f"of-{ref}"), subject=ref, mrn=None, licence=None) for ref in ("DOS/1", "DOS/2")]
    await publish(alerting, late)
    await has_findings(alerting, 5)
    assert len({one["id"] for one in await listed(alerting) if one["mrn"] is None}) == 2, "of each dossier its own"
    (alert,) = await listed(alerting, f"mrn={first.mrn}")
    assert (alert["count"], alert["revision"], alert["severity"], alert["state"]) == (2, 2, "critical", "open")
    assert alert["received_at"] == "2026-03-02T08:59:58Z"
    answer = await alerting.http.get(f"/v1/alerts/{alert['id']}")
    detail = answer.json()
    assert answer.headers["etag"] == '"2"'
    assert [f["id"] for f in detail["evidence"]] == ["f1-1", "f2-1"]
    assert detail["evidence"][0]["comparisons"] == [{"what": "quantity", "declared": "3", "licensed": "2"}]
    assert detail["evidence"][0]["sources"][0]["message_id"] == "m1"
    assert [(e["event"], e["finding"]) for e in detail["timeline"]] == [("opened", "f1-1"), ("finding", "f2-1")]
    assert {(await alerting.http.get(f"/v1/alerts/{name}")).status_code for name in ("none", "a.b")} == {404}

    async def published() -> bool:
        alerts = [m for m in await alerting.published(Alert.TOPIC) if isinstance(m, Alert) and m.id == alert["id"]]
        return [(m.revision, m.count) for m in alerts] == [(1, 1), (2, 2)]

    await until(published, "both revisions are on the topic")


async def test_lists_are_newest_first_filtered_and_paged(alerting: Running) -> None:
    for n in range(5):
        await publish(alerting, [finding_of(n, severity=Severity.INFO if n == 3 else Severity.CRITICAL)])
        await has_findings(alerting, n + 1)
    newest = [item["mrn"] for item in await listed(alerting)]
    assert newest == [finding_of(n).mrn for n in (4, 3, 2, 1, 0)]
    seen: list[str] = []
    page = (await alerting.http.get("/v1/alerts?limit=2&severity=critical")).json()
    seen += [item["mrn"] for item in page["items"]]
    while page["next"]:
        page = (await alerting.http.get(f"/v1/alerts?limit=2&severity=critical&cursor={page['next']}")).json()
        seen += [item["mrn"] for item in page["items"]]
    assert seen == [finding_of(n).mrn for n in (4, 2, 1, 0)]
    assert len(await listed(alerting, "state=open&track=administrative&code=quantity.overrun")) == 5
    assert len(await listed(alerting, "licence=VL/2026/000123")) == 5
    assert await listed(alerting, "licence=VL") == []
    refused = ["state=odd", "cursor=!", "limit=0", "code=%00"]
    assert {(await alerting.http.get(f"/v1/alerts?{query}")).status_code for query in refused} == {422}


async def test_a_restart_reads_nothing_twice_and_a_repeat_is_known(runtime_settings: RuntimeSettings) -> None:
    findings = [finding_of(n) for n in range(20)]
    async with running(runtime_settings, [build]) as before:
        await publish(before, findings)
        await has_findings(before, 20)
    async with running(runtime_settings, [build]) as after:
        await publish(after, [*findings, finding_of(3, "new")])
        await has_findings(after, 21)
        assert sorted(item["revision"] for item in await listed(after)) == [1] * 19 + [2]


async def test_alerts_are_counted_once_after_their_commit(alerting: Running) -> None:
    code = "exit.shortfall"
    names = ("tolbrug_alerts_total", "tolbrug_findings_total")
    before = [counted(name, code) for name in names]
    findings = [replace(finding_of(n, name), code=code) for n in range(4) for name in ("f1", "f2")]
    await publish(alerting, [*findings, *findings])
    await has_findings(alerting, 8)

    async def settled() -> bool:
        return [counted(name, code) - b for name, b in zip(names, before, strict=True)] == [4, 8]

    await until(settled, "4 alerts and 8 findings are counted")
    await publish(alerting, [*findings, finding_of(50)])
    await has_findings(alerting, 9)
    assert await settled()


async def test_what_is_rolled_back_is_never_counted(alerting: Running) -> None:
    database = Database(alerting.settings.database.url, size=4)
    await database.open()
    tally, counts = Tally(database), list[str]()
    async with database.transaction() as open_one:
        await tally.after_commit(open_one, lambda: counts.append("committed"))
        async with database.transaction() as broken:
            await tally.after_commit(broken, lambda: counts.append("rolled back"))
            raise Rollback
        await tally.settle()
        assert counts == [], "one is rolled back, the other still open"
    for _ in range(2):
        await tally.settle()
    assert counts == ["committed"]
    await database.close()


async def test_the_stream_gives_every_revision_once_over_reconnections(alerting: Running) -> None:
    await publish(alerting, [finding_of(99)])
    await has_findings(alerting, 1)
    seen: list[tuple[str, int]] = []
    place = ""
    async with alerting.http.stream("GET", "/v1/alerts/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = _events(answer)
        place, _ = await anext(events)
    for round_ in range(3):
        await publish(alerting, [finding_of(n, f"r{round_}") for n in range(8)])
        async with alerting.http.stream("GET", "/v1/alerts/stream", headers={"Last-Event-ID": place}) as answer:
            events = _events(answer)
            await anext(events)
            for _ in range(5 if round_ < 2 else 14):
                place, alert = await asyncio.wait_for(anext(events), 10)
                seen.append((alert["mrn"], alert["revision"]))
    assert sorted(seen) == sorted((str(finding_of(n).mrn), r) for n in range(8) for r in (1, 2, 3))
    assert all(seen.index((mrn, r)) < seen.index((mrn, r + 1)) for mrn, r in seen if r < 3)
    answer = await alerting.http.get("/v1/alerts/stream", headers={"Last-Event-ID": "7"})
    assert answer.status_code == 400


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """(id, data) of each event; data is empty for one that only moves the position."""
    place, data = "", "{}"
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            place = value
        elif name == "data":
            data = value
        elif not line and place:
            yield place, httpx.Response(200, content=data).json()
            data = "{}"
