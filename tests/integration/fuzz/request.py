"""How a message is sent: headers, framing of the body, pace. All of it can be garbled."""

import gzip
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from random import Random

Header = tuple[bytes, bytes]
MESSAGES = "/v1/customs/messages"
HUGE = 50 * 1024 * 1024


class Framing(StrEnum):
    """How the length of a body is told, truly or not."""

    LENGTH = "length"
    CHUNKED = "chunked"
    LESS = "fewer bytes than told, then the end"
    MORE = "more bytes than told"
    SLOW = "in pieces with pauses"


@dataclass(slots=True)
class Request:
    """One request of the campaign. `what` are the names of all that was done to it."""

    number: int
    body: bytes
    media_type: bytes
    what: list[str] = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)
    framing: Framing = Framing.LENGTH
    path: str = MESSAGES
    http: bool = True
    """Whether it is HTTP: what is not may be answered by closing the connection."""
    ends: bool = False
    """Whether the sender says after it that it sends no more, since the door may wait for more than there is."""
    stored: bytes | None = None
    """The bytes the log must hold when they are not those of the body."""

    @property
    def as_received(self) -> bytes:
        return self.body if self.stored is None else self.stored


_TYPES = (
    *(b"", b"application/xml", b"text/xml", b"application/json", b"text/plain", b"application/octet-stream"),
    *(b"application/vnd.x+xml", b"application/problem+json", b"application/XML", b"application/xml;", b"xml", b"+json"),
    *(b"application/xml; charset=utf-16", b"application/xml; charset=latin-1", b"text/xml; charset=us-ascii"),
    *(b"application/xml; charset=x-unknown", b"application/xml; charset=", b'application/xml; charset="', b"*/*"),
    *(b"application/xml; charset*=utf-8''%ff", b"application/json; charset=utf-16", b"application/json; charset=UTF8"),
    *(b"application/xml; charset=rot13", b"application/xml; charset=\xff", b"\xff/\xfe", b"a" * 3_000, b";;;==\"'"),
    *(b"application/x-ndjson", b"application/zip", b"application/x-tar", b"application/gzip", b"multipart/mixed"),
    *(b"multipart/form-data; boundary=x", b"application/soap+xml", b"application/xml, application/json"),
)
_HEADERS: tuple[Header, ...] = (
    *((b"Idempotency-Key", value) for value in (b"", b" ", b"x" * 255, b"x" * 256, b"a b", b"\xff", b"a,b")),
    *((b"Content-Encoding", value) for value in (b"gzip", b"identity", b"br", b"deflate", b"gzip, gzip", b"", b"\xff")),
    *((b"traceparent", value) for value in (b"", b"x", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01", b"\xff" * 50)),
    (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    *((b"Expect", b"100-continue"), (b"Expect", b"x"), (b"Connection", b"close"), (b"Connection", b"Upgrade")),
    *((b"Upgrade", b"websocket"), (b"Host", b"\xff"), (b"Host", b"other"), (b"Cookie", b"x" * 8_000)),
    *((b"Accept", b"image/png"), (b"Accept-Encoding", b"*"), (b"X-Forwarded-For", b"'"), (b"Prefer", b"respond-async")),
    *((b"Content-Type", b"application/json"), (b"Content-MD5", b"x"), (b"Range", b"bytes=0-"), (b"If-Match", b"*")),
)
NOT_HTTP: tuple[Header, ...] = (
    *((b"Content-Length", value) for value in (b"-1", b"x", b"1e3", b"99999999999999999999", b"0x10", b"", b"+5")),
    *((b"Transfer-Encoding", value) for value in (b"gzip", b"chunked, chunked", b"identity", b"\xff")),
    *(
        (b"a b", b"c"),
        (b"", b"x"),
        (b"x\x00", b"y"),
        (b"X-Long", b"x" * 200_000),
        (b"x", b"a\rb"),
        (b"x\n", b"y"),
        (b"x", b"\x7f"),
    ),
)


def typed(random: Random, request: Request) -> None:
    """A media type that says something else, or nothing that can be read."""
    request.media_type = random.choice(_TYPES)


def headed(random: Random, request: Request) -> None:
    """One to three headers that are strange, or there twice."""
    request.headers += random.choices(_HEADERS, k=random.randint(1, 3))
    request.http = not any(
        name in {b"Upgrade", b"Host", b"Expect"} or value == b"Upgrade" for name, value in request.headers
    )


def garbled(random: Random, request: Request) -> None:
    """No HTTP any more."""
    request.headers.append(random.choice(NOT_HTTP))
    request.http, request.ends = False, True


def framed(random: Random, request: Request) -> None:
    request.framing = random.choice((Framing.CHUNKED, Framing.CHUNKED, Framing.CHUNKED, Framing.LESS, Framing.MORE))
    request.http, request.ends = request.framing is Framing.CHUNKED, request.framing is Framing.LESS


def slow(random: Random, request: Request) -> None:
    request.framing = Framing.SLOW


def huge(random: Random, request: Request) -> None:
    """Fifty megabytes, told or not."""
    request.body = request.body + random.choice((b" ", b"\x00", b"x")) * (HUGE - len(request.body))
    request.framing = random.choice((Framing.LENGTH, Framing.CHUNKED))


def zipped(random: Random, request: Request) -> None:
    """Compressed: whole, cut off, twice, a bomb, or only said to be."""
    request.headers.append((b"Content-Encoding", b"gzip"))
    request.stored = request.body
    match random.randrange(6):
        case 0 | 1 | 2:
            request.body = gzip.compress(request.body, 1)
        case 3:
            whole = gzip.compress(request.body, 1)
            request.body = whole[: random.randrange(len(whole))]
        case 4:
            request.body = gzip.compress(gzip.compress(request.body, 1), 1)
        case _:
            request.body = _bomb()


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * HUGE, 9)


def elsewhere(random: Random, request: Request) -> None:
    """Another place of the door, or none."""
    request.path = random.choice(
        (
            *(
                "/v1/customs/messages/",
                "/v1/customs/declarations/x",
                "/",
                "/v1/customs/messages?wait=x",
                "/v1/licences",
            ),
            *(
                "/v1/customs/messages/%ff",
                "/v1/customs/declarations/%00/verdict",
                "//v1//customs",
                "/v1/customs/%2e%2e",
            ),
        )
    )
