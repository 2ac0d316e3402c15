"""`tolbrug send DIR`: what is sent how, what is sent again, and what a journal spares."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from services.cli.journal import Journal, Sent
from services.cli.parcel import Parcel, parcels
from services.cli.sending import Sender

URL = "http://door.test"
TAKEN = {"id": "1", "kind": "declaration", "mrn": None, "lrn": "x"}
Handler = Callable[[httpx.Request], httpx.Response]


class Door:
    """Answers as it is told to, one after another, then takes everything."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.bodies: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.read())
        answer = self._answers.pop(0) if self._answers else httpx.Response(202, json=TAKEN)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Waits:
    """A clock that waiting moves."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def __call__(self) -> float:
        return sum(self.waited)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for n in range(3):
        tmp_path.joinpath(f"{n}.xml").write_bytes(b"<m%d/>" % n)
    return tmp_path


def sender(folder: Path, door: Handler, patience_s: float = 100.0) -> tuple[Sender, Waits]:
    waits = Waits()
    client = httpx.Client(transport=httpx.MockTransport(door))
    made = Sender(URL, Journal(folder / ".tolbrug-send.jsonl"), client, patience_s, waits, waits.waited.append)
    return made, waits


def run(sender: Sender, folder: Path) -> list[tuple[str, Sent | None, bool]]:
    return [(parcel.name, sent, known) for parcel, sent, known in sender.send_all(parcels([folder]), 1)]


def problem(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"title": "no", "errors": [{"path": "/x", "detail": "y"}]}, headers=headers)


def test_a_second_run_sends_nothing_and_tells_the_same(folder: Path) -> None:
    door = Door(httpx.Response(202, json=TAKEN), problem(422), httpx.Response(200, json=TAKEN))
    first = run(sender(folder, door)[0], folder)
    again = run(sender(folder, door)[0], folder)
    assert door.bodies == [b"<m0/>", b"<m1/>", b"<m2/>"]
    assert [known for *_, known in first + again] == [False] * 3 + [True] * 3
    assert [sent for _, sent, _ in again] == [sent for _, sent, _ in first]
    assert first[1][1] is not None
    assert first[1][1].refused == ({"status": 422, "reason": "no (/x: y)"},)


def test_a_changed_file_and_another_door_are_sent_again(folder: Path) -> None:
    door = Door()
    run(sender(folder, door)[0], folder)
    folder.joinpath("1.xml").write_bytes(b"<other/>")
    run(sender(folder, door)[0], folder)
    assert door.bodies[3:] == [b"<other/>"]
    elsewhere, _ = sender(folder, door)
    elsewhere.url = "http://other.test"
    run(elsewhere, folder)
    assert len(door.bodies) == 7


def test_the_door_says_when_to_come_again_and_is_waited_for(folder: Path) -> None:
    door = Door(problem(503, **{"retry-after": "7"}), problem(429), httpx.ConnectError("gone"))
    made, waits = sender(folder, door)
    assert all(sent is not None and sent.accepted == 1 for _, sent, _ in run(made, folder))
    assert waits.waited == [7, 1.0, 2.0]
    assert door.bodies == [b"<m0/>"] * 4 + [b"<m1/>", b"<m2/>"]


def test_a_door_that_stays_away_ends_the_run_and_the_next_one_goes_on(folder: Path) -> None:
    door = Door(httpx.Response(202, json=TAKEN), *[httpx.ConnectError("gone")] * 50)
    made, _ = sender(folder, door, patience_s=20)
    assert [sent is not None for _, sent, _ in run(made, folder)] == [True, False, False]
    assert "1.xml" in made.why
    back = Door()
    assert [known for *_, known in run(sender(folder, back)[0], folder)] == [True, False, False]
    assert back.bodies == [b"<m1/>", b"<m2/>"]


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_door_that_takes_nothing_from_this_sender_has_answered_no_message(folder: Path, status: int) -> None:
    door = Door(problem(status))
    made, waits = sender(folder, door)
    assert [sent for _, sent, _ in run(made, folder)] == [None] * 3
    assert str(status) in made.why
    assert (door.bodies, waits.waited) == ([b"<m0/>"], [])
    assert [known for *_, known in run(sender(folder, Door())[0], folder)] == [False] * 3


def test_an_archive_is_answered_finally_only_as_a_whole(tmp_path: Path) -> None:
    tmp_path.joinpath("many.zip").write_bytes(b"PK")
    lines: list[dict[str, Any]] = [
        {"name": "a", "status": 202, **TAKEN},
        {"name": "b", "status": 503, "problem": {"title": "later"}, "retry_after": 3},
        {"name": "c", "status": 422, "problem": {"title": "no", "errors": []}},
    ]
    full = "".join(json.dumps(line) + "\n" for line in lines)
    known = full.replace("503", "202").replace('"name": "a", "status": 202', '"name": "a", "status": 200')
    known = known.replace(', "problem": {"title": "later"}, "retry_after": 3', "")
    door = Door(httpx.Response(200, text=full), httpx.Response(200, text=known))
    made, waits = sender(tmp_path, door)
    ((_, sent, _),) = run(made, tmp_path)
    assert sent is not None
    assert (sent.accepted, sent.known, sent.refused) == (
        1,
        1,
        ({"name": "c", "status": 422, "reason": "no", "errors": []},),
    )
    assert waits.waited == [3]


def test_an_answer_that_breaks_off_is_no_answer(tmp_path: Path) -> None:
    tmp_path.joinpath("many.ndjson").write_bytes(b"{}\n{}\n")
    door = Door(httpx.Response(200, text='{"line": 1, "status": 202}\n{"line": 2, "sta'))
    made, _ = sender(tmp_path, door, patience_s=0)
    assert [sent for _, sent, _ in run(made, tmp_path)] == [None]


def test_what_a_crash_left_of_the_last_line_spoils_no_other(folder: Path) -> None:
    run(sender(folder, Door())[0], folder)
    journal = folder / ".tolbrug-send.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    door = Door()
    run(sender(folder, door)[0], folder)
    assert door.bodies == [b"<m2/>"]
    assert run(sender(folder, door)[0], folder)[2][2]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.xml", b"<a/>", ("application/xml", False, False)),
        ("a", b' \n{"a": 1}', ("application/json", False, False)),
        ("a.json.gz", gzip.compress(b"{}", mtime=0), ("application/json", True, False)),
        ("a.gz", b"no gzip", ("application/xml", True, False)),
        ("a.ZIP", b"PK", ("application/zip", False, True)),
        ("a.tar", b"", ("application/x-tar", False, True)),
        ("a.tgz", b"", ("application/x-tar", True, True)),
        ("a.tar.gz", b"", ("application/x-tar", True, True)),
        ("a.jsonl", b"", ("application/x-ndjson", False, True)),
        ("a.ndjson.gz", b"", ("application/x-ndjson", True, True)),
    ],
)
def test_a_file_is_sent_as_what_it_is(
    tmp_path: Path, name: str, content: bytes, expected: tuple[str, bool, bool]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    parcel = Parcel.of(path, name)
    assert (parcel.media_type, parcel.packed, parcel.many) == expected


def test_files_come_in_the_order_of_their_names_and_hidden_ones_not_at_all(tmp_path: Path) -> None:
    for name in ("b/2.xml", "a.xml", "b/1.xml", ".hidden", ".git/x", "c.xml"):
        tmp_path.joinpath(name).parent.mkdir(exist_ok=True)
        tmp_path.joinpath(name).write_bytes(b"<a/>")
    assert [each.name for each in parcels([tmp_path])] == ["a.xml", "b/1.xml", "b/2.xml", "c.xml"]


def test_what_the_door_would_not_take_is_not_sent(tmp_path: Path) -> None:
    with tmp_path.joinpath("large.xml").open("wb") as file:
        file.truncate(6 * 1024 * 1024)
    door = Door()
    ((_, sent, _),) = run(sender(tmp_path, door)[0], tmp_path)
    assert door.bodies == []
    assert sent is not None
    assert sent.refused[0]["status"] == 413


def test_a_door_of_several_processes_is_sent_to_where_the_least_is_under_way(folder: Path) -> None:
    others_are_done = Event()
    taken: list[str] = []

    def door(request: httpx.Request) -> httpx.Response:
        taken.append(request.url.host)
        if request.url.host == "busy.test":
            assert others_are_done.wait(2), taken
        elif taken.count("free.test") == 2:
            others_are_done.set()
        return httpx.Response(202, json=TAKEN)

    made, _ = sender(folder, door)
    made = replace(made, doors=("http://free.test", "http://busy.test"))
    assert [sent is not None for _, sent, _ in made.send_all(parcels([folder]), 2)] == [True] * 3
    assert taken.count("busy.test") <= 1


def test_a_process_that_is_away_keeps_no_message_from_the_others(folder: Path) -> None:
    asked: list[str] = []

    def door(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.host == "away.test":
            raise httpx.ConnectError("gone")
        return httpx.Response(202, json=TAKEN)

    made, _ = sender(folder, door)
    made = replace(made, doors=("http://away.test", "http://there.test"))
    assert all(sent is not None for _, sent, _ in run(made, folder))
    assert asked.count("away.test") == 1
