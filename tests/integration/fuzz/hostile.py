"""Messages made to break a reader: entities, depth, width, size."""

import re
from random import Random

from tests.integration.fuzz.corpus import Real

DEEP = 100_000
WIDE = 200_000

_ROOT = re.compile(rb"<([A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*[^>]*>")
_CLOSING = re.compile(rb"</")
_LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))

DOCTYPES: tuple[bytes, ...] = (
    b'<!DOCTYPE x [<!ENTITY l0 "lol">' + _LAUGHS + b"]>",
    b'<!DOCTYPE x [<!ENTITY l11 "' + b"A" * 100_000 + b'">]>',
    b'<!DOCTYPE x [<!ENTITY l11 SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE x [<!ENTITY l11 SYSTEM "http://127.0.0.1:9/x">]>',
    b'<!DOCTYPE x [<!ENTITY l11 PUBLIC "-//X" "ftp://127.0.0.1:9/x">]>',
    b'<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///dev/zero">%p;]>',
    b"<!DOCTYPE x [<!ENTITY % a \"<!ENTITY l11 'b'>\">%a;]>",
    b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    b'<!DOCTYPE x PUBLIC "-//X" "file:///dev/random">',
    b'<!DOCTYPE x [<!ENTITY l11 "&l11;">]>',
    b'<!DOCTYPE x [<!ATTLIST x a CDATA "d">]>',
    b"<!DOCTYPE x [" + b"<!ENTITY e SYSTEM 'x'>" * 2_000 + b"]>",
    b"<!DOCTYPE",
    b"<!doctype x>",
    b'<!-- x --><?p?><!DOCTYPE x [<!ENTITY l11 "x">]>',
    b"",
)


def entities(random: Random, real: Real, body: bytes) -> bytes:
    """A document type with entities, and a reference to one in the place of a text."""
    doctype = random.choice(DOCTYPES)
    head, found, rest = body.partition(b"?>")
    body = head + found + doctype + rest if found else doctype + body
    return _within(random, body, random.choice((b"&l11;", b"&l11;" * 1_000, b"&l0;", b"&x;")))


def deep(random: Random, real: Real, body: bytes) -> bytes:
    """A hundred thousand levels, closed or not."""
    closed = random.random() < 0.5
    if real.is_json:
        opening, closing = random.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")))
        inner = opening * DEEP + b"1" + (closing * DEEP if closed else b"")
        return inner if random.random() < 0.3 else b'{"x":' + inner + b"," + body.lstrip()[1:]
    name = random.choice((b"a", b"GoodsItem", b"ecs:x"))
    return _within(random, body, b"<%b>" % name * DEEP + (b"</%b>" % name * DEEP if closed else b""))


def wide(random: Random, real: Real, body: bytes) -> bytes:
    """Two hundred thousand attributes, elements, namespaces or fields."""
    if real.is_json:
        fields = b",".join(b'"a%d":1' % n for n in range(WIDE))
        values = b'"items":[' + b"{}," * WIDE + b"{}]"
        return b"{" + random.choice((fields, values)) + b"," + body.lstrip()[1:]
    if random.random() < 0.5:
        return _within(random, body, random.choice((b"<a/>", b"<GoodsItem/>", b"<!---->", b"<?p?>")) * WIDE)
    attribute = random.choice((b' a%d=""', b' xmlns:a%d="urn:a"', b' a="%d"'))
    attributes = b"".join(attribute % n for n in range(WIDE))
    root = next(_ROOT.finditer(body), None)
    place = len(body) if root is None else root.end() - 1
    return body[:place] + attributes + body[place:]


def long(random: Random, real: Real, body: bytes) -> bytes:
    """As much of one thing as a message may hold, and a little more."""
    size = random.choice((4, 5, 6)) * 1024 * 1024
    if real.is_json:
        filling = random.choice((b" " * size, b'"x":"' + b"x" * size + b'",', b'"x":' + b"9" * size + b","))
        return body[:1] + filling + body[1:]
    return _within(
        random, body, random.choice((b" ", b"x", b"<!-- x -->", b"\xe4\xb8\xad", b"<a/>", b"&lt;", b"\n")) * size
    )


def _within(random: Random, body: bytes, what: bytes) -> bytes:
    """Before the closing tag of some element."""
    places = [found.start() for found in _CLOSING.finditer(body)] or [len(body)]
    place = random.choice(places)
    return body[:place] + what + body[place:]
