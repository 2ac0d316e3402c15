"""How far a job is over time, what it has used until then, and the rates that gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FROM, TO = 0.1, 0.9
"""A rate is taken between these shares of the work: without the start and without the tail."""


@dataclass(frozen=True, slots=True)
class Sample:
    """So much is done at a moment, and what it has used of the machine until then."""

    at: float
    done: int
    cpu_s: float = 0.0
    rss_bytes: int = 0


def middle(samples: Sequence[Sample]) -> tuple[Sample, Sample]:
    """The last sample before the first tenth was done, the first one after nine tenths were."""
    start = samples[0].done
    done = samples[-1].done - start
    begin = [s for s in samples if s.done - start <= FROM * done][-1]
    return begin, next(s for s in samples if s.done - start >= TO * done)


def rate(samples: Sequence[Sample]) -> int:
    """Per second, between the two; 0 when nothing was done."""
    begin, end = middle(samples)
    return round((end.done - begin.done) / (end.at - begin.at)) if end.at > begin.at else 0


def figures(samples: Sequence[Sample]) -> dict[str, Any]:
    """Records per second and CPU per record, both between the two shares, and the peak of memory."""
    begin, end = middle(samples)
    return {
        "records_per_s": rate(samples),
        "cpu_us_per_record": round((end.cpu_s - begin.cpu_s) / max(end.done - begin.done, 1) * 1e6, 1),
        "peak_rss_mb": round(max(s.rss_bytes for s in samples) / 1e6),
    }
