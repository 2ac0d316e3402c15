"""Many messages in one body: lines of JSON, ZIP, tar. Read in order, one at a time, and nothing is ever written.

What is wrong with one member refuses that member; what is wrong with the whole (not whole, out of all proportion)
ends the reading with Refused. Members are messages: directories are passed over, anything else is refused by name.
"""

import stat
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from services.core.errors import Fault, Refused
from services.customs.adapters.http.tar import tar_entries
from services.customs.adapters.xml.document import LARGEST
from services.runtime.unpacking import Unpacked, check_size

PACKED: Final = 64 * 1024 * 1024
"""Bytes of one body of many messages."""
UNPACKED: Final = 512 * 1024 * 1024
MOST: Final = 20_000
"""Lines or entries of one body, empty ones and directories among them."""
NAME: Final = 255

_CHUNK: Final = 64 * 1024
_DIRECTORY: Final = 2 * 1024 * 1024
_END, _END_SIZE = b"PK\x05\x06", 22
_LOCATOR, _LOCATOR_SIZE = b"PK\x06\x07", 20
_PACKED_BEGIN: Final = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c", b"Rar!")
_BAD_MEMBER = (
    BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, EOFError, ValueError, ArithmeticError,
    LookupError, OSError,
)  # fmt: skip


class Source(Protocol):
    """Bytes in order: at least one and at most `size` of them, none at the end."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Member:
    """One message or the reason why it is none. `place`: its `line` from 1, or its `name`."""

    place: Mapping[str, str | int]
    content: bytes | Refused


def lines(file: BinaryIO, size: int, *, packed: bool) -> Iterator[Member]:
    """JSON messages, one a line; empty lines are passed over."""
    del size
    source: Source = Unpacked(file, UNPACKED, "body") if packed else file
    parts: list[bytes] = []
    length = number = 0
    while chunk := source.read(_CHUNK):
        for place, part in enumerate(chunk.split(b"\n")):
            if place:
                number = _counted(number)
                yield from _line(number, parts, length)
                parts, length = [], 0
            length += len(part)
            parts = [*parts, part] if length <= LARGEST else []
    yield from _line(_counted(number), parts, length)


def _line(number: int, parts: list[bytes], length: int) -> Iterator[Member]:
    if length > LARGEST:
        yield Member({"line": number}, _too_large())
    elif content := b"".join(parts).strip(b" \t\r"):
        yield Member({"line": number}, content)


def tarred(file: BinaryIO, size: int, *, packed: bool) -> Iterator[Member]:
    """The files of a tar archive."""
    del size
    source: Source = Unpacked(file, UNPACKED, "archive") if packed else file
    number = 0
    for entry in tar_entries(source, LARGEST):
        number = _counted(number)
        if entry.is_folder:
            continue
        refused = _bad_name(entry.name) or (None if entry.is_file else _no_file())
        yield _member(entry.name, refused or (_too_large() if entry.content is None else entry.content))


def zipped(file: BinaryIO, size: int, *, packed: bool) -> Iterator[Member]:
    """The files of a ZIP archive, in the order of its directory."""
    if packed:
        raise Refused(415, "A ZIP archive is compressed already: send it without Content-Encoding")
    _check_directory(file, size)
    try:
        archive = ZipFile(file)
    except _BAD_MEMBER as error:
        raise _malformed("zip.malformed", str(error)) from None
    given = number = 0
    for entry in archive.infolist():
        number = _counted(number)
        if entry.is_dir():
            continue
        content = _bad_entry(entry) or _unzipped(archive, entry)
        given += len(content) if isinstance(content, bytes) else 0
        check_size(given, size, UNPACKED, "archive")
        yield _member(entry.filename, content)


def _check_directory(file: BinaryIO, size: int) -> None:
    """Python reads the directory of a ZIP file whole, so its size is looked at first (APPNOTE 6.3.10, 4.3.16)."""
    file.seek(max(0, size - _END_SIZE - 65_535 - _LOCATOR_SIZE))
    tail = file.read()
    at = len(tail) - _END_SIZE
    if not (tail[at : at + 4] == _END and tail.endswith(b"\x00\x00")):
        at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise _malformed("zip.malformed", "it has no end of a directory")
    if tail[max(0, at - _LOCATOR_SIZE) : at].startswith(_LOCATOR):
        raise _malformed("zip.zip64", "ZIP64 is for archives larger than are taken here")
    if int.from_bytes(tail[at + 12 : at + 16], "little") > _DIRECTORY:
        raise Refused(413, f"An archive has at most {MOST} entries, with short names")
    file.seek(0)


def _bad_entry(entry: ZipInfo) -> Refused | None:
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return _no_file()
    if entry.flag_bits & 0x1:
        return _refused(415, "member.encrypted", "an encrypted member cannot be read")
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        return _refused(415, "member.compression", "only stored and deflated members are read")
    return _bad_name(entry.filename) or (_too_large() if entry.file_size > LARGEST else None)


def _unzipped(archive: ZipFile, entry: ZipInfo) -> bytes | Refused:
    try:
        with archive.open(entry) as member:
            content = member.read(LARGEST + 1)
    except _BAD_MEMBER as error:
        return _refused(400, "member.malformed", str(error) or type(error).__name__)
    return content if len(content) <= LARGEST else _too_large()


def _member(name: str, content: bytes | Refused) -> Member:
    if isinstance(content, bytes) and (content.startswith(_PACKED_BEGIN) or content[257:262] == b"ustar"):
        content = _refused(415, "member.archive", "an archive inside an archive is not opened")
    shown = name.encode(errors="replace").decode()
    return Member({"name": shown if len(shown) <= NAME else shown[: NAME - 1] + "…"}, content)


def _bad_name(name: str) -> Refused | None:
    """Nothing is written under it, and yet: such a name is made to be written somewhere else."""
    steps = name.replace("\\", "/").split("/")
    if steps[0] == "" or ".." in steps or steps[0].endswith(":") or "\x00" in name:
        return _refused(422, "member.name", "a relative name without .. is expected")
    return None


def _counted(number: int) -> int:
    if number >= MOST:
        raise Refused(413, f"A body has at most {MOST} messages: what follows was not looked at, send it in another")
    return number + 1


def _no_file() -> Refused:
    return _refused(415, "member.kind", "it is a link or a device, not a file")


def _refused(status: int, code: str, detail: str) -> Refused:
    return Refused(status, "The member is not taken", (Fault("", code, detail),))


def _too_large() -> Refused:
    return Refused(413, f"A message has at most {LARGEST} bytes")


def _malformed(code: str, detail: str) -> Refused:
    return Refused(400, "The archive is malformed", (Fault("", code, detail),))


def gzipped_tar(file: BinaryIO, size: int, *, packed: bool) -> Iterator[Member]:
    """The files of a tar archive that is itself a gzip file (`.tar.gz`)."""
    if packed:
        raise Refused(415, "The archive is compressed already: send it without Content-Encoding")
    return tarred(file, size, packed=True)


FORMATS: Final[Mapping[str, Callable[..., Iterator[Member]]]] = {
    "application/x-ndjson": lines,
    "application/zip": zipped,
    "application/x-tar": tarred,
    "application/gzip": gzipped_tar,
}
"""Media type → how a body of it is read: the file, its size, and whether it is `packed` with gzip."""
