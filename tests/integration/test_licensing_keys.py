"""Federal authorisations and documents on real engines: durable, repeatable, in order, published by licence."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.core.messages import Authorisation, LicenceStatus
from services.licensing.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_licensing import LICENCE, changed
from tests.integration.in_process import Running, running
from tests.integration.test_licensing import REF, settled

FEDERAL: dict[str, Any] = {
    "ref": "FED/2026/9",
    "licence": REF,
    "goods": [{"control_code": "2B204"}],
    "status": "issued",
    "valid_from": "2026-01-15",
    "valid_to": "2026-12-31",
    "quantity": "1.500",
    "unit": "NAR",
}
CERTIFICATE = {
    "kind": "end-use-certificate",
    "ref": "EUC/77",
    "issued_by": "Department of Atomic Energy",
    "valid_from": "2026-01-15",
    "valid_to": "2027-01-14",
}
FEDERALS, DOCUMENTS = "/v1/federal-authorisations", f"/v1/licences/{REF}/documents"


@pytest.fixture
async def door(runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    async with running(runtime_settings, [build]) as door:
        yield door


async def test_a_federal_authorisation_is_entered_once_and_published_under_its_licence(door: Running) -> None:
    first = await door.http.post(FEDERALS, json=FEDERAL)
    again = await door.http.post(FEDERALS, json=FEDERAL)
    other = await door.http.post(FEDERALS, json=changed(FEDERAL, goods=[]))
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 409]
    assert again.json() == first.json()
    assert (await door.http.get(first.headers["location"])).json() == first.json()
    assert first.json()["quantity"] == "1.500"
    (made,) = await settled(door, Authorisation.TOPIC)
    assert (made.key, made.revision, made.items) == (REF, 1, ("2B204",))


@pytest.mark.parametrize(
    "path", [f"{FEDERALS}/FED/2026/9/status", f"{FEDERALS}/FED%2F2026%2F9/status", f"{FEDERALS}/status?ref=FED/2026/9"]
)
async def test_its_status_changes_in_legal_steps_by_who_saw_the_last_revision(path: str, door: Running) -> None:
    await door.http.post(FEDERALS, json=FEDERAL)
    revoke = {"status": "revoked", "reason": "advice withdrawn", "actor": "minister"}
    late = await door.http.post(path, json={"status": "suspended"}, headers={"If-Match": '"7"'})
    done = await door.http.post(path, json=revoke, headers={"If-Match": '"1"'})
    again = await door.http.post(path, json=revoke, headers={"If-Match": '"1"'})
    illegal = await door.http.post(path, json={"status": "reinstated"})
    assert [late.status_code, done.status_code, again.status_code, illegal.status_code] == [412, 200, 200, 409]
    assert (done.json()["status"], done.headers["etag"]) == ("revoked", '"2"')
    made = await settled(door, Authorisation.TOPIC)
    assert [(each.revision, each.statuses[-1].status) for each in made] == [
        (1, LicenceStatus.ISSUED),
        (2, LicenceStatus.REVOKED),
    ]


async def test_two_steps_at_once_on_one_revision_give_one_412_and_lose_nothing(door: Running) -> None:
    await door.http.post(FEDERALS, json=FEDERAL)
    steps = [
        door.http.post(f"{FEDERALS}/FED/2026/9/status", json={"status": status}, headers={"If-Match": '"1"'})
        for status in ("suspended", "revoked")
    ]
    answers = await asyncio.gather(*steps)
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert [made.revision for made in await settled(door, Authorisation.TOPIC)] == [1, 2]


async def test_a_document_belongs_to_a_licence_and_can_be_revoked(door: Running) -> None:
    assert (await door.http.post(DOCUMENTS, json=CERTIFICATE)).status_code == 404
    await door.http.post("/v1/licences", json=LICENCE)
    first = await door.http.post(DOCUMENTS, json=CERTIFICATE)
    again = await door.http.post(f"/v1/licences/documents?ref={REF}", json=CERTIFICATE)
    other = await door.http.post(DOCUMENTS, json={**CERTIFICATE, "valid_to": None})
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 409]
    named = {"kind": "end-use-certificate", "ref": "EUC/77", "status": "revoked"}
    assert (await door.http.post(f"{DOCUMENTS}/status", json=named)).json()["status"] == "revoked"
    back = {"kind": "re-import", "ref": "IM/1", "issued_by": "BE101000", "valid_from": "2026-01-15"}
    answer = await door.http.post(DOCUMENTS, json={**back, "mrn": "26BE343000000001A1"})
    assert [(fault["path"], fault["code"]) for fault in answer.json()["errors"]] == [("/kind", "not-temporary")]
    (shown,) = (await door.http.get(DOCUMENTS)).json()["items"]
    assert (shown["ref"], shown["revision"], shown["time_zone"]) == ("EUC/77", 2, "Europe/Brussels")
    assert (await door.http.get(f"/v1/licences/{REF}")).json()["ref"] == REF


async def test_what_is_not_acceptable_is_refused_with_every_path(door: Running) -> None:
    answer = await door.http.post(FEDERALS, json={**FEDERAL, "unit": None, "valid_to": "2026-01-01", "line": 1})
    assert answer.status_code == 422
    assert {fault["path"] for fault in answer.json()["errors"]} == {"/unit", "/valid_to"}
    unread = await door.http.post(FEDERALS, json={**FEDERAL, "goods": ["nothing"]})
    assert unread.status_code == 422
