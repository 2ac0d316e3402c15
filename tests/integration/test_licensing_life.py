"""The life of a licence on real engines: parts split off it, what takes effect later, and its history."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from services.core.messages import Licence
from services.licensing.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_licensing import LICENCE, changed
from tests.integration.in_process import Running, dying, running
from tests.integration.runtime.probe_process import until
from tests.integration.test_licensing import REF, settled

AMENDMENTS = f"/v1/licences/{REF}/amendments"
WHY = {"actor": "officer-7", "reason": "moved", "legal_basis": "art. 16(1)"}
WHY_NOT = {"actor": "officer-8", "reason": "no longer wanted"}
GLOBAL = changed(LICENCE, type="global")


@pytest.fixture
async def doors(runtime_settings: RuntimeSettings) -> AsyncIterator[tuple[Running, Running]]:
    async with running(runtime_settings, [build]) as one, running(runtime_settings, [build]) as two:
        yield one, two


@pytest.fixture
async def door(runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    async with running(runtime_settings, [build]) as door:
        yield door


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


async def test_the_register_says_by_itself_that_a_licence_has_expired(door: Running) -> None:
    http = door.http
    await http.post("/v1/licences", json=LICENCE)
    old = changed(LICENCE, ref="VL/2020/1", valid_from="2020-01-15", valid_to="2021-01-14")
    await http.post("/v1/licences", json=old)
    today = datetime.now(ZoneInfo("Europe/Brussels")).date()
    for n, day in enumerate((today - timedelta(days=1), today), 2):
        about = {"ref": f"VL/2020/{n}", "valid_from": (day - timedelta(days=9)).isoformat()}
        await http.post("/v1/licences", json=changed(LICENCE, **about, valid_to=day.isoformat()))
    assert (await http.get("/v1/licences/VL/2020/1")).json()["status"] == "expired"
    for status, refs in (("expired", ["VL/2020/1", "VL/2020/2"]), ("issued", ["VL/2020/3", REF])):
        found = (await http.get(f"/v1/licences?status={status}")).json()["items"]
        assert [(one["ref"], one["status"]) for one in found] == [(ref, status) for ref in refs]
    longer = {"valid_to": "2022-01-14", "reason": "unused balance"}
    late = await http.post("/v1/licences/VL/2020/1/amendments", json=longer, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["errors"][0]["code"]) == (409, "ended")
    entered_late = {**longer, "effective_at": "2021-01-10T00:00:00Z"}
    done = await http.post("/v1/licences/VL/2020/1/amendments", json=entered_late, headers={"If-Match": '"1"'})
    assert (done.status_code, done.json()["change"]["effective_at"]) == (200, "2021-01-10T00:00:00Z")
    assert (await http.get("/v1/licences/none/history")).status_code == 404


async def later(door: httpx.AsyncClient, **terms: Any) -> dict[str, Any]:
    answer = await door.post(AMENDMENTS, json=terms, headers={"If-Match": '"1"'})
    assert answer.status_code == 202, answer.text
    taken: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/amendments/{taken['id']}"
    return taken


async def settled_as(door: httpx.AsyncClient, sent: dict[str, Any], state: str) -> dict[str, Any]:
    async def reached() -> bool:
        return bool((await door.get(f"/v1/amendments/{sent['id']}")).json()["state"] == state)

    await until(reached, f"the amendment is {state}")
    found: dict[str, Any] = (await door.get(f"/v1/amendments/{sent['id']}")).json()
    return found


async def test_an_amendment_takes_effect_once_at_its_time_though_the_door_died_and_two_came_after(
    runtime_settings: RuntimeSettings,
) -> None:
    async with dying(runtime_settings, "licensing", "intake-before-commit:4") as (url, process):
        async with httpx.AsyncClient(base_url=url, timeout=20) as door:
            await door.post("/v1/licences", json=LICENCE)
            soon = datetime.now(UTC) + timedelta(seconds=2)
            after = soon + timedelta(milliseconds=1)
            second = await later(door, contact="second", effective_at=after.isoformat(), **WHY)
            first = await later(door, contact="first", effective_at=soon.isoformat(), **WHY)
        await asyncio.wait_for(process.wait(), 20)
    async with running(runtime_settings, [build]) as one, running(runtime_settings, [build]) as two:
        done = await settled_as(one.http, first, "applied")
        # The later one was sent first: it is not laid over what it knew nothing of.
        refused = await settled_as(two.http, second, "refused")
        assert [fault["code"] for fault in refused["faults"]] == ["changed-since"]
        now = (await two.http.get(f"/v1/licences/{REF}")).json()
        assert (now["revision"], now["contact"]) == (done["revision"], "first")
        assert now["change"] == {**WHY, "effective_at": first["effective_at"], "party": None}
        assert [waits["id"] for waits in now["pending"]] == [second["id"]], "shown until it is put aside"
        assert [licence.revision for licence in await settled(one, Licence.TOPIC)] == [1, 2]
        aside = await two.http.post(f"/v1/amendments/{second['id']}/withdrawal", json=WHY_NOT)
        assert (aside.status_code, aside.json()["state"]) == (200, "withdrawn")
        assert "pending" not in (await one.http.get(f"/v1/licences/{REF}")).json()


async def test_what_waits_is_shown_counted_on_and_taken_back(door: Running) -> None:
    http = door.http
    await http.post("/v1/licences", json=LICENCE)
    terms = {"contact": "first", "effective_at": "2027-01-01T00:00:00Z", "reason": "new desk"}
    first = await later(http, **terms)
    second = await later(http, contact="second", effective_at="2027-02-01T00:00:00+01:00")
    again = await http.post(AMENDMENTS, json=terms, headers={"If-Match": '"1"'})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    shown = (await http.get(f"/v1/licences/{REF}")).json()
    assert (shown["revision"], shown["contact"]) == (1, None)
    assert [(one["id"], one["changes"]) for one in shown["pending"]] == [
        (first["id"], {"contact": "first"}),
        (second["id"], {"contact": "second"}),
    ]
    listed = (await http.get(f"/v1/amendments?licence={REF}&state=waiting&limit=1")).json()
    assert (len(listed["items"]), listed["next"] is None) == (1, False)
    for amendment in (first, first, second):
        gone = await http.post(f"/v1/amendments/{amendment['id']}/withdrawal", json=WHY_NOT)
        assert (gone.status_code, gone.json()["withdrawn"]["actor"]) == (200, "officer-8")
    nobody = await http.post(f"/v1/amendments/{first['id']}/withdrawal", json={"reason": "x"})
    assert (nobody.status_code, (await http.get("/v1/amendments/none")).status_code) == (422, 404)


async def test_a_draft_is_nobody_elses_until_it_is_issued_whole_and_once(doors: tuple[Running, Running]) -> None:
    http, other = doors[0].http, doors[1].http
    unfinished = changed(LICENCE, lines=[], actor="officer-7", reason="first look")
    first = await http.post("/v1/licences?draft=true", json=unfinished)
    assert (first.status_code, first.headers["etag"], first.json()["status"]) == (201, '"draft-1"', "draft")
    assert (await other.post("/v1/licences?draft=true", json=unfinished)).status_code == 200
    assert (await http.post("/v1/licences", json=LICENCE)).status_code == 409, "the reference is taken"
    early = await http.post(f"/v1/licences/{REF}/issue", json={}, headers={"If-Match": '"draft-1"'})
    assert (early.status_code, [one["code"] for one in early.json()["errors"]]) == (422, ["lines-missing"])
    assert (await http.put(f"/v1/licences/{REF}", json=LICENCE)).status_code == 428
    asked = [
        door.put(f"/v1/licences/{REF}", json=changed(LICENCE, contact=who), headers={"If-Match": '"draft-1"'})
        for door, who in ((http, "one"), (other, "two"))
    ]
    assert sorted(answer.status_code for answer in await asyncio.gather(*asked)) == [200, 412]
    listed = (await other.get("/v1/licences?status=draft")).json()["items"]
    assert [(one["ref"], one["revision"]) for one in listed] == [(REF, 2)]
    tag = {"If-Match": '"draft-2"'}
    issuing = [door.post(f"/v1/licences/issue?ref={REF}", json=WHY, headers=tag) for door in (http, other)]
    answers = await asyncio.gather(*issuing)
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert {(answer.headers["etag"], answer.json()["change"]["actor"]) for answer in answers} == {('"1"', "officer-7")}
    assert (await http.get("/v1/licences?status=draft")).json()["items"] == []
    spare = changed(LICENCE, ref="VL/2026/2")
    await http.post("/v1/licences?draft=true", json=spare)
    assert (await http.post("/v1/licences/VL/2026/2/discard", json={"reason": "x"})).status_code == 422
    gone = await http.post("/v1/licences/VL/2026/2/discard", json=WHY_NOT)
    assert (gone.status_code, gone.json()["status"], gone.json()["change"]["actor"]) == (200, "discarded", "officer-8")
    assert (await http.get("/v1/licences/VL/2026/2")).status_code == 404
    history = (await http.get("/v1/licences/VL/2026/2/history")).json()
    assert [(one["state"], one["actor"], one["reason"]) for one in history["drafts"]] == [
        ("draft", "BE-VLG", None),
        ("discarded", "officer-8", "no longer wanted"),
    ]
    rest = (await http.get("/v1/licences/VL/2026/2/history?limit=1&drafts_after=1")).json()
    assert (rest["drafts"], rest["items"], rest["next_draft"]) == (history["drafts"][1:], [], None)
    assert (await http.post("/v1/licences", json=spare)).status_code == 201, "the reference is free again"
    published = await settled(doors[0], Licence.TOPIC)
    assert {(one.ref, one.revision) for one in published} == {(REF, 1), ("VL/2026/2", 1)}
