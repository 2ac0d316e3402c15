"""The licensing door on real engines: durable, repeatable, in order, and published whole."""

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.core.messages import Licence, Refusal
from services.licensing.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_licensing import LICENCE, REFUSAL, changed
from tests.integration.in_process import Running, dying, running
from tests.integration.runtime.probe_process import until

REF = "VL/2026/000123"


async def settled(door: Running, topic: str) -> list[Any]:
    """What stands on a topic once the outbox is empty."""

    async def empty() -> bool:
        return await door.rows("SELECT id FROM licensing.outbox WHERE published_at IS NULL") == []

    await until(empty, "everything is published")
    return await door.published(topic)


@pytest.fixture
async def door(runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    async with running(runtime_settings, [build]) as door:
        yield door


async def test_a_licence_is_registered_once_and_published_whole(door: Running) -> None:
    first = await door.http.post("/v1/licences", json=LICENCE)
    again = await door.http.post("/v1/licences", json=LICENCE)
    other = await door.http.post("/v1/licences", json=changed(LICENCE, destinations=["PK"]))
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 409]
    assert again.json() == first.json()
    (licence,) = await settled(door, Licence.TOPIC)
    assert (licence.ref, licence.revision, licence.holder.eori) == (REF, 1, "BE0314595348")
    assert licence.lines[0].value == 250000


@pytest.mark.parametrize(
    "path", [f"/v1/licences/{REF}", "/v1/licences/VL%2F2026%2F000123", "/v1/licences?ref=VL/2026/000123"]
)
async def test_a_reference_with_slashes_is_found_however_it_is_written(path: str, door: Running) -> None:
    created = await door.http.post("/v1/licences", json=LICENCE)
    found = await door.http.get(path)
    assert (found.status_code, found.headers["etag"]) == (200, '"1"')
    assert found.json() == created.json()


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/licences/{REF}/status",
        "/v1/licences/VL%2F2026%2F000123/status",
        "/v1/licences/status?ref=VL/2026/000123",
    ],
)
async def test_a_status_changes_in_legal_steps_only(path: str, door: Running) -> None:
    await door.http.post("/v1/licences", json=LICENCE)
    suspend = {"status": "suspended", "reason": "inspection", "effective_at": "2026-03-01T00:00:00Z"}
    done = await door.http.post(path, json=suspend, headers={"If-Match": '"1"'})
    assert (done.status_code, done.headers["etag"], done.json()["status"]) == (200, '"2"', "suspended")
    assert (await door.http.post(path, json=suspend)).headers["etag"] == '"2"', "a repeat changes nothing"
    late = await door.http.post(path, json={"status": "revoked"}, headers={"If-Match": '"1"'})
    illegal = await door.http.post(path, json={**suspend, "effective_at": "2026-03-02T00:00:00Z"})
    unknown = await door.http.post(path.replace("000123", "000124"), json=suspend)
    assert [late.status_code, illegal.status_code, unknown.status_code] == [412, 409, 404]
    assert illegal.headers["content-type"] == "application/problem+json"
    assert [v.revision for v in await settled(door, Licence.TOPIC)] == [1, 2]
    kept = await door.rows("SELECT revision FROM licensing.licence_revision ORDER BY revision")
    assert [row["revision"] for row in kept] == [1, 2]


async def test_unknown_references_and_parts_are_not_found(door: Running) -> None:
    paths = [
        "/v1/licences/none",
        "/v1/licences?ref=none",
        "/v1/licences/a/b/documents",
        "/v1/licences/%00",
        "/v1/refusals/x",
    ]
    assert {(await door.http.get(path)).status_code for path in paths} == {404}


async def test_a_reference_that_ends_like_a_part_is_reached_by_query(door: Running) -> None:
    await door.http.post("/v1/licences", json=changed(LICENCE, ref="VL/status"))
    assert (await door.http.get("/v1/licences?ref=VL/status")).status_code == 200


async def test_the_console_shows_what_was_issued(door: Running) -> None:
    await door.http.post("/v1/licences", json=LICENCE)
    shown = await door.http.get("/console/licences", params={"ref": LICENCE["ref"]})
    assert shown.headers["content-type"].startswith("text/html")
    assert str(LICENCE["lines"][0]["description"]) in shown.text


@pytest.mark.parametrize("ref", ["../x", "a/./b", "/a", "a/", "a/status", "a?b#c%2F", "é ü"])
async def test_a_created_licence_is_where_its_location_says(ref: str, door: Running) -> None:
    created = await door.http.post("/v1/licences", json=changed(LICENCE, ref=ref))
    assert created.status_code == 201
    found = await door.http.get(created.headers["location"])
    assert (found.status_code, found.json()["ref"]) == (200, ref)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"ref": "a",\n  "type": }', "line 2, column 11"),
        (b'{"ref":\n"\xff"}', "line 2, column 2"),
        (b'{"ref": "a", "ref": "b"}', "line 1, column 1"),
        (b'{"ref": NaN}', "line 1, column 1"),
        (b"[" * 100_000, "line 1, column 1"),
        (b"", "line 1, column 1"),
    ],
)
async def test_what_is_no_json_is_told_with_its_place(body: bytes, place: str, door: Running) -> None:
    answer = await door.http.post("/v1/licences", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, [error["path"] for error in answer.json()["errors"]]) == (400, [place])


