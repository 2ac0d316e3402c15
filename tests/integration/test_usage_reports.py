"""Reports of use on real engines: durable, counted in one order, all or nothing, and published by licence."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.core.messages import UsageReport
from services.licensing.wiring import build
from services.reconciliation.wiring import build as reconciliation
from services.runtime.settings import RuntimeSettings
from tests.builders_licensing import LICENCE, changed
from tests.builders_usage import REPORT
from tests.integration.in_process import Running, running
from tests.integration.runtime.probe_process import until
from tests.integration.test_licensing import REF, settled

REPORTS = f"/v1/licences/{REF}/usage-reports"
OF_QUARTER: dict[str, Any] = {"kind": "cumulative", "period_from": "2026-01-01", "period_to": "2026-03-31"}


@pytest.fixture
async def door(runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    async with running(runtime_settings, [build]) as door:
        yield door


async def test_reports_are_taken_once_count_in_order_and_are_published_under_their_licence(door: Running) -> None:
    assert (await door.http.post(REPORTS, json=REPORT)).status_code == 404
    assert (await door.http.get(REPORTS)).status_code == 404
    await door.http.post("/v1/licences", json=LICENCE)
    first = await door.http.post(REPORTS, json=REPORT)
    again = await door.http.post(f"/v1/licences/usage-reports?ref={REF}", json=REPORT)
    other = await door.http.post(REPORTS, json={**REPORT, "quantity": "2"})
    total = await door.http.post(REPORTS, json=[REPORT, {**REPORT, **OF_QUARTER, "id": "R/2026/2"}])
    assert [each.status_code for each in (first, again, other, total)] == [201, 200, 409, 201]
    assert again.json() == first.json()
    assert total.json()["new"] == 1
    listed = (await door.http.get(first.headers["location"])).json()["items"]
    assert [(each["id"], each["counts"]) for each in listed] == [("R/2026/1", False), ("R/2026/2", True)]
    assert listed[0].items() >= first.json().items()
    made = await settled(door, UsageReport.TOPIC)
    assert [(each.key, each.id) for each in made] == [(REF, "R/2026/1"), (REF, "R/2026/2")]


async def test_a_table_is_taken_whole_or_not_at_all(door: Running) -> None:
    await door.http.post("/v1/licences", json=LICENCE)
    header = ",".join(REPORT)
    good = [",".join(map(str, {**REPORT, "id": f"T{number}"}.values())) for number in range(3)]
    bad = good[0].replace("T0", "T9").replace("NAR", "KGM")
    csv = {"Content-Type": "text/csv"}
    refused = await door.http.post(REPORTS, content="\n".join([header, *good, bad]), headers=csv)
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "row 5 unit")
    assert (await door.http.get(REPORTS)).json()["items"] == []
    taken = await door.http.post(REPORTS, content="\n".join([header, *good]), headers=csv)
    assert (taken.status_code, taken.json()["new"]) == (201, 3)
    page = (await door.http.get(REPORTS, params={"limit": 2, "channel": "electronic-transfer"})).json()
    rest = (await door.http.get(REPORTS, params={"cursor": page["next"]})).json()
    assert [each["id"] for each in page["items"] + rest["items"]] == ["T0", "T1", "T2"]
    assert (await door.http.get(REPORTS, params={"from": "2026-03-01"})).json()["items"] == []
    assert (await door.http.get(REPORTS, params={"to": "2026-02-01", "limit": 1})).json()["items"] != []


async def test_two_who_take_back_the_same_at_once_take_it_back_once(door: Running) -> None:
    await door.http.post("/v1/licences", json=LICENCE)
    await door.http.post(REPORTS, json=REPORT)
    contra = [changed(REPORT, id=f"C{number}", kind="contra") for number in range(4)]
    answers = await asyncio.gather(*(door.http.post(REPORTS, json=one) for one in contra))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    assert len(await settled(door, UsageReport.TOPIC)) == 2


async def test_what_is_reported_is_drawn_on_the_ledger_of_its_licence(runtime_settings: RuntimeSettings) -> None:
    async with running(runtime_settings, [build, reconciliation]) as service:
        await service.http.post("/v1/licences", json=LICENCE)
        await service.http.post(REPORTS, json=[REPORT, {**REPORT, **OF_QUARTER, "id": "R/2026/2", "quantity": "1.5"}])

        async def drawn() -> bool:
            ledger = (await service.http.get(f"/v1/ledger/licences/{REF}")).json()
            return bool(ledger.get("lines", [{}])[0].get("quantity", {}).get("available") == "0.5")

        await until(drawn, "the total of the quarter is drawn, and the month in it is not drawn again")
        entries = (await service.http.get(f"/v1/ledger/licences/{REF}/entries")).json()["items"]
        assert [entry["origin"] for entry in entries] == ["cause", "usage", "usage"]
        period = {"from": "2026-01-01", "to": "2026-12-31"}
        compared = (await service.http.get(f"/v1/ledger/licences/{REF}/comparison", params=period)).json()
        assert compared["lines"][0]["quantity"]["unseen"] == "1.5"
        assert (await service.http.get("/v1/ledger/licences/X/1/comparison", params=period)).status_code == 404
