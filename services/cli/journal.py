"""What was sent and finally answered, one line of JSON for each file, so that a second run sends only the rest.

A line says which bytes went where: a file that was changed, or another door, is sent again. A line that was cut off
when the power failed says nothing, and its file is sent again, which changes nothing.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

from services.core.errors import Fatal

NAME: Final = ".tolbrug-send.jsonl"


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that was answered finally. `refused`: for each such message its name or line, status and reason."""

    url: str
    file: str
    sha256: str
    accepted: int
    known: int
    refused: tuple[dict[str, Any], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.url, self.file, self.sha256)


class Journal:
    """Appends to one file. Fatal when it cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._known = {sent.key: sent for sent in _read(path)}
        self._torn = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0

    def find(self, url: str, file: str, sha256: str) -> Sent | None:
        return self._known.get((url, file, sha256))

    def add(self, sent: Sent) -> None:
        """On disk when this returns, as far as the system goes: a process that is killed loses nothing."""
        line = json.dumps(asdict(sent), ensure_ascii=False)
        with self._lock:
            try:
                with self.path.open("a", encoding="utf-8", errors="replace") as file:
                    file.write(f"\n{line}\n" if self._torn else f"{line}\n")
            except OSError as error:
                raise Fatal(f"{self.path} cannot be written ({error.strerror}); name another with --journal") from error
            self._torn = False
            self._known[sent.key] = sent


def _read(path: Path) -> list[Sent]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Fatal(f"{path} cannot be read: {error.strerror}") from error
    found = []
    for line in lines:
        try:
            fields = json.loads(line)
            found.append(Sent(**{**fields, "refused": tuple(fields["refused"])}))
        except (ValueError, TypeError, KeyError):
            continue
    return found
