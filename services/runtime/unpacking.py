"""gzip (RFC 1952) within limits: a few bytes of a stranger must fill neither memory nor disk."""

import zlib
from io import BytesIO
from typing import BinaryIO, Final

from services.core.errors import Fault, Refused

RATIO: Final = 200
"""So many times its size a body may unpack to. What we take is text that seldom shrinks to a fiftieth."""
UNWATCHED: Final = 1024 * 1024
"""Bytes that may come out of however few."""

_CHUNK: Final = 64 * 1024
_GZIP: Final = 31


class Unpacked:
    """What is in a gzip file, of one member or several, read without keeping any of it.

    `read` raises Refused: 400 when the file is not whole or no gzip, 413 beyond `largest` bytes or `RATIO`. `noun` is
    what comes out.
    """

    def __init__(self, source: BinaryIO, largest: int, noun: str) -> None:
        self._source = source
        self._largest = largest
        self._noun = noun
        self._unpacker = zlib.decompressobj(_GZIP)
        self._packed = b""
        self._begun = False
        self._ended = False
        self._taken = 0
        self._given = 0

    def read(self, size: int = _CHUNK) -> bytes:
        """At least one and at most `size` bytes; none at the end."""
        while not self._ended:
            data = self._unpack(size)
            if data:
                self._given += len(data)
                check_size(self._given, self._taken - len(self._packed), self._largest, self._noun)
                return data
        return b""

    def read_all(self) -> bytes:
        """All of it, at most `largest` bytes."""
        parts = []
        while part := self.read():
            parts.append(part)
        return b"".join(parts)

    def _unpack(self, size: int) -> bytes:
        packed = self._packed or self._source.read(_CHUNK)
        if not self._packed:
            self._taken += len(packed)
        if not packed and not self._begun:
            self._ended = True
            return b"" if self._taken else self._fail("gzip.malformed", "no bytes at all")
        try:
            data = self._unpacker.decompress(packed, size)
        except zlib.error as error:
            return self._fail("gzip.malformed", str(error))
        self._begun = True
        self._packed = self._unpacker.unconsumed_tail
        if self._unpacker.eof:
            self._packed = self._unpacker.unused_data
            self._unpacker, self._begun = zlib.decompressobj(_GZIP), False
        elif not packed and not data:
            return self._fail("gzip.truncated", "it ends before it is whole")
        return data

    def _fail(self, code: str, detail: str) -> bytes:
        raise Refused(400, "The body is not a whole gzip file", (Fault("", code, detail),))


def check_size(given: int, packed: int, largest: int, noun: str) -> None:
    """Refused 413 when what came out of `packed` bytes is too much, by itself or in relation."""
    if given > largest:
        raise Refused(413, f"A {noun} has at most {largest} bytes")
    if given > UNWATCHED and given > RATIO * packed:
        fault = Fault("", "body.ratio", f"{packed} bytes give more than {RATIO} times as many")
        raise Refused(413, "The body unpacks to out of all proportion", (fault,))


def unpack(body: bytes, largest: int, noun: str) -> bytes:
    """What a gzip body says, see `Unpacked`."""
    return Unpacked(BytesIO(body), largest, noun).read_all()
