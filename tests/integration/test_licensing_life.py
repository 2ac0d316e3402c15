"""The life of a licence on real engines: parts split off it, and its history."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.core.messages import Licence
from services.licensing.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_licensing import LICENCE, changed
from tests.integration.in_process import Running, running
from tests.integration.test_licensing import REF, settled

GLOBAL = changed(LICENCE, type="global")


@pytest.fixture
async def doors(runtime_settings: RuntimeSettings) -> AsyncIterator[tuple[Running, Running]]:
    async with running(runtime_settings, [build]) as one, running(runtime_settings, [build]) as two:
        yield one, two


async def test_a_licence_is_split_as_often_as_it_has_something_left_whoever_asks(
    doors: tuple[Running, Running],
) -> None:
    assert (await doors[0].http.post("/v1/licences", json=GLOBAL)).status_code == 201
    piece = {**LICENCE["lines"][0], "quantity": "1", "value": "60000.00"}
    parts = [changed(GLOBAL, ref=f"VL/P/{n}", split_from=REF, lines=[piece], actor="officer-7") for n in range(6)]
    asked = [doors[n % 2].http.post("/v1/licences", json=part) for n, part in enumerate(parts)]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422, 422, 422]
    done = [part for part, answer in zip(parts, answers, strict=True) if answer.status_code == 201]
    again = await doors[1].http.post("/v1/licences", json=done[0])
    left = (await doors[0].http.get(f"/v1/licences/{REF}")).json()
    assert (again.status_code, left["revision"]) == (200, 3), "a repeat takes nothing again"
    assert (left["lines"][0]["quantity"], left["lines"][0]["value"]) == ("0", "130000.00")
    amended = await doors[0].http.post(
        f"/v1/licences/{REF}/amendments", json={"contact": "desk"}, headers={"If-Match": '"3"'}
    )
    assert amended.status_code == 200, "a line of which all was split off stands in no one's way"
    published = await settled(doors[0], Licence.TOPIC)
    total = sum(line.value or 0 for one in published if one.split_from for line in one.lines)
    assert total == 120_000
    history = (await doors[1].http.get(f"/v1/licences/{REF}/history?limit=2")).json()
    rest = (await doors[1].http.get(f"/v1/licences/history?ref={REF}&after={history['next']}")).json()
    changes = [*history["items"], *rest["items"]]
    assert [one["changed"] for one in changes] == [[], ["lines"], ["lines"], ["contact"]]
    assert {one["actor"] for one in changes[1:3]} == {"officer-7"}
    assert all(one["reason"].startswith("VL/P/") for one in changes[1:3])
    assert rest["next"] is None


async def test_the_register_says_by_itself_that_a_licence_has_expired(doors: tuple[Running, Running]) -> None:
    http = doors[0].http
    await http.post("/v1/licences", json=LICENCE)
    old = changed(LICENCE, ref="VL/2020/1", valid_from="2020-01-15", valid_to="2021-01-14")
    await http.post("/v1/licences", json=old)
    assert (await http.get("/v1/licences/VL/2020/1")).json()["status"] == "expired"
    for status, refs in (("expired", ["VL/2020/1"]), ("issued", [REF])):
        found = (await http.get(f"/v1/licences?status={status}")).json()["items"]
        assert [(one["ref"], one["status"]) for one in found] == [(ref, status) for ref in refs]
    longer = {"valid_to": "2022-01-14", "reason": "unused balance"}
    late = await http.post("/v1/licences/VL/2020/1/amendments", json=longer, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["errors"][0]["code"]) == (409, "ended")
    entered_late = {**longer, "effective_at": "2021-01-10T00:00:00Z"}
    done = await http.post("/v1/licences/VL/2020/1/amendments", json=entered_late, headers={"If-Match": '"1"'})
    assert (done.status_code, done.json()["change"]["effective_at"]) == (200, "2021-01-10T00:00:00Z")
    assert (await http.get("/v1/licences/none/history")).status_code == 404
