"""Real messages to begin from: every sample, and all that the simulator writes.

They are found by listing: a new one takes part by being there.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

from services.simulator.mrn import export_mrn
from services.simulator.scenario import DEFAULT_SEED, build_scenario
from services.simulator.steps import MALFORMED, Send

SAMPLES = Path(__file__).parents[2] / "contract" / "samples"
MEDIA_TYPES = {".xml": "application/xml", ".json": "application/json"}

_MRN = re.compile(rb"\b[0-9]{2}[A-Z]{2}[A-Z0-9]{13}[0-9]\b")
_LRN = re.compile(rb'(?:<(?:\w+:)?(?:LRN|FunctionalReferenceID)>|"lrn": ")([^<"]{4,35})[<"]')
_OWN = re.compile(rb'(?:<(?:\w+:)?(?:messageIdentification|correlationIdentifier)>|"message_id": ")([^<"]{2,70})[<"]')
_SERIALS = 36**6


@dataclass(frozen=True, slots=True)
class Real:
    """One message as it would be sent. Those of a family speak of the same shipments."""

    name: str
    family: str
    media_type: str
    body: bytes

    @property
    def is_json(self) -> bool:
        return self.media_type == "application/json"

    def of(self, block: str) -> bytes:
        """The message about other shipments: each block has its own, the same for its whole family."""

        def serial(old: bytes) -> int:
            return crc32(f"{block}/{self.family}/".encode() + old)

        body = _MRN.sub(lambda found: export_mrn(serial(found[0]) % _SERIALS).encode(), self.body)
        stated = {*_OWN.findall(self.body), *_LRN.findall(self.body)}
        for reference in sorted(stated, key=lambda one: (-len(one), one)):  # one may be part of a longer one
            body = body.replace(reference, f"F{serial(reference):08x}".encode())
        return body


@cache
def corpus() -> tuple[Real, ...]:
    """All messages, those of a family side by side."""
    return (*_samples(), *_simulated())


@cache
def families() -> tuple[tuple[Real, ...], ...]:
    """The messages by what they speak of."""
    found: dict[str, list[Real]] = {}
    for real in corpus():
        found.setdefault(real.family, []).append(real)
    return tuple(map(tuple, found.values()))


@cache
def tags() -> tuple[str, ...]:
    """Names of elements and fields that occur anywhere."""
    names: set[bytes] = set()
    for real in corpus():
        names.update(re.findall(rb'"(\w+)":' if real.is_json else rb"<(?:\w+:)?(\w+)[\s>]", real.body))
    return tuple(sorted(name.decode() for name in names))


def is_whole(real: Real) -> bool:
    """Those that arrive broken stand for themselves."""
    return real.name.startswith("simulated")


def chosen(wanted: Callable[[Real], bool]) -> tuple[Real, ...]:
    return tuple(real for real in corpus() if wanted(real))


def _samples() -> list[Real]:
    paths = sorted(path for path in SAMPLES.rglob("*") if path.suffix in MEDIA_TYPES)
    return [Real(path.name, path.stem, MEDIA_TYPES[path.suffix], path.read_bytes()) for path in paths]


def _simulated() -> list[Real]:
    found: dict[bytes, Real] = {}
    for story in build_scenario(DEFAULT_SEED).stories:
        for step in story.steps:
            if isinstance(step, Send) and step.answers != MALFORMED:
                message = step.message
                name = f"simulated {message.format} {message.kind} {message.id}"
                found.setdefault(message.body, Real(name, story.name, message.content_type, message.body))
    return list(found.values())
