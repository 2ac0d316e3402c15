"""What is an answer to a message, and what of all that was taken must be there afterwards."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256

from tests.integration.fuzz.request import MESSAGES, Request
from tests.integration.fuzz.wire import Answer

PROBLEM = b"application/problem+json"
LINES = b"application/x-ndjson"
"""The answer to many messages at once, whatever their media type: a line for each."""
PLACE = re.compile(r"line \d+, column \d+")
PACKED = ("gzip.", "zip.", "tar.")
"""What is wrong with these lies in no line."""
MOVED = frozenset({307, 308})
OVER = frozenset({400, 413, 431})
"""To what is no HTTP the server answers by itself, in plain text."""


@dataclass(slots=True)
class Judge:
    """Looks at each answer. `taken`: by our id, the SHA-256 of what was sent and the case; `wrong` must stay empty."""

    seed: int
    answers: Counter[int] = field(default_factory=Counter)
    taken: dict[str, tuple[str, int]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    overloaded: int = 0

    def judge(self, request: Request, answer: Answer) -> str | None:
        """Our id of the message when it was taken."""
        self.answers[answer.status] += 1
        if answer.headers.get(b"content-type", b"").startswith(LINES):
            self._lines(request, answer)
            return None
        if answer.status in {200, 202}:
            return self._taken(request, answer)
        if answer.status == 503:
            self.overloaded += 1
        fault = _fault(request, answer)
        if fault:
            self.blame(request, answer, fault)
        return None

    def blame(self, request: Request, answer: Answer, fault: str) -> None:
        told = f"case {request.number} of seed {self.seed} ({', '.join(request.what)}): {fault}"
        self.wrong.append(f"{told}; answered {answer.status} {answer.body[:200]!r}")

    def _lines(self, request: Request, answer: Answer) -> None:
        """What is taken of many messages is told by their lines; the log has the bytes of each."""
        for line in map(json.loads, answer.body.splitlines()):
            if line["status"] in {200, 202}:
                self.taken[line["id"]] = line["sha256"], request.number
            elif not 400 <= line["status"] < 500 or "problem" not in line:
                self.blame(request, answer, f"a line that is neither taken nor refused: {line}")

    def _taken(self, request: Request, answer: Answer) -> str | None:
        body = json.loads(answer.body)
        digest = sha256(request.as_received).hexdigest()
        if body["sha256"] != digest:
            self.blame(request, answer, "taken as other bytes than were sent")
        if (answer.status == 200) is not body.get("duplicate", False):
            self.blame(request, answer, "200 is for repeats, and 202 for the others")
        self.taken[body["id"]] = digest, request.number
        return str(body["id"])


def _fault(request: Request, answer: Answer) -> str | None:
    """What is not right about an answer that takes nothing."""
    if not request.http and answer.status in {0, 408, *OVER}:
        return None
    if answer.status == 503:
        return None if b"retry-after" in answer.headers else "503 without Retry-After"
    if answer.status in MOVED and request.path != MESSAGES:
        return None
    if not 400 <= answer.status < 500:
        return "neither taken nor refused"
    if answer.headers.get(b"content-type") != PROBLEM:
        return "a refusal that is no problem+json"
    return _problem(answer)


def _problem(answer: Answer) -> str | None:
    problem = json.loads(answer.body)
    if problem.get("status") != answer.status or not problem.get("title"):
        return "a problem without its status or title"
    errors = problem.get("errors", [])
    if answer.status == 400 and not (
        errors and all(_placed(e["path"]) or e["code"].startswith(PACKED) for e in errors)
    ):
        return "malformed, and no line is told"
    if answer.status == 422 and not (errors and all(e["code"] and e["detail"] for e in errors)):
        return "not acceptable, and no path is told"
    return None


def _placed(path: str) -> bool:
    return bool(PLACE.fullmatch(path)) or path == "Idempotency-Key"
