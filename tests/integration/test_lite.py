"""Files of the LITE exchange on real engines: entered once, in order, each licence answered."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.licensing.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_lite import GOODS, LICENCE, file, licence
from tests.integration.in_process import Running, running

TEXT = {"content-type": "text/plain"}
PATH = "/v1/lite/licence-data"


@pytest.fixture
async def door(runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setenv("TOLBRUG_LICENSING__LITE__AUTHORITY", "BE-VLG")
    monkeypatch.setenv("TOLBRUG_LICENSING__LITE__CONTROL_CODES", '{"8479": "2B204"}')
    async with running(runtime_settings, [build]) as one:
        yield one


async def sent(door: Running, content: bytes) -> httpx.Response:
    return await door.http.post(PATH, content=content, headers=TEXT)


def outcomes(answer: httpx.Response) -> list[tuple[str, str, str | None]]:
    assert answer.status_code == 200, answer.text
    found = answer.json()["transactions"]
    return [(one["action"], one["status"], (one.get("errors") or [{}])[0].get("code")) for one in found]


async def test_files_are_entered_once_and_in_order(door: Running) -> None:
    other, after = "GBSIEL/2026/0000008/P", f"{LICENCE}/A"
    first = file(1, licence("insert"), licence("insert", other, lines=(GOODS.replace("030", "094"),)))
    assert (await sent(door, file(2, licence("cancel")))).json()["errors"][0]["code"] == "run-gap"
    taken = await sent(door, first)
    assert outcomes(taken) == [("insert", "accepted", None), ("insert", "rejected", "unit")]
    more = (GOODS.replace("\\10\\", "\\12\\"),)
    second = await sent(
        door, file(2, licence("replace", lines=more), licence("insert", other), licence("cancel", other))
    )
    assert [status for _, status, _ in outcomes(second)] == ["accepted"] * 3
    again = await sent(door, first)
    assert again.json() == taken.json() | {"repeat": True}
    assert (await sent(door, file(1, licence("cancel")))).json()["errors"][0]["code"] == "run-taken"
    found = {one["ref"]: one for one in (await door.http.get("/v1/licences")).json()["items"]}
    assert (found[LICENCE]["revision"], found[LICENCE]["lines"][0]["quantity"]) == (2, "12")
    assert found[other]["status"] == "revoked"

    update = file(3, licence("cancel"), licence("insert", after, lines=more), licence("cancel", "GBSIEL/2026/1/P"))
    reply = await door.http.post(PATH, content=update, headers={**TEXT, "accept": "text/plain"})
    assert [line.split("\\")[1] for line in reply.text.splitlines()] == [
        "fileHeader",
        *("accepted", "accepted", "rejected", "error", "end"),
        "fileTrailer",
    ]
    assert "UNKNWN" in reply.text
    old, new = [(await door.http.get(f"/v1/licences/{ref}")).json() for ref in (LICENCE, after)]
    assert (old["replaced_by"], old["status"], new["replaces"]) == (after, "issued", LICENCE)
    refused = await door.http.post(PATH, content=file(9), headers={**TEXT, "accept": "text/plain"})
    assert (refused.status_code, "fileError\\RUN" in refused.text) == (409, True)
    assert outcomes(await sent(door, file(9, licence("cancel", after), reset="Y"))) == [("cancel", "accepted", None)]