async def test_lists_filter_by_holder_and_status_in_force_and_page_to_the_end(door: Running) -> None:
    for n in range(5):
        await door.http.post("/v1/licences", json=changed(LICENCE, ref=f"VL/{n}"))
    await door.http.post("/v1/licences", json=changed(LICENCE, ref="VL/x", holder={"eori": "BE1"}))
    await door.http.post("/v1/licences/VL/3/status", json={"status": "suspended"})
    await door.http.post("/v1/licences/VL/4/status", json={"status": "expired", "effective_at": "2126-01-01T00:00:00Z"})

    async def listed(query: str) -> list[str]:
        refs: list[str] = []
        page = (await door.http.get(f"/v1/licences?limit=2&{query}")).json()
        refs += [item["ref"] for item in page["items"]]
        while page["next"] is not None:
            page = (await door.http.get(f"/v1/licences?limit=2&{query}&cursor={page['next']}")).json()
            refs += [item["ref"] for item in page["items"]]
        return refs

    assert await listed("holder=BE0314595348") == [f"VL/{n}" for n in range(5)]
    assert await listed("status=issued") == ["VL/0", "VL/1", "VL/2", "VL/4", "VL/x"]
    assert await listed("status=suspended") == ["VL/3"]
    assert (await door.http.get("/v1/licences?cursor=!")).status_code == 422
    assert (await door.http.get("/v1/licences?status=unknown")).status_code == 422


async def test_refusals_are_recorded_and_published(door: Running) -> None:
    first = await door.http.post("/v1/refusals", json=REFUSAL)
    again = await door.http.post("/v1/refusals", json=REFUSAL)
    other = await door.http.post("/v1/refusals", json=changed(REFUSAL, destination="PK"))
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 409]
    assert (await door.http.get("/v1/refusals/REF%2F2026%2F17")).json() == first.json()
    listed = (await door.http.get("/v1/refusals?applicant=BE0314595348")).json()
    assert [item["ref"] for item in listed["items"]] == ["REF/2026/17"]
    (refusal,) = await settled(door, Refusal.TOPIC)
    assert refusal.grounds == ("diversion-risk", "no-federal-authorisation")


async def test_faults_are_told_as_problems_and_nothing_is_stored(door: Running) -> None:
    answer = await door.http.post("/v1/licences", json=changed(LICENCE, valid_to="2020-01-01", colour="red"))
    assert answer.status_code == 422
    assert sorted(e["path"] for e in answer.json()["errors"]) == ["/colour", "/valid_to"]
    assert await door.rows("SELECT ref FROM licensing.licence") == []


async def test_the_contract_is_told(door: Running) -> None:
    document = (await door.http.get("/openapi.json")).json()
    assert "post" in document["paths"]["/v1/licences/{ref}/status"]
    assert document["components"]["schemas"]["LineBody"]["properties"]["control_code"]["examples"] == ["2B204"]


async def test_a_process_that_dies_after_its_commit_has_the_licence_and_a_repeat_says_so(
    runtime_settings: RuntimeSettings,
) -> None:
    async with dying(runtime_settings, "licensing", "intake-after-commit") as (url, process):
        async with httpx.AsyncClient(base_url=url) as client:
            with pytest.raises(httpx.HTTPError):
                await client.post("/v1/licences", json=LICENCE)
        assert await asyncio.wait_for(process.wait(), 10) == -signal.SIGKILL
    async with running(runtime_settings, [build]) as door:
        assert (await door.http.post("/v1/licences", json=LICENCE)).status_code == 200
        assert [v.revision for v in await settled(door, Licence.TOPIC)] == [1]


async def test_two_doors_that_are_asked_at_once_agree(runtime_settings: RuntimeSettings) -> None:
    async with running(runtime_settings, [build]) as one, running(runtime_settings, [build]) as two:
        document = [changed(LICENCE, ref=f"VL/{n % 20}", destinations=["IN" if n < 40 else "PK"]) for n in range(80)]
        doors = (one, two)
        asked = [doors[n % 2].http.post("/v1/licences", json=d) for n, d in enumerate(reversed(document))]
        codes = [answer.status_code for answer in await asyncio.gather(*asked)]
        assert codes.count(201) == 20
        assert codes.count(200) == 20
        assert codes.count(409) == 40
        steps = [doors[n % 2].http.post("/v1/licences/VL/0/status", json=a_step(n)) for n in range(10)]
        answers = await asyncio.gather(*steps)
        assert sorted(a.headers["etag"] for a in answers if a.status_code == 200) == ['"2"']
        revisions = sorted((v.ref, v.revision) for v in await settled(one, Licence.TOPIC))
        assert revisions == sorted([(f"VL/{n}", 1) for n in range(20)] + [("VL/0", 2)])


async def test_one_request_at_each_of_two_doors_is_one_created_and_one_repeat(
    runtime_settings: RuntimeSettings,
) -> None:
    async with running(runtime_settings, [build]) as one, running(runtime_settings, [build]) as two:
        for n in range(40):
            document = changed(LICENCE, ref=f"VL/{n}")
            answers = await asyncio.gather(*(door.http.post("/v1/licences", json=document) for door in (one, two)))
            assert sorted(answer.status_code for answer in answers) == [200, 201]


def a_step(n: int) -> dict[str, str]:
    """Each asks for a suspension of its own: only the first that comes is legal."""
    return {"status": "suspended", "reason": f"reason {n}", "effective_at": f"2026-03-01T00:00:{n:02}Z"}
