"""The versions of Annex I that a release brings, compressed, beside this module."""

import gzip
import json
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

from services.licensing.domain.control_list import ControlList

VERSIONS: Final = ("annex-i-20251115",)
"""From the oldest to the newest."""


@cache
def bundled(name: str = VERSIONS[-1]) -> ControlList:
    """A version; the newest unless told otherwise."""
    packed = files("services.licensing.adapters").joinpath("data", f"{name}.json.gz").read_bytes()
    read = json.loads(gzip.decompress(packed))
    return ControlList(
        version=read["version"],
        valid_from=date.fromisoformat(read["valid_from"]),
        source=read["source"],
        sha256=read["sha256"],
        attribution=read["attribution"],
        entries={entry["code"]: entry["text"] for entry in read["entries"]},
    )


def in_force(day: date) -> ControlList | None:
    """The version of that day; None when it is before all that are known."""
    known = [stated for name in VERSIONS if (stated := bundled(name)).valid_from <= day]
    return known[-1] if known else None
