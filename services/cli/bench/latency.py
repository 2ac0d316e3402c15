"""Waits as percentiles."""

from collections.abc import Sequence
from statistics import quantiles


def percentiles(waits_s: Sequence[float]) -> dict[str, float]:
    """In milliseconds; of a handful of waits the upper ones are the longest."""
    cuts = quantiles(waits_s, n=1000, method="inclusive")
    return {
        "p50_ms": round(cuts[499] * 1000, 1),
        "p99_ms": round(cuts[989] * 1000, 1),
        "p99_9_ms": round(cuts[998] * 1000, 1),
    }
