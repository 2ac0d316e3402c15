"""Denials on real engines: recorded and imported whole or not at all, reviewed, published."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from services.cli.denials import commands
from services.core.messages import Denial
from services.licensing.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_denials import DENIAL, HEADER, TABLE
from tests.builders_licensing import LICENCE, changed
from tests.integration.in_process import Running, running
from tests.integration.runtime.probe_process import until

CSV = {"content-type": "text/csv"}


@pytest.fixture
async def door(runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    async with running(runtime_settings, [build]) as door:
        yield door


async def test_a_denial_is_recorded_reviewed_revoked_and_published(door: Running) -> None:
    first = await door.http.post("/v1/denials", json=DENIAL)
    again = await door.http.post("/v1/denials", json=DENIAL)
    other = await door.http.post("/v1/denials", json=changed(DENIAL, end_use="other"))
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 409]
    assert (first.json()["review_due"], first.headers["location"]) == ("2027-02-28", "/v1/denials/DN2024/0017")
    renewed = {"outcome": "renewed", "actor": "o-1", "reviewed_at": "2025-02-01"}
    done = await door.http.post("/v1/denials/DN2024/0017/reviews", json=renewed)
    same = await door.http.post("/v1/denials/reviews?ref=DN2024/0017", json=renewed)
    assert done.json()["review_due"] == "2028-02-01"
    assert done.json() == same.json()
    revoked = {"outcome": "revoked", "actor": "o-1", "reason": "no longer a risk", "reviewed_at": "2026-02-01"}
    assert (await door.http.post("/v1/denials/DN2024/0017/reviews", json=revoked)).status_code == 200
    found = (await door.http.get("/v1/denials?ref=DN2024/0017")).json()
    assert (found["status"], found["revision"], found["reviews"], found["review_due"]) == ("revoked", 3, 2, None)

    async def all_published() -> bool:
        kept = await door.published(Denial.TOPIC)
        return [denial.revision for denial in kept if isinstance(denial, Denial)] == [1, 2, 3]

    await until(all_published, "every revision is published")


async def test_a_table_is_imported_whole_once_and_after_a_dry_run(door: Running) -> None:
    async def imported(query: str = "") -> tuple[int, dict[str, object]]:
        answer = await door.http.post(f"/v1/denials/import{query}", content=TABLE, headers=CSV)
        return answer.status_code, answer.json()

    counts = {"denials": 3, "new": 3, "known": 0}
    assert await imported("?dry_run=true") == (200, {**counts, "dry_run": True})
    assert (await door.http.get("/v1/denials")).json()["items"] == []
    assert await imported() == (200, {**counts, "dry_run": False})
    assert await imported() == (200, {"denials": 3, "new": 0, "known": 3, "dry_run": False})
    listed = (await door.http.get("/v1/denials?status=valid&review_due_by=2999-01-01&limit=2")).json()
    assert [one["ref"] for one in listed["items"]] == ["AB-XY-EF-900", "DN2000/0000"]
    more = (await door.http.get("/v1/denials", params={"cursor": listed["next"]})).json()
    assert [one["ref"] for one in more["items"]] == ["DN4103/0001"]


async def test_the_command_imports_a_table_and_names_the_row_of_a_fault(door: Running, tmp_path: Path) -> None:
    good, bad = tmp_path / "denials.csv", tmp_path / "faulty.csv"
    good.write_text(TABLE)
    bad.write_text(TABLE.replace("third_party", "pirate"))

    async def run(file: Path, *options: str) -> str:
        asked = ["import", str(file), "--url", str(door.http.base_url), *options]
        result = await asyncio.to_thread(CliRunner().invoke, commands, asked)
        return f"{result.output} {result.exception}"

    assert "3 would be new, 0 known" in await run(good, "--dry-run")
    assert "3 are new, 0 known" in await run(good)
    assert "0 are new, 3 known" in await run(good)
    assert "row 4 entity_type" in await run(bad)


async def test_a_table_with_one_fault_or_conflict_changes_nothing(door: Running) -> None:
    await door.http.post("/v1/denials/import", content=TABLE, headers=CSV)
    good = "D1,R,One,a,DE,IN,2B204,press,use,risk,end_user\n"
    conflict = HEADER + good + "DN2000/0000,R,One,a,DE,IN,2B204,press,use,risk,end_user\n"
    faulty = HEADER + good + "D2,R,One,a,DE,IN,2B204,press,use,risk,pirate\n"
    answers = [await door.http.post("/v1/denials/import", content=text, headers=CSV) for text in (conflict, faulty)]
    places = [[fault["path"] for fault in answer.json()["errors"]] for answer in answers]
    assert [answer.status_code for answer in answers] == [409, 422]
    assert places == [["row 3 reference"], ["row 3 entity_type"]]
    assert (await door.http.get("/v1/denials/D1")).status_code == 404


async def test_a_denial_that_is_still_to_be_decided_is_refused(door: Running) -> None:
    answer = await door.http.post("/v1/denials", json=changed(DENIAL, denied_at="9998-01-01", regime_ref=""))
    assert (answer.status_code, [f["path"] for f in answer.json()["errors"]]) == (422, ["/denied_at"])


@pytest.mark.parametrize(("kind", "body", "status"), [("application/json", "{}", 415), ("text/csv", "\xff", 422)])
async def test_what_is_no_table_is_refused(kind: str, body: str, status: int, door: Running) -> None:
    answer = await door.http.post("/v1/denials/import", content=body, headers={"content-type": kind})
    assert answer.status_code == status


ASKED = {
    "application": "VL/2026/000123",
    "consignees": [{"name": "Shipping Agent", "country": "IN"}],
    "end_users": [{"name": "BharatForge Limited", "country": "IN"}],
    "goods": [{"description": "isostatic press", "control_code": "2B204"}],
}


async def test_a_check_finds_what_is_essentially_identical_keeps_it_and_says_why(door: Running) -> None:
    await door.http.post("/v1/denials", json=DENIAL)
    await door.http.post("/v1/denials/import", content=TABLE, headers=CSV)
    answer = await door.http.post("/v1/denials/check", json=ASKED)
    check = answer.json()
    assert (answer.status_code, check["essentially_identical"], check["consult"]) == (201, 1, ["DE"])
    (match,) = check["matches"]
    assert (match["denial"], match["band"], match["score"]) == ("DN2024/0017", "essentially-identical", "0.82")
    names = {"description", "control code", "name", "country"}
    assert {field["what"] for field in match["compared"]} == names, "what the application leaves out is not compared"
    kept = await door.http.get(f"/v1/denial-checks/{check['id']}")
    assert kept.json() == check
    assert (await door.http.get("/v1/denial-checks/none")).status_code == 404


async def test_a_revoked_denial_is_not_found_and_the_earlier_check_stays(door: Running) -> None:
    await door.http.post("/v1/denials", json=DENIAL)
    before = (await door.http.post("/v1/denials/check", json=ASKED)).json()
    revoked = {"outcome": "revoked", "actor": "o-1", "reason": "…"}
    await door.http.post("/v1/denials/DN2024/0017/reviews", json=revoked)
    after = (await door.http.post("/v1/denials/check", json=ASKED)).json()
    assert (before["essentially_identical"], after["matches"], after["consult"]) == (1, [], [])
    assert (await door.http.get(f"/v1/denial-checks/{before['id']}")).json() == before


async def test_a_check_needs_goods_and_an_end_user(door: Running) -> None:
    answer = await door.http.post("/v1/denials/check", json={"end_users": [], "goods": [{}]})
    assert answer.status_code == 422
    assert {fault["path"] for fault in answer.json()["errors"]} == {"/end_users", "/goods/0/description"}


async def test_a_grant_waits_for_the_state_that_denied_and_in_spite_of_it_needs_a_notice(door: Running) -> None:
    await door.http.post("/v1/denials", json=DENIAL)
    check = (await door.http.post("/v1/denials/check", json=ASKED)).json()["id"]
    at = f"/v1/denial-checks/{check}"
    grant = {"outcome": "granted", "reason": "another installation", "actor": "o-1"}
    early = await door.http.post(f"{at}/decision", json=grant)
    consulted = await door.http.post(f"{at}/consultations", json={"denial": "DN2024/0017", "state": "DE"})
    assert (early.status_code, consulted.status_code) == (409, 200)
    assert consulted.json()["consultations"][0]["standing"] == "waiting"
    assert (await door.http.post(f"{at}/decision", json=grant)).status_code == 409, "it may still answer"
    answer = {"denial": "DN2024/0017", "answer": "identical"}
    assert (await door.http.post(f"{at}/answers", json=answer)).status_code == 200
    done = (await door.http.post(f"{at}/decision", json=grant)).json()
    assert (done["notice"]["denials"], done["notice"]["reason"]) == (["DN2024/0017"], "another installation")
    assert (await door.http.get(f"{at}/course")).json() == done
    assert (await door.http.get("/v1/denial-checks/none/course")).status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [({"state": "QX"}, 422), ({"denial": "other"}, 422), ({"sent_at": "9998-12-31"}, 422), ({}, 200)],
)
async def test_a_consultation_that_makes_no_sense_is_refused(
    change: dict[str, str], status: int, door: Running
) -> None:
    await door.http.post("/v1/denials", json=DENIAL)
    check = (await door.http.post("/v1/denials/check", json=ASKED)).json()["id"]
    asked = {"denial": "DN2024/0017", "state": "DE", "sent_at": "2026-03-02", **change}
    assert (await door.http.post(f"/v1/denial-checks/{check}/consultations", json=asked)).status_code == status
    unknown = 422 if {"state", "sent_at"} & set(change) else 404
    assert (await door.http.post("/v1/denial-checks/none/consultations", json=asked)).status_code == unknown


WAITING = """
SELECT count(*) AS n FROM pg_locks JOIN pg_database d ON d.oid = database
WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
"""
NDJSON = {"content-type": "application/x-ndjson"}
ELSEWHERE = {"consignees": [], "end_users": [{"name": "Cochin Shipyard", "country": "IN"}]}
RECIPIENTS = {name: LICENCE[name] for name in ELSEWHERE}


async def test_no_way_to_grant_what_was_denied_before_its_state_was_asked(door: Running) -> None:
    other = changed(LICENCE, ref="VL/2026/000124", **ELSEWHERE)
    drafted = await door.http.post("/v1/licences?draft=true", json=changed(LICENCE, ref="VL/2026/000125"))
    issued = [await door.http.post("/v1/licences", json=one) for one in (changed(LICENCE, ref="VL/2026/000122"), other)]
    await door.http.post("/v1/denials", json=DENIAL)
    assert [one.status_code for one in (drafted, *issued)] == [201, 201, 201]
    again = await door.http.post("/v1/licences", json=changed(LICENCE, ref="VL/2026/000122"))
    assert again.status_code == 200, "granted before"

    async def amended(**changes: object) -> int:
        sent = {"if-match": '"1"'}
        at = "/v1/licences/VL/2026/000124/amendments"
        return (await door.http.post(at, json={**RECIPIENTS, **changes}, headers=sent)).status_code

    refused = await door.http.post("/v1/licences", json=LICENCE)
    assert [(one["code"], one["path"]) for one in refused.json()["errors"]] == [("denial-identical", "/end_users/0")]
    issue = "/v1/licences/VL/2026/000125/issue"
    by_draft = await door.http.post(issue, json={}, headers={"if-match": '"draft-1"'})
    lines = [
        (await door.http.post(f"/v1/licences/import{how}", content=json.dumps(LICENCE), headers=NDJSON)).json()[
            "status"
        ]
        for how in ("?dry_run=true", "")
    ]
    later = await amended(effective_at="9998-01-01T00:00:00Z")
    assert [refused.status_code, by_draft.status_code, *lines, await amended(), later] == [409] * 6
    check = (await door.http.post("/v1/denials/check", json=ASKED)).json()["id"]
    asked = {"denial": "DN2024/0017", "state": "DE", "sent_at": "2026-03-02"}
    await door.http.post(f"/v1/denial-checks/{check}/consultations", json=asked)
    assert (await door.http.post("/v1/licences", json=LICENCE)).status_code == 201, "it was silent"
    assert await amended() == 409, "of this licence nobody was asked"
    revoked = {"outcome": "revoked", "actor": "o-1", "reason": "…"}
    await door.http.post("/v1/denials/DN2024/0017/reviews", json=revoked)
    assert await amended() == 200


async def test_a_grant_that_comes_while_a_denial_is_written_sees_it(door: Running) -> None:
    async def waiting(count: int) -> None:
        async def wait() -> bool:
            return await door.rows(WAITING) == [{"n": count}]

        await until(wait, f"{count} wait")

    async with await psycopg.AsyncConnection.connect(door.settings.database.url) as grant_before:
        await grant_before.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended('licensing denials', 0))")
        denial = asyncio.create_task(door.http.post("/v1/denials", json=DENIAL))
        await waiting(1)
        grant = asyncio.create_task(door.http.post("/v1/licences", json=LICENCE))
        await waiting(2)
    assert [(await denial).status_code, (await grant).status_code] == [201, 409]
