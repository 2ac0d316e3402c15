"""What officers decide by hand, through all doors: an override of a refusal, and write-offs entered from paper."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.alerting.wiring import build as alerting
from services.customs.wiring import build as customs
from services.licensing.wiring import build as licensing
from services.reconciliation.wiring import build as reconciliation
from services.runtime.settings import RuntimeSettings
from tests.integration.in_process import Running, running
from tests.integration.runtime.probe_process import until

WALK = Path(__file__).parents[2] / "docs" / "walk"
REF, REFUSED, MRN = "VL/2026/000123", "26BE343000000001A1", "26BE343000ZZZZZZA9"
JSON = {"content-type": "application/json"}
DECISION = {"decided_at": "2026-03-02T08:45:00Z", "officer": "BE-ANR-17", "reason": "balance confirmed by telephone"}


@pytest.fixture
async def exchange(runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    """All services, and a licence for two presses."""
    async with running(runtime_settings, [customs, licensing, reconciliation, alerting]) as exchange:
        answer = await exchange.http.post("/v1/licences", content=(WALK / "licence.json").read_bytes(), headers=JSON)
        assert answer.status_code == 201
        yield exchange


async def applied(exchange: Running, body: bytes) -> None:
    answer = await exchange.http.post("/v1/customs/messages", content=body, headers=JSON)
    assert answer.status_code == 202, answer.text
    where = await exchange.http.get(answer.headers["location"], params={"wait": 15})
    assert where.json()["state"] == "applied"


def message(kind: str, mrn: str, number: int, **fields: Any) -> bytes:
    return json.dumps({"kind": kind, "sender": "BE.CUSTOMS", "message_id": f"m-{number}", "mrn": mrn} | fields).encode()


async def verdict(exchange: Running, mrn: str) -> dict[str, Any]:
    found: dict[str, Any] = (await exchange.http.get(f"/v1/customs/declarations/{mrn}/verdict")).json()
    return found


async def the_alerts(exchange: Running, mrn: str, *codes: str) -> None:
    async def raised() -> bool:
        items = (await exchange.http.get("/v1/alerts", params={"mrn": mrn})).json()["items"]
        return sorted(item["code"] for item in items) == sorted(codes)

    await until(raised, f"alerts are {codes}")


async def columns(exchange: Running) -> tuple[str, str]:
    """Reserved and consumed."""
    (line,) = (await exchange.http.get(f"/v1/ledger/licences/{REF}")).json()["lines"]
    return line["quantity"]["reserved"], line["quantity"]["consumed"]


async def test_an_override_stands_beside_the_refusal_and_alerts_the_authority(exchange: Running) -> None:
    await applied(exchange, (WALK / "three-presses.json").read_bytes())
    await applied(exchange, message("override", REFUSED, 2, **DECISION))
    found = await verdict(exchange, REFUSED)
    assert (found["verdict"], found["overrides"]) == ("refused", [DECISION])
    assert await columns(exchange) == ("0", "0")
    await applied(exchange, message("release", REFUSED, 3, released_at="2026-03-02T09:00:00Z"))
    assert await columns(exchange) == ("0", "3")
    codes = ("quantity.overrun", "shipment.overridden", "released.uncovered")
    await the_alerts(exchange, REFUSED, *codes)


async def test_an_override_of_what_is_covered_is_only_recorded(exchange: Running) -> None:
    await applied(exchange, (WALK / "two-presses.json").read_bytes())
    await applied(exchange, message("override", MRN, 2, **DECISION))
    found = await verdict(exchange, MRN)
    assert (found["verdict"], found["overrides"]) == ("covered", [DECISION])
    await the_alerts(exchange, MRN)


async def test_a_paper_is_consumed_and_the_declaration_that_follows_draws_no_second_time(exchange: Running) -> None:
    declaration = json.loads((WALK / "two-presses.json").read_bytes())
    shared = {name: declaration[name] for name in ("procedure", "exporter", "consignee", "country_of_destination")}
    of_paper = {"reference": "SAD 2026/4711", "written_off_at": "2026-03-02T10:00:00Z", "office": "BE343000"}
    line = {"licence": REF, "line": 1, "quantity": "2", "unit": "NAR", "amount": "200000.00", "currency": "EUR"}
    write_off = {"commodity_code": "84798300", "description": "isostatic press", "type": "X060", **line}
    fields = {**shared, **of_paper, "officer": "BE-ANR-17", "write_offs": [write_off]}
    await applied(exchange, message("paper-write-off", MRN, 11, **fields))
    assert await columns(exchange) == ("0", "2")
    await applied(exchange, message("paper-write-off", MRN, 12, **fields))
    await applied(exchange, json.dumps({**declaration, "accepted_at": "2026-03-04T08:15:00Z"}).encode())
    assert await columns(exchange) == ("0", "2")
    found = await verdict(exchange, MRN)
    assert (found["verdict"], found["phase"], found["stage"]) == ("covered", "released", "released")
    await the_alerts(exchange, MRN)
