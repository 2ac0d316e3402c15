"""Dossiers on real engines: one life from request to decision, and a clock that runs out, whatever dies."""

import asyncio
import signal
from dataclasses import replace
from datetime import date

import psycopg

from services.core.messages import Dossier
from services.licensing.domain.dossier_clocks import first_end
from services.licensing.wiring import build
from services.runtime.codec import Codec
from services.runtime.settings import RuntimeSettings
from tests.builders_dossiers import ACTING, DOSSIER, FEDERAL, REGION, step_body
from tests.builders_licensing import LICENCE, changed
from tests.integration.in_process import Running, dying, running
from tests.integration.test_licensing import REF, settled
from tests.integration.test_licensing_keys import FEDERAL as AUTHORISATION

DOSSIERS = "/v1/dossiers"
STEPS, NOTES = f"{DOSSIERS}/DOS/2026/7/steps", f"{DOSSIERS}/notes?ref=DOS/2026/7"
PAST = date(2026, 3, 2)


def of(authority: str, **headers: str) -> dict[str, str]:
    return {"Acting-For": authority, **{name.replace("_", "-"): value for name, value in headers.items()}}


async def test_a_dossier_goes_from_request_to_decision_and_keeps_notes_apart(runtime_settings: RuntimeSettings) -> None:
    async with running(runtime_settings, [build]) as door:

        async def step(name: str, by: str | None = None, **stated: object) -> int:
            answer = await door.http.post(STEPS, json=step_body(name, **stated), headers=of(by or ACTING[name]))
            return answer.status_code

        first = await door.http.post(DOSSIERS, json=DOSSIER, headers=of(REGION))
        again = await door.http.post(DOSSIERS, json=DOSSIER, headers=of(REGION))
        other = await door.http.post(DOSSIERS, json={**DOSSIER, "goods": ["2B204"]}, headers=of(REGION))
        unnamed = await door.http.post(DOSSIERS, json=DOSSIER)
        assert [a.status_code for a in (first, again, other, unnamed)] == [201, 200, 409, 422]
        assert first.headers["location"] == "/v1/dossiers/DOS/2026/7"
        for authority in (REGION, FEDERAL):
            note = {"actor": "someone", "text": f"secret of {authority}"}
            posted = [await door.http.post(NOTES, json=note, headers=of(authority)) for _ in range(2)]
            assert [answer.status_code for answer in posted] == [201, 200]
        read = [(await door.http.get(NOTES, headers=of(one))).json()["items"] for one in (REGION, FEDERAL)]
        assert [[note["text"] for note in notes] for notes in read] == [["secret of BE-VLG"], ["secret of BE-FED"]]

        assert await step("check-done") == 200
        assert await step("check-done", FEDERAL, result="unsatisfactory") == 409
        await two_at_once(door)
        assert [await step(name) for name in ("advice-requested", "advice-given")] == [200, 200]
        assert await step("advice-decided", federal_authorisation="FED/2026/9") == 200
        assert [await step(name, licence=REF) for name in ("linked", "linked")] == [200, 200]

        await door.http.post(
            "/v1/licences", json=changed(LICENCE, requires={"federal_authorisation": True, "state_guarantee": True})
        )
        await door.http.post("/v1/federal-authorisations", json=AUTHORISATION)
        shown = (await door.http.get("/v1/dossiers?ref=DOS/2026/7")).json()
        assert (shown["advice"]["decision"], shown["federal_authorisation"]) == ("granted", "FED/2026/9")
        legs = {leg["kind"]: (leg["required"], len(leg["entered"])) for leg in shown["legs"]}
        assert (legs["federal-authorisation"], legs["state-guarantee"]) == ((True, 1), (True, 0))
        listed = (await door.http.get(f"{DOSSIERS}?licence={REF}&overdue=false&state=open&limit=1")).json()
        assert ([one["ref"] for one in listed["items"]], listed["next"]) == (["DOS/2026/7"], None)
        published = await settled(door, Dossier.TOPIC)
        assert [made.revision for made in published] == list(range(1, shown["revision"] + 1))
        assert "secret" not in repr(published)


async def two_at_once(door: Running) -> None:
    """Of two that saw the same revision one is told that it has changed."""
    revision = (await door.http.get(f"{DOSSIERS}/DOS/2026/7")).headers["etag"]
    bodies = [step_body("check-done", check=name) for name in ("end-user", "completeness")]
    asked = [door.http.post(STEPS, json=body, headers=of(REGION, If_Match=revision)) for body in bodies]
    assert sorted(answer.status_code for answer in await asyncio.gather(*asked)) == [200, 412]


async def test_what_runs_out_is_said_once_though_a_door_dies_and_two_look(runtime_settings: RuntimeSettings) -> None:
    async with running(runtime_settings, [build]) as door:
        await door.http.post(DOSSIERS, json=DOSSIER, headers=of(REGION))
        await settled(door, Dossier.TOPIC)
    await let_time_pass(runtime_settings.database.url)
    async with dying(runtime_settings, "licensing", "intake-after-commit") as (_, process):
        assert await asyncio.wait_for(process.wait(), 10) == -signal.SIGKILL
    async with running(runtime_settings, [build]) as one, running(runtime_settings, [build]) as two:
        published = await settled(one, Dossier.TOPIC)
        assert [(made.revision, made.checks[0].overdue) for made in published] == [(1, False), (2, True)]
        listed = (await two.http.get(f"{DOSSIERS}?overdue=true")).json()["items"]
        assert [(late["revision"], late["overdue"][0]["side"]) for late in listed] == [(2, "region")]


async def let_time_pass(url: str) -> None:
    """Make the last day of every check one that has passed."""
    codec = Codec()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        row = await (await connection.execute("SELECT content FROM licensing.dossier")).fetchone()
        assert row is not None
        kept = codec.decode_record(Dossier, bytes(row[0]))
        past = replace(kept, checks=tuple(replace(check, due=PAST) for check in kept.checks))
        content = codec.encode_record(past)
        change = "UPDATE licensing.dossier SET content = %s, due_at = %s, remind_at = %s"
        await connection.execute(change, (content, first_end(past), first_end(past)))
