"""A file as it is sent: a message, a message in gzip, or many messages in one body."""

import gzip
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import IO, Final

from services.core.errors import Fatal
from services.customs.adapters.http.archives import PACKED
from services.customs.adapters.intake import sniffed
from services.customs.adapters.xml.document import LARGEST

_HEAD: Final = 4096
_MANY: Final[Mapping[str, str]] = {
    ".zip": "application/zip",
    ".tar": "application/x-tar",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """`name` is the path below the folder it was found in, with slashes: what a journal knows it by."""

    path: Path
    name: str
    media_type: str
    packed: bool
    many: bool

    @classmethod
    def of(cls, path: Path, name: str) -> "Parcel":
        """By the endings of its name; of anything else by how the content begins."""
        stem = path.name.lower().replace(".tgz", ".tar.gz")
        packed = stem.endswith(".gz")
        many = _MANY.get(Path(stem.removesuffix(".gz")).suffix)
        return cls(path, name, many or sniffed(_head(path, packed=packed)), packed, many is not None)

    @property
    def headers(self) -> dict[str, str]:
        packed = {"content-encoding": "gzip"} if self.packed else {}
        return {"content-type": self.media_type, **packed}

    @property
    def query(self) -> dict[str, str]:
        return {}

    def open(self) -> IO[bytes]:
        return self.path.open("rb")

    @property
    def sha256(self) -> str:
        with self.path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()

    @property
    def too_large(self) -> str | None:
        """Why the door would not take it; it need not be sent for that."""
        largest = PACKED if self.many else LARGEST
        size = self.path.stat().st_size
        return f"{size} bytes, the door takes at most {largest} at once" if size > largest else None


def parcels(paths: Iterable[Path]) -> list[Parcel]:
    """The files, and those below the folders sorted by name; hidden ones are left out. Fatal when one is unreadable."""
    found = []
    try:
        for path in paths:
            if path.is_dir():
                below = sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
                seen = [name for name in below if not any(step.startswith(".") for step in name.split("/"))]
                found += [Parcel.of(path / name, name) for name in seen]
            else:
                found.append(Parcel.of(path, path.name))
    except OSError as error:
        raise Fatal(f"{error.filename} cannot be read: {error.strerror}") from error
    return found


def _head(path: Path, *, packed: bool) -> bytes:
    with path.open("rb") as file:
        if not packed:
            return file.read(_HEAD)
        try:
            with gzip.open(file) as unpacked:
                return unpacked.read(_HEAD)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return b""  # the door says what is wrong with it
