"""Bodies of many messages: what is read of them, what is refused by name, and that nothing fills memory."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.errors import Refused
from services.customs.adapters.http import archives
from services.customs.adapters.http.archives import FORMATS, Member
from services.customs.adapters.xml.document import LARGEST
from services.runtime import unpacking
from tests.builders_archives import in_tar, in_zip

NDJSON, ZIP, TAR, TGZ = FORMATS
MESSAGES = {"a.xml": b"<a/>", "b/ü.json": b'{"b": 1}', "c.xml": b"<c>" + bytes(range(32, 127)) * 50 + b"</c>"}
DEFLATED = zipfile.ZIP_DEFLATED


def members(media_type: str, body: bytes, *, packed: bool = False) -> list[Member]:
    return list(FORMATS[media_type](io.BytesIO(body), len(body), packed=packed))


def told(found: Iterable[Member]) -> list[tuple[object, object]]:
    """Place and content of each, or the code of its fault."""
    return [
        (
            member.place.get("name") or member.place["line"],
            member.content if isinstance(member.content, bytes) else fault(member.content),
        )
        for member in found
    ]


def fault(refused: Refused) -> object:
    return refused.faults[0].code if refused.faults else refused.status


BODIES = {ZIP: in_zip(MESSAGES), TAR: in_tar(MESSAGES), TGZ: gzip.compress(in_tar(MESSAGES))}


@pytest.mark.parametrize("media_type", BODIES)
def test_the_files_of_an_archive_come_in_their_order(media_type: str) -> None:
    assert told(members(media_type, BODIES[media_type])) == list(MESSAGES.items())


def test_an_archive_of_any_tar_dialect_is_read_and_folders_are_passed_over() -> None:
    folder = tarfile.TarInfo("folder")
    folder.type = tarfile.DIRTYPE
    for kind in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        long = {"x" * 90 + "/" + "y" * 90: b"<long/>"}
        assert [m.content for m in members(TAR, in_tar(long, folder, kind=kind))] == [b"<long/>"]
    assert members(ZIP, in_zip({"folder/": b""})) == []


def test_lines_are_counted_and_empty_ones_passed_over() -> None:
    body = b'{"a": 1}\r\n\n  \n{"b": 2}\n{"c": 3}'
    expected = [(1, b'{"a": 1}'), (4, b'{"b": 2}'), (5, b'{"c": 3}')]
    assert told(members(NDJSON, body)) == expected
    assert told(members(NDJSON, gzip.compress(body), packed=True)) == expected


@given(
    lines=st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=30),
    chunk=st.integers(1, 9),
)
def test_lines_are_the_same_however_they_are_cut(lines: list[bytes], chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archives, "_CHUNK", chunk)
        found = told(members(NDJSON, b"\n".join(lines)))
    stripped = [(number, line.strip(b" \t\r")) for number, line in enumerate(lines, 1)]
    assert found == [(number, line) for number, line in stripped if line]


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "C:\\x", "\\\\host\\x", "..\\x"])
def test_a_name_that_leads_elsewhere_is_refused_by_its_line(name: str) -> None:
    files = {name: b"<a/>", "good": b"<b/>"}
    for found in (members(ZIP, in_zip(files)), members(TAR, in_tar(files))):
        assert [content for _, content in told(found)] == ["member.name", b"<b/>"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused_by_their_line(kind: bytes) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = kind, "/etc/passwd"
    assert told(members(TAR, in_tar({"good": b"<b/>"}, link))) == [("good", b"<b/>"), ("link", "member.kind")]


def test_a_link_in_a_zip_is_refused_by_its_line() -> None:
    def link(info: zipfile.ZipInfo) -> None:
        info.external_attr = 0o120777 << 16

    assert told(members(ZIP, in_zip({"link": b"/etc/passwd"}, link))) == [("link", "member.kind")]


@pytest.mark.parametrize("inner", [*BODIES.values(), gzip.compress(b"<a/>", mtime=0)])
def test_an_archive_in_an_archive_is_not_opened(inner: bytes) -> None:
    files = {"inner": inner, "good": b"<b/>"}
    for found in (members(ZIP, in_zip(files)), members(TAR, in_tar(files))):
        assert told(found) == [("inner", "member.archive"), ("good", b"<b/>")]


def test_what_is_larger_than_a_message_may_be_is_refused_by_its_line_and_the_next_is_read() -> None:
    large = b" " * LARGEST + b"x"
    files = {"large": large, "good": b"<b/>"}
    assert told(members(TAR, in_tar(files))) == [("large", 413), ("good", b"<b/>")]
    assert told(members(NDJSON, large + b"\n{}")) == [(1, 413), (2, b"{}")]
    stored = in_zip(files, lambda info: setattr(info, "compress_type", zipfile.ZIP_STORED))
    assert told(members(ZIP, stored)) == [("large", 413), ("good", b"<b/>")]


def test_a_size_that_a_zip_lies_about_is_not_believed() -> None:
    body = bytearray(in_zip({"liar": b" " * (LARGEST + 10)}))
    entry = body.rindex(b"PK\x01\x02")
    body[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    assert [content for _, content in told(members(ZIP, bytes(body)))] == ["member.malformed"]


def test_a_member_that_is_damaged_refuses_itself_alone() -> None:
    body = in_zip(MESSAGES)
    at = body.index(b"a.xml") + 5
    broken = body[:at] + b"\xff" + body[at + 1 :]
    assert [content for _, content in told(members(ZIP, broken))] == ["member.malformed", *list(MESSAGES.values())[1:]]


@pytest.mark.parametrize(
    ("flag", "compression", "code"), [(1, DEFLATED, "member.encrypted"), (0, 99, "member.compression")]
)
def test_encrypted_and_strangely_compressed_members_are_refused(flag: int, compression: int, code: str) -> None:
    body = bytearray(in_zip({"a": b"<a/>"}))
    entry = body.rindex(b"PK\x01\x02")
    body[entry + 8] |= flag
    body[entry + 10] = compression
    assert told(members(ZIP, bytes(body))) == [("a", code)]


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "UNWATCHED", 100_000)
    bomb = in_zip({f"{n}": b" " * 200_000 for n in range(20)})
    assert len(bomb) < 10_000
    with pytest.raises(Refused) as zip_bomb:
        members(ZIP, bomb)
    with pytest.raises(Refused) as tar_bomb:
        members(TGZ, gzip.compress(in_tar({"a": b" " * 1_000_000})))
    assert [fault(each.value) for each in (zip_bomb, tar_bomb)] == ["body.ratio"] * 2


def test_a_directory_that_would_fill_the_memory_is_not_read() -> None:
    body = bytearray(in_zip({"a": b"<a/>"}))
    end = body.rindex(b"PK\x05\x06")
    body[end + 12 : end + 16] = (3 * 1024 * 1024).to_bytes(4, "little")
    with pytest.raises(Refused) as large:
        members(ZIP, bytes(body))
    assert large.value.status == 413
    locator = b"PK\x06\x07" + bytes(16)
    with pytest.raises(Refused) as larger:
        members(ZIP, bytes(body[:end]) + locator + bytes(body[end:]))
    assert fault(larger.value) == "zip.zip64"


def test_more_than_so_many_messages_are_for_another_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST", 2)
    for media_type, body in {**BODIES, NDJSON: b"{}\n{}\n{}"}.items():
        with pytest.raises(Refused) as refused:
            members(media_type, body)
        assert refused.value.status == 413


@pytest.mark.parametrize("cut", [1, 300, 512, 700])
def test_what_is_missing_of_a_tar_archive_is_noticed(cut: int) -> None:
    """Python's own reader takes a broken or missing header for the end."""
    body = in_tar(MESSAGES)
    last = body.rindex(b"</c>") + 4
    data_end = last + -last % 512
    with pytest.raises(Refused) as refused:
        members(TAR, body[: data_end + 512 - cut])
    assert refused.value.status == 400
    with pytest.raises(Refused):
        members(TGZ, gzip.compress(body)[:-cut])


