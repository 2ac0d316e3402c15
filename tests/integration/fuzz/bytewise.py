"""Mutations that know nothing of what the bytes mean, and those that write the same characters in other bytes."""

import re
from collections.abc import Callable
from random import Random

from tests.integration.fuzz.corpus import Real, corpus
from tests.integration.fuzz.values import RAW_XML

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_CHARSETS = (
    *("utf-16-le", "utf-16-be", "utf-16", "latin-1", "utf-7", "utf-32", "utf-32-le", "cp1252", "iso8859-15", "cp037"),
    *("utf-8-sig", "ascii", "shift_jis", "gb18030", "utf-8"),
)
_NAMES = (
    *("UTF-8", "utf-16", "UTF-16LE", "ISO-8859-1", "ISO-8859-15", "windows-1252", "US-ASCII", "UTF-7", "UTF-32"),
    *("EBCDIC-CP-US", "x-unknown", "", "utf-8; x", "rot13", "hex", "zlib", "idna", "unicode_escape", "A" * 60),
)


def bytewise(random: Random, real: Real, body: bytes) -> bytes:
    """One to six small damages."""
    del real
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        body = random.choice(_DAMAGES)(random, body)
    return body


def spliced(random: Random, real: Real, body: bytes) -> bytes:
    """The beginning of one message and the end of another."""
    del real
    other = random.choice(corpus()).body
    return body[: random.randrange(len(body) + 1)] + other[random.randrange(len(other)) :]


def encoded(random: Random, real: Real, body: bytes) -> bytes:
    """The same text in another character set, which it declares or not."""
    text = body.decode("utf-8", "replace")
    if random.random() < 0.3:
        text = text.replace("a", random.choice(("é", "ÿ", "\u20ac", "\u4e2d", "\U0001d518")), 3)
    if not real.is_json:
        name = random.choice(_NAMES)
        written = {0: "", 1: f'<?xml version="1.0" encoding="{name}"?>', 2: f"<?xml version='1.1' encoding='{name}' ?>"}
        text = written[random.randrange(3)] + _DECLARATION.sub("", text)
    encoding = random.choice(_CHARSETS)
    mark = random.choice((b"", b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x00\x00\xfe\xff"))
    return mark + text.encode(encoding, "replace")


def _place(random: Random, body: bytes) -> int:
    return random.randrange(len(body) + 1)


def _flip(random: Random, body: bytes) -> bytes:
    place = _place(random, body)
    return body[:place] + bytes(b ^ (1 << random.randrange(8)) for b in body[place : place + 1]) + body[place + 1 :]


def _insert(random: Random, body: bytes) -> bytes:
    place = _place(random, body)
    return body[:place] + random.randbytes(random.randint(1, 8)) + body[place:]


def _markup(random: Random, body: bytes) -> bytes:
    place = _place(random, body)
    return body[:place] + random.choice(RAW_XML) + body[place:]


def _delete(random: Random, body: bytes) -> bytes:
    place = _place(random, body)
    return body[:place] + body[place + random.choice((1, 1, 2, 8, 64, 400)) :]


def _repeat(random: Random, body: bytes) -> bytes:
    place, length = _place(random, body), random.choice((1, 8, 64, 400))
    return body[:place] + body[place : place + length] * random.choice((2, 3, 50)) + body[place + length :]


def _cut(random: Random, body: bytes) -> bytes:
    return body[: _place(random, body)]


def _digit(random: Random, body: bytes) -> bytes:
    """Another digit or letter: the message stays whole, its meaning does not."""
    places = [found.start() for found in re.finditer(rb"[0-9A-Z]", body)]
    if not places:
        return body
    place = random.choice(places)
    return body[:place] + random.choice((b"0", b"9", b"1", b"A", b"Z", b".", b"-")) + body[place + 1 :]


_DAMAGES: tuple[Callable[[Random, bytes], bytes], ...] = (
    *(_flip, _insert, _markup, _delete, _repeat, _cut, _digit, _digit),
)
