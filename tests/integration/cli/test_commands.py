"""The commands against a door that answers what the test says."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli import alerts
from services.cli.__main__ import app
from services.cli.send import content_type
from services.core.errors import Fatal

COMMANDS = [
    *(["up"], ["run"], ["demo"], ["play"], ["send"], ["verify"], ["health"], ["stop"]),
    *(["licence", "show"], ["alerts"], ["alerts", "listen"], ["topics", "plan"], ["topics", "apply"]),
    *(["replay"], ["dlq", "list"], ["dlq", "show"], ["dlq", "redrive"]),
]
FIGURES = {"authorised": "2", "reserved": "1", "consumed": "0", "exited": "0", "available": "1"}
LINE = {"line": 1, "basis": "quantity", "unit": "NAR", "currency": None, "quantity": FIGURES, "value": None}
LEDGER = {"ref": "VL/2026/000123", "revision": 3, "status": "issued", "lines": [LINE], "draws": []}


class Door:
    """Answers by path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, str | None, bytes]] = []

    def answer(self, path: str, status: int, body: Any) -> None:
        self.answers[path] = (status, body)


@pytest.fixture
def door() -> Iterator[Door]:
    known = Door()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            known.asked.append((self.path, self.headers.get("content-type"), content))
            status, body = known.answers.get(self.path, (404, {"title": "Not Found", "status": 404}))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_POST = do_GET  # noqa: N815 - the name http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the class above
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        known.url = f"http://127.0.0.1:{server.server_port}"
        yield known
        server.shutdown()


def tolbrug(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_can_speak_json(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, text = tolbrug(*command, "--help")
    assert code == 0
    assert "--json" in text


def test_a_message_is_sent_as_it_is_and_its_answer_shown(door: Door, tmp_path: Path) -> None:
    message = tmp_path / "message.xml"
    message.write_bytes(b"<CC515C/>")
    received = {"id": "abc", "kind": "declaration", "mrn": None, "lrn": "ANR-77"}
    door.answer("/v1/customs/messages", 202, received)
    code, text = tolbrug("send", str(message), "--url", door.url, "--json")
    assert code == 0
    assert door.asked == [("/v1/customs/messages", "application/xml", b"<CC515C/>")]
    answer = json.loads(text)["answers"][0]
    assert (answer["outcome"], answer["reference"], answer["detail"]) == ("accepted", "ANR-77", "abc")


def test_a_message_that_was_there_already_is_no_failure(door: Door, tmp_path: Path) -> None:
    message = tmp_path / "message.json"
    message.write_text("{}")
    door.answer("/v1/customs/messages", 200, {"id": "abc", "kind": "exit", "mrn": "26BE", "duplicate": True})
    code, text = tolbrug("send", str(message), str(message), "--url", door.url)
    assert code == 0
    assert text.count("known already") == 2


def test_a_refused_message_is_told_with_its_faults_and_fails(door: Door, tmp_path: Path) -> None:
    message = tmp_path / "message.json"
    message.write_text("{}")
    faults = [{"path": "/mrn", "code": "missing", "detail": "is needed"}]
    door.answer("/v1/customs/messages", 422, {"title": "Not acceptable", "status": 422, "errors": faults})
    code, text = tolbrug("send", str(message), "--url", door.url, "--json")
    assert code == 1
    assert json.loads(text)["answers"][0]["detail"] == "Not acceptable (/mrn: is needed)"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"kind": "exit"}', "json"),
        (b' {"kind": ', "json"),
        (b"<a/>", "xml"),
        ("\ufeff<a/>".encode(), "xml"),
        (b"", "xml"),
    ],
)
def test_what_a_file_holds_is_seen_from_its_content(content: bytes, expected: str) -> None:
    assert content_type(content) == f"application/{expected}"


def test_a_licence_is_shown_with_what_is_left(door: Door) -> None:
    door.answer("/v1/ledger/licences?ref=VL%2F2026%2F000123", 200, LEDGER)
    code, text = tolbrug("licence", "show", "VL/2026/000123", "--url", door.url)
    assert code == 0
    assert "available" in text
    assert "NAR" in text
    assert json.loads(tolbrug("licence", "show", "VL/2026/000123", "--url", door.url, "--json")[1]) == LEDGER


def test_an_unknown_licence_is_an_error_in_words(door: Door) -> None:
    with pytest.raises(Fatal, match="answered 404: Not Found"):
        tolbrug("licence", "show", "VL/0", "--url", door.url)


def test_alerts_are_read_to_the_last_page(door: Door) -> None:
    door.answer("/v1/alerts?code=quantity.overrun", 200, {"items": [{"id": "b"}], "next": "x"})
    door.answer("/v1/alerts?code=quantity.overrun&cursor=x", 200, {"items": [{"id": "a"}], "next": None})
    code, text = tolbrug("alerts", "--code", "quantity.overrun", "--url", door.url, "--json")
    assert code == 0
    assert [item["id"] for item in json.loads(text)["items"]] == ["b", "a"]


def test_health_is_the_status_and_nothing_else(door: Door) -> None:
    door.answer("/readyz", 200, {"started": True})
    door.answer("/away", 503, {"started": False})
    assert tolbrug("health", f"{door.url}/readyz")[0] == 0
    assert tolbrug("health", f"{door.url}/away")[0] == 1
    assert tolbrug("health", "http://127.0.0.1:9/readyz")[0] == 1


def test_when_nobody_answers_the_way_out_is_told() -> None:
    with pytest.raises(Fatal, match="tolbrug up"):
        tolbrug("alerts", "--url", "http://127.0.0.1:9")


def test_alerts_are_received_only_with_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOLBRUG_ALERTING__WEBHOOK_SECRET", raising=False)
    with pytest.raises(Fatal, match="TOLBRUG_ALERTING__WEBHOOK_SECRET"):
        alerts.listen()


@pytest.mark.parametrize(
    "command", [["sing"], ["run", "singing"], ["send"], ["send", "/no/such/file"], ["licence", "show"]]
)
def test_what_was_not_understood_exits_with_2(command: list[str]) -> None:
    assert tolbrug(*command)[0] == 2
