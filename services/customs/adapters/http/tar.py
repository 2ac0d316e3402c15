"""The entries of a tar archive (POSIX.1-2001 pax, GNU, ustar), read as a stream and within limits.

Python's reader takes a broken header behind the first for the end of the archive, and reads the extended header of an
entry whole however large it says to be. Both are refused here: what is cut off or damaged must not look like all.
"""

import struct
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

from services.core.errors import Fault, Refused

EXTENDED: Final = 64 * 1024
"""Bytes of an extended header: a long name and what else is said of an entry."""

_EXTENDED_TYPES = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)
_BROKEN = (tarfile.TarError, ValueError, ArithmeticError, EOFError, LookupError, OSError, RecursionError, struct.error)


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class TarEntry:
    """One entry. `content` is None when it is larger than wanted, or no plain file."""

    name: str
    is_folder: bool
    is_file: bool
    content: bytes | None


class _Header(tarfile.TarInfo):
    """A header that is refused when it is not one."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # typeshed leaves it out
            raise
        except tarfile.HeaderError as error:
            raise tarfile.SubsequentHeaderError(str(error)) from None  # type: ignore[attr-defined]  # the same

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        """Documented in `tarfile` as what a subclass overrides."""
        if self.type in _EXTENDED_TYPES and self.size > EXTENDED:
            raise tarfile.SubsequentHeaderError("an extended header is too large")  # type: ignore[attr-defined]  # the same
        return super()._proc_member(archive)  # type: ignore[misc]  # the same


def tar_entries(source: Source, largest: int) -> Iterator[TarEntry]:
    """All entries in order. Refused 400 when the archive is damaged or not whole, and what `source` raises."""
    try:
        with tarfile.open(fileobj=source, mode="r|", tarinfo=_Header) as archive:  # type: ignore[call-overload]  # it only reads
            while header := archive.next():
                yield _entry(archive, header, largest)
                archive.members.clear()  # it would keep them all
        while source.read(tarfile.RECORDSIZE):
            pass  # of a gzip file only the end says whether all of it was right
    except _BROKEN as error:
        raise Refused(400, "The archive is malformed", (Fault("", "tar.malformed", str(error)),)) from None


def _entry(archive: tarfile.TarFile, header: tarfile.TarInfo, largest: int) -> TarEntry:
    is_file = header.isreg() and not header.issparse()
    content = None
    if is_file and header.size <= largest:
        file = archive.extractfile(header)
        content = b"" if file is None else file.read()
    return TarEntry(header.name, header.isdir(), is_file, content)
