"""gzip bodies: whole, in parts, too much, not whole."""

import gzip
import random
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Refused
from services.runtime import unpacking
from services.runtime.unpacking import UNWATCHED, Unpacked, unpack

LARGEST = 8 * 1024 * 1024


def fault(body: bytes, largest: int = LARGEST) -> tuple[int, str | None]:
    with pytest.raises(Refused) as refused:
        unpack(body, largest, "message")
    return refused.value.status, refused.value.faults[0].code if refused.value.faults else None


@given(parts=st.lists(st.binary(max_size=3000), min_size=1, max_size=4), size=st.integers(1, 700))
def test_what_was_packed_comes_out_however_it_is_asked_for(parts: list[bytes], size: int) -> None:
    packed = b"".join(map(gzip.compress, parts))
    unpacked = Unpacked(BytesIO(packed), LARGEST, "message")
    read = iter(lambda: unpacked.read(size), b"")
    found = list(read)
    assert b"".join(found) == b"".join(parts)
    assert all(len(each) <= size for each in found)


@given(body=st.binary(max_size=2000), cut=st.integers(1, 30))
def test_what_is_not_whole_is_refused(body: bytes, cut: int) -> None:
    packed = gzip.compress(body)
    status, code = fault(packed[: max(0, len(packed) - cut)])
    assert status == 400
    assert code in {"gzip.truncated", "gzip.malformed"}


PACKED = gzip.compress(b"x", mtime=0)
"""Without the time of day, which would be another in each process of a test run."""


@pytest.mark.parametrize("body", [b"", b"<a/>", PACKED + b"tail", PACKED[:-8] + bytes(8)])
def test_what_is_no_gzip_is_refused(body: bytes) -> None:
    assert fault(body) == (400, "gzip.malformed")


def test_a_body_out_of_all_proportion_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "_CHUNK", 512)
    bomb = gzip.compress(bytes(2 * 1024 * 1024), 9)
    unpacked = Unpacked(BytesIO(bomb), 1 << 40, "archive")
    sizes: list[int] = []
    with pytest.raises(Refused) as refused:
        sizes.extend(map(len, iter(unpacked.read, b"")))
    assert refused.value.status == 413
    assert refused.value.faults[0].code == "body.ratio"
    assert sum(sizes) <= UNWATCHED + 64 * 1024


def test_little_may_come_of_very_little() -> None:
    assert len(unpack(gzip.compress(bytes(UNWATCHED), 9), LARGEST, "message")) == UNWATCHED


def test_more_than_a_message_may_have_is_refused() -> None:
    noise = random.Random(1).randbytes(30_000)
    assert unpack(gzip.compress(noise), 30_000, "message") == noise
    assert fault(gzip.compress(noise), 29_999) == (413, None)
