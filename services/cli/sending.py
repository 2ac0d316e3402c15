"""Sending files to the customs door until each is answered finally, or the door is away for too long."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import IO, Any, Final, Protocol, TypeVar

import httpx

from services.cli.door import problem, sentence
from services.cli.journal import Journal, Sent

PATH: Final = "/v1/customs/messages"
LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that say nothing about the message: it is sent again."""
OTHERS: Final = frozenset({401, 403, 404, 405, 407})
"""Answers that say the same about every message: no token, or no customs door. Nothing more is sent."""
NEW: Final = frozenset({201, 202})
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)

Answer = dict[str, Any]


class _Again(Exception):
    """Not answered finally: once more after so many seconds, when the door says so."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


class _Useless(Exception):
    """Nothing is taken there from this sender."""


class Sendable(Protocol):
    """A file, or a part of one: what it is called, what it holds, and as what it is sent."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def query(self) -> Mapping[str, str]: ...
    @property
    def too_large(self) -> str | None: ...
    @property
    def many(self) -> bool: ...
    def open(self) -> AbstractContextManager[IO[bytes]]: ...


P = TypeVar("P", bound=Sendable)


class _Doors:
    """The processes of one door. Each takes so many at a time and sends away who comes beyond that."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._lock = Lock()
        self._under_way = dict.fromkeys(urls, 0)
        self._failed = dict.fromkeys(urls, 0)

    @contextmanager
    def least_busy(self) -> Iterator[str]:
        """The one with the least under way, where each failure since the last answer counts as one more."""
        with self._lock:
            url = min(self._under_way, key=lambda each: self._under_way[each] + self._failed[each])
            self._under_way[url] += 1
        try:
            yield url
            self._failed[url] = 0
        except _Again:
            self._failed[url] += 1
            raise
        finally:
            with self._lock:
                self._under_way[url] -= 1


@dataclass
class Sender:
    """Sends to one door. What gets no final answer for `patience_s` ends the sending: others would not either.

    `clock` and `pause` are replaced in tests.
    """

    url: str
    journal: Journal
    client: httpx.Client
    patience_s: float
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], object] | None = None
    path: str = PATH
    doors: Sequence[str] = ()
    stopped: Event = field(default_factory=Event)
    why: str = ""

    def __post_init__(self) -> None:
        self._doors = _Doors(self.doors or (self.url,))

    def send_all(self, parcels: Sequence[P], parallel: int) -> Iterator[tuple[P, Sent | None, bool]]:
        """Each in order: how it was answered, or None, and whether that was known from the journal."""
        pool = ThreadPoolExecutor(parallel)
        try:
            under_way: list[Future[tuple[Sent | None, bool]]] = [pool.submit(self._send, each) for each in parcels]
            for parcel, future in zip(parcels, under_way, strict=True):
                yield parcel, *future.result()
        finally:
            self.stopped.set()
            pool.shutdown(cancel_futures=True)

    def _send(self, parcel: Sendable) -> tuple[Sent | None, bool]:
        sha256 = parcel.sha256
        before = self.journal.find(self.url, parcel.name, sha256)
        if before is not None:
            return before, True
        answers = self._answers(parcel)
        if answers is None:
            return None, False
        sent = _sent(self.url, parcel.name, sha256, answers)
        self.journal.add(sent)
        return sent, False

    def _answers(self, parcel: Sendable) -> list[Answer] | None:
        """The final answers; None when there are none yet."""
        if (reason := parcel.too_large) is not None:
            return [{"status": 413, "reason": reason}]
        give_up_at = self.clock() + self.patience_s
        pause = FIRST_PAUSE_S
        while not self.stopped.is_set():
            try:
                return self._post(parcel)
            except _Useless as useless:
                self._stop(f"{parcel.name}: {useless}")
            except _Again as again:
                wait = min(again.after_s or pause, LONGEST_PAUSE_S)
                if self.clock() + wait > give_up_at:
                    self._stop(f"{parcel.name}: {again}")
                else:
                    (self.pause or self.stopped.wait)(wait)
                pause = min(pause * 2, LONGEST_PAUSE_S)
        return None

    def _stop(self, why: str) -> None:
        self.why = why
        self.stopped.set()

    def _post(self, parcel: Sendable) -> list[Answer]:
        with self._doors.least_busy() as url:
            return self._post_to(url, parcel)

    def _post_to(self, url: str, parcel: Sendable) -> list[Answer]:
        try:
            with (
                parcel.open() as file,
                self.client.stream(
                    "POST", url + self.path, content=file, headers=parcel.headers, params=parcel.query
                ) as response,
            ):
                if response.status_code in LATER:
                    raise _Again(f"the door answers {response.status_code}", retry_after(response))
                if response.is_success and parcel.many:
                    return _final([json.loads(line) for line in response.iter_lines() if line])
                response.read()
                if response.status_code in OTHERS:
                    raise _Useless(f"the door answers {response.status_code}: {problem(response)}")
                return [_single(response)]
        except httpx.TransportError as error:
            raise _Again(f"{url} does not answer ({error})") from error
        except ValueError as error:
            raise _Again(f"{url} does not answer as a customs door does ({error})") from error


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the door asks to wait, when it says so as a number (RFC 9110, 10.2.3)."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None


def _single(response: httpx.Response) -> Answer:
    if response.is_success:
        return {**response.json(), "status": response.status_code}
    return {"status": response.status_code, "reason": problem(response)}


def _final(answers: list[Answer]) -> list[Answer]:
    """The lines of an answer. _Again when one of them is to be sent again: the others are known by then."""
    for answer in answers:
        if answer["status"] in LATER:
            raise _Again(f"the door answers {answer['status']} to part of it", answer.get("retry_after"))
    return [answer if "problem" not in answer else _refused(answer) for answer in answers]


def _refused(answer: Answer) -> Answer:
    place: Answer = {name: answer[name] for name in ("name", "line", "ref") if name in answer}
    faults = {"errors": answer["problem"]["errors"]} if "errors" in answer["problem"] else {}
    return {**place, "status": answer["status"], "reason": sentence(answer["problem"]), **faults}


def _sent(url: str, file: str, sha256: str, answers: Sequence[Answer]) -> Sent:
    return Sent(
        url=url,
        file=file,
        sha256=sha256,
        accepted=sum(answer["status"] in NEW for answer in answers),
        known=sum(answer["status"] == 200 for answer in answers),
        refused=tuple(answer for answer in answers if "reason" in answer),
    )
