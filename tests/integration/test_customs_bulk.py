"""Many messages in one request, and `tolbrug send DIR`: nothing is lost or doubled when the door dies half-way."""

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.core.messages import DeclarationAccepted
from services.customs.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_archives import in_tar, in_zip
from tests.integration.command import tolbrug
from tests.integration.in_process import Running, dying, running
from tests.integration.runtime.probe_process import until
from tests.unit.customs.written import as_json, cc515c, declaration

PATH = "/v1/customs/messages"


def numbered(n: int) -> bytes:
    return as_json(declaration(message_id=f"m-{n}", mrn=f"26BE343000{n:06}A1"))


def named(sent: list[bytes]) -> dict[str, bytes]:
    return {f"{n:04}": message for n, message in enumerate(sent)}


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


async def messages(service: Running) -> int:
    return int((await service.rows("SELECT count(*) AS n FROM customs.message"))[0]["n"])


async def facts(service: Running, expected: int) -> None:
    async def there() -> bool:
        return len(await service.published(DeclarationAccepted.TOPIC)) == expected

    await until(there, f"{expected} facts are published")


@pytest.mark.parametrize("form", ["ndjson", "ndjson+gzip", "zip", "tar", "tar+gzip", "tar.gz"])
async def test_each_message_of_many_has_its_line_in_order(runtime_settings: RuntimeSettings, form: str) -> None:
    sent = [numbered(1), numbered(2), b'{"kind": "declaration"}', numbered(1), b"{"]
    xml = [] if form.startswith("ndjson") else [cc515c()]
    bodies = {
        "ndjson": ("application/x-ndjson", b"\n".join(sent)),
        "ndjson+gzip": ("application/x-ndjson", gzip.compress(b"\n".join(sent))),
        "zip": ("application/zip", in_zip(named(sent + xml))),
        "tar": ("application/x-tar", in_tar(named(sent + xml))),
        "tar+gzip": ("application/x-tar", gzip.compress(in_tar(named(sent + xml)))),
        "tar.gz": ("application/gzip", gzip.compress(in_tar(named(sent + xml)))),
    }
    media_type, body = bodies[form]
    headers = {"content-type": media_type} | ({"content-encoding": "gzip"} if form.endswith("+gzip") else {})
    async with running(runtime_settings, [build]) as service:
        found = lines(await service.http.post(PATH, content=body, headers=headers))
        assert [line["status"] for line in found] == [202, 202, 422, 200, 400, *(202 for _ in xml)]
        places = [line.get("name") or line["line"] for line in found]
        assert places == [n + 1 if form.startswith("ndjson") else f"{n:04}" for n in range(len(found))]
        assert found[3] == {**found[0], **places_of(found[3]), "status": 200, "duplicate": True}
        assert found[2]["problem"]["errors"][0]["path"].startswith("/")
        again = lines(await service.http.post(PATH, content=body, headers=headers))
        assert [line["status"] for line in again] == [200, 200, 422, 200, 400, *(200 for _ in xml)]
        assert await messages(service) == 2 + len(xml)
        await facts(service, 2)


def places_of(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in ("name", "line") if name in line}


async def test_a_message_in_gzip_is_the_message(runtime_settings: RuntimeSettings) -> None:
    packed = {"content-type": "application/json", "content-encoding": "gzip"}
    async with running(runtime_settings, [build]) as service:
        post = service.http.post
        first = await post(PATH, content=gzip.compress(numbered(1)), headers=packed)
        assert first.status_code == 202
        again = await post(PATH, content=numbered(1), headers={"content-type": "application/json"})
        assert (again.status_code, again.json()["sha256"]) == (200, first.json()["sha256"])
        for body, status in (
            (gzip.compress(bytes(50_000_000)), 413),
            (gzip.compress(numbered(2))[:-3], 400),
            (numbered(2), 400),
        ):
            assert (await post(PATH, content=body, headers=packed)).status_code == status
        other = await post(PATH, content=b"x", headers={**packed, "content-encoding": "br"})
        assert other.status_code == 415


