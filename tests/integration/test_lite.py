"""Files of the LITE exchange on real engines: entered once, in order, each licence answered; and its use told."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.core.messages import Licence
from services.licensing.wiring import build
from services.reconciliation.wiring import build as build_ledger
from services.runtime.settings import RuntimeSettings
from tests.builders import HOLDER
from tests.builders_customs import MRN, a_declaration, a_document, a_release, an_item
from tests.builders_licensing import LICENCE as OTHERS
from tests.builders_licensing import changed
from tests.builders_lite import GOODS, LICENCE, PARTIES, file, licence
from tests.integration.in_process import Running, running
from tests.integration.runtime.probe_process import until
from tests.integration.test_licensing import settled
from tests.integration.test_reconciliation import send

TEXT = {"content-type": "text/plain"}
PATH = "/v1/lite/licence-data"


@pytest.fixture
async def door(runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setenv("TOLBRUG_LICENSING__LITE__AUTHORITY", "BE-VLG")
    monkeypatch.setenv("TOLBRUG_LICENSING__LITE__CONTROL_CODES", '{"8479": "2B204"}')
    async with running(runtime_settings, [build, build_ledger]) as one:
        yield one


async def sent(door: Running, content: bytes) -> httpx.Response:
    return await door.http.post(PATH, content=content, headers=TEXT)


def outcomes(answer: httpx.Response) -> list[tuple[str, str, str | None]]:
    assert answer.status_code == 200, answer.text
    found = answer.json()["transactions"]
    return [(one["action"], one["status"], (one.get("errors") or [{}])[0].get("code")) for one in found]


async def test_files_are_entered_once_and_in_order_and_use_is_told_once(door: Running) -> None:
    await entered_once_and_in_order(door)
    await used_once(door)


async def entered_once_and_in_order(door: Running) -> None:
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
    await door.http.post("/v1/licences", json=changed(OTHERS, ref="WAL/2026/1", authority="BE-WAL"))
    last = file(9, licence("cancel", after), licence("cancel", "WAL/2026/1"), reset="Y")
    assert outcomes(await sent(door, last)) == [
        ("cancel", "accepted", None),
        ("cancel", "rejected", "other-authority"),
    ]


async def ledger_is_given_again(door: Running) -> None:
    """The same entries 20 outputs further on: a replay from the topics counts outputs anew."""
    further = "reconciliation.fold SET last_output = last_output + 20, published = published + 20"
    aside, back = (f"reconciliation.output SET seq = seq {by}" for by in ("+ 1000", "- 980"))
    for change in (aside, back, further):
        await door.rows(f"UPDATE {change} WHERE fold = 'ledger' RETURNING 1")


async def used_once(door: Running) -> None:
    ref = "GBSIEL/2026/0000011/P"
    parties = (PARTIES[0].replace("GB123456789000", str(HOLDER.eori)), *PARTIES[1:])
    issued = file(10, licence("insert", ref, parties=parties))
    assert outcomes(await sent(door, issued)) == [("insert", "accepted", None)]
    await send(door, a_declaration(an_item(a_document(ref, quantity="2", amount=None, currency=None))), a_release())
    since = [""]

    async def told() -> list[str]:
        params = {"run": "1", "prefix": ref, "since": since[-1]}
        answer = await door.http.get("/v1/lite/usage-data", params=params)
        assert answer.status_code in (200, 204)
        since.append(answer.headers["next-since"])
        return answer.text.splitlines()

    found: list[str] = []

    async def used() -> bool:
        found[:] = await told()
        return found != []

    await until(used, "the use is told")
    assert found[2] == "3\\line\\1\\2\\0\\"
    assert found[3].startswith(f"4\\usage\\O\\{MRN}\\1\\20260302\\2\\0\\")
    assert (await sent(door, issued)).json()["repeat"] is True
    assert await told() == []
    for place in ("0:9999", f"0:1.99.{ref.encode().hex()}"):
        gone = await door.http.get("/v1/lite/usage-data", params={"run": "1", "since": place})
        assert (gone.status_code, gone.json()["errors"][0]["code"]) == (409, "since-gone")
    since.append("")
    assert (await told())[2:4] == found[2:4]
    await ledger_is_given_again(door)
    assert await told() == [], "entries are told once, wherever they now stand"
    assert [one.revision for one in await settled(door, Licence.TOPIC) if one.ref == ref] == [1]
