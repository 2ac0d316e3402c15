"""Amendments on real engines: of two officers one comes too late, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.core.messages import Licence
from services.licensing.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_licensing import LICENCE, changed
from tests.integration.in_process import Running, running
from tests.integration.test_licensing import REF, settled

PATH = f"/v1/licences/{REF}/amendments"


@pytest.fixture
async def doors(runtime_settings: RuntimeSettings) -> AsyncIterator[tuple[Running, Running]]:
    async with running(runtime_settings, [build]) as one, running(runtime_settings, [build]) as two:
        yield one, two


async def test_of_two_officers_who_amend_at_once_one_is_told_and_nothing_is_lost(
    doors: tuple[Running, Running],
) -> None:
    await doors[0].http.post("/v1/licences", json=LICENCE)
    for turn in range(1, 21):
        asked = [
            door.http.post(PATH, json={"actor": who, "contact": f"{who} {turn}"}, headers={"If-Match": f'"{turn}"'})
            for door, who in zip(doors, ("officer-1", "officer-2"), strict=True)
        ]
        answers = await asyncio.gather(*asked)
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        (won,) = [answer for answer in answers if answer.status_code == 200]
        assert won.headers["etag"] == f'"{turn + 1}"'
        now = await doors[0].http.get(f"/v1/licences/{REF}")
        assert now.json() == won.json(), "what the one wrote stands"
    published = await settled(doors[0], Licence.TOPIC)
    assert [licence.revision for licence in published] == list(range(1, 22))
    assert {licence.change.actor for licence in published[1:]} <= {"officer-1", "officer-2"}
    assert [licence.lines for licence in published] == [published[0].lines] * 21, "what is not sent stays"


@pytest.mark.parametrize(
    ("body", "tag", "status"),
    [
        ({"contact": "desk"}, None, 428),
        ({"contact": "desk"}, '"7"', 412),
        ({"valid_to": "2020-01-01"}, '"1"', 422),
        ({"colour": "red"}, '"1"', 422),
        ({"lines": [{**LICENCE["lines"][0], "unit": "KGM"}]}, '"1"', 422),
        ({"effective_at": "2999-01-01T00:00:00Z"}, '"1"', 409),
        ({"holder": None}, '"1"', 422),
    ],
)
async def test_an_amendment_that_cannot_be_is_refused_and_nothing_is_stored(
    body: dict[str, Any], tag: str | None, status: int, doors: tuple[Running, Running]
) -> None:
    await doors[0].http.post("/v1/licences", json=LICENCE)
    answer = await doors[0].http.post(PATH, json=body, headers={"If-Match": tag} if tag else {})
    assert answer.status_code == status
    assert (await doors[0].http.get(f"/v1/licences/{REF}")).headers["etag"] == '"1"'


async def test_an_amendment_sent_twice_is_one_revision_by_path_and_by_query(doors: tuple[Running, Running]) -> None:
    await doors[0].http.post("/v1/licences", json=LICENCE)
    body = changed({"valid_to": "2028-01-01", "lines": [{**LICENCE["lines"][0], "quantity": "1"}]}, reason="fewer")
    sent = [await doors[0].http.post(path, json=body, headers={"If-Match": '"1"'}) for path in (PATH, PATH)]
    sent.append(await doors[1].http.post(f"/v1/licences/amendments?ref={REF}", json=body, headers={"If-Match": '"1"'}))
    assert [(answer.status_code, answer.headers["etag"]) for answer in sent] == [(200, '"2"')] * 3
    assert (sent[0].json()["valid_to"], sent[0].json()["lines"][0]["quantity"]) == ("2028-01-01", "1")
    assert (await doors[0].http.post("/v1/licences/none/amendments", json=body)).status_code == 404


async def test_a_licence_is_replaced_once_whoever_asks_first(doors: tuple[Running, Running]) -> None:
    await doors[0].http.post("/v1/licences", json=LICENCE)
    asked = [
        door.http.post("/v1/licences", json=changed(LICENCE, ref=f"VL/2028/{n}", replaces=REF))
        for n, door in enumerate(doors)
    ]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (won,) = [answer.json()["ref"] for answer in answers if answer.status_code == 201]
    assert (await doors[0].http.get(f"/v1/licences/{REF}")).json()["replaced_by"] == won
    published = await settled(doors[0], Licence.TOPIC)
    assert {(one.ref, one.revision) for one in published} == {(REF, 1), (REF, 2), (won, 1)}