async def test_what_is_wrong_with_all_is_one_answer_and_what_was_taken_before_stays(
    runtime_settings: RuntimeSettings,
) -> None:
    async with running(runtime_settings, [build]) as service:
        post = service.http.post
        kind = {"content-type": "application/zip"}
        assert (await post(PATH, content=b"no zip", headers=kind)).status_code == 400
        cut = in_tar(named([numbered(1), numbered(2)]))[:2048]
        found = lines(await post(PATH, content=cut, headers={"content-type": "application/x-tar"}))
        assert [line["status"] for line in found] == [202, 400]
        assert "name" not in found[1]
        assert await messages(service) == 1


async def test_a_door_that_is_killed_half_way_keeps_what_it_answered_and_takes_the_rest_again(
    runtime_settings: RuntimeSettings,
) -> None:
    body = b"\n".join(numbered(n) for n in range(1, 301))
    headers = {"content-type": "application/x-ndjson"}
    answered: list[dict[str, Any]] = []
    async with dying(runtime_settings, "customs", "intake-after-commit:4") as (url, process):
        with pytest.raises(httpx.TransportError):
            await listen(f"{url}{PATH}", body, headers, answered)
        await process.wait()
    assert 0 < len(answered) < 300
    async with running(runtime_settings, [build]) as service:
        found = lines(await service.http.post(PATH, content=body, headers=headers))
        assert [line["line"] for line in found] == list(range(1, 301))
        assert {line["status"] for line in found[: len(answered)]} == {200}
        assert [line["id"] for line in found[: len(answered)]] == [line["id"] for line in answered]
        assert {line["status"] for line in found} == {200, 202}
        assert await messages(service) == 300
        await facts(service, 300)


async def listen(url: str, body: bytes, headers: dict[str, str], answered: list[dict[str, Any]]) -> None:
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream("POST", url, content=body, headers=headers) as response,
    ):
        async for line in response.aiter_lines():
            answered += [json.loads(line)]


async def test_a_folder_is_sent_in_two_runs_when_the_door_dies_between(
    runtime_settings: RuntimeSettings, tmp_path: Path
) -> None:
    folder = tmp_path / "outage"
    folder.mkdir()
    for n in range(1, 31):
        folder.joinpath(f"{n:02}.json").write_bytes(numbered(n))
    folder.joinpath("31.json.gz").write_bytes(gzip.compress(numbered(31)))
    folder.joinpath("32.zip").write_bytes(in_zip(named([numbered(32), numbered(33), b"{"])))
    command = ("send", str(folder), "--patience", "0.5", "--parallel", "3")
    async with dying(runtime_settings, "customs", "intake-before-commit:6") as (url, process):
        code, first = await tolbrug(runtime_settings, *command, "--url", url)
        await process.wait()
    assert code == 1
    assert 0 < first["answered"] < 32
    async with running(runtime_settings, [build]) as service:
        url = str(service.http.base_url).rstrip("/")
        journal = folder / ".tolbrug-send.jsonl"
        journal.write_text(journal.read_text().replace(first_url(journal), url))  # it came back at another port
        code, second = await tolbrug(runtime_settings, *command, "--url", url)
        assert (second["files"], second["answered"], second["answered_before"]) == (32, 32, first["answered"])
        assert second["accepted"] + second["known"] == 33
        assert [(one["file"], one["name"], one["status"]) for one in second["refused"]] == [("32.zip", "0002", 400)]
        assert code == 1
        assert await messages(service) == 33
        third = await tolbrug(runtime_settings, *command, "--url", url)
        assert third[1]["answered_before"] == 32


def first_url(journal: Path) -> str:
    found: str = json.loads(journal.read_text().splitlines()[0])["url"]
    return found