def test_a_damaged_header_in_the_middle_of_a_tar_archive_is_not_its_end() -> None:
    body = bytearray(in_tar(MESSAGES, kind=tarfile.USTAR_FORMAT))
    body[1024] ^= 0xFF
    with pytest.raises(Refused) as refused:
        members(TAR, bytes(body))
    assert fault(refused.value) == "tar.malformed"


def test_an_extended_header_is_not_read_however_long() -> None:
    info = tarfile.TarInfo("x")
    info.pax_headers = {"comment": "y" * 100_000}
    with pytest.raises(Refused) as refused:
        members(TAR, in_tar({}, info))
    assert "too large" in refused.value.faults[0].detail


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    media_type = data.draw(st.sampled_from(list(FORMATS)))
    good = BODIES.get(media_type, b'{"a": 1}\n{"b": 2}\n')
    body = bytearray(data.draw(st.sampled_from([*BODIES.values(), good, good, good])))
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255)), max_size=8)):
        body[place] = value
    body = body[: data.draw(st.integers(0, len(body)))] if data.draw(st.booleans()) else body
    status, found = 200, []
    try:
        found = members(media_type, bytes(body), packed=data.draw(st.booleans()))
    except Refused as refused:
        status = refused.status
    assert status in {200, 400, 413, 415}
    assert all(isinstance(member.content, bytes | Refused) for member in found)


def test_a_zip_is_not_packed_twice() -> None:
    for media_type in (ZIP, TGZ):
        with pytest.raises(Refused) as refused:
            members(media_type, BODIES[media_type], packed=True)
        assert refused.value.status == 415


def test_every_format_is_tried_here() -> None:
    assert {NDJSON, *BODIES} == set(FORMATS)
