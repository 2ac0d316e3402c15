"""How the figures of a bench come from what was seen."""

import pytest

from services.cli.bench.latency import percentiles
from services.cli.bench.progress import Sample, figures, middle, rate
from services.cli.bench.report import medians

STEADY = [Sample(at=10 + n / 10, done=n * 10, cpu_s=n * 0.001, rss_bytes=n * 1_000_000) for n in range(101)]


def test_a_rate_leaves_out_the_start_and_the_tail() -> None:
    slow_start = [Sample(at=0.0, done=0), *STEADY[1:]]
    assert rate(STEADY) == rate(slow_start) == 100
    assert [sample.done for sample in middle(STEADY)] == [100, 900]


def test_what_was_done_before_does_not_count() -> None:
    later = [Sample(at=sample.at, done=sample.done + 5_000) for sample in STEADY]
    assert [sample.done for sample in middle(later)] == [5_100, 5_900]
    assert rate(later) == 100


def test_a_run_that_finds_all_done_has_no_rate() -> None:
    assert rate([Sample(at=1.0, done=7), Sample(at=1.0, done=7)]) == 0


def test_cpu_is_per_record_between_the_same_two_and_memory_is_the_peak() -> None:
    assert figures(STEADY) == {"records_per_s": 100, "cpu_us_per_record": 100.0, "peak_rss_mb": 100}


def test_of_several_runs_the_median_counts_but_the_worst_of_what_must_not_be() -> None:
    runs = [{"records_per_s": n, "lost": lost} for n, lost in ((10, 0), (30, 2), (20, 0))]
    assert medians(runs) == {"records_per_s": 20, "lost": 2}


def test_percentiles_are_in_milliseconds() -> None:
    assert percentiles([n / 1000 for n in range(1001)]) == pytest.approx(
        {"p50_ms": 500, "p99_ms": 990, "p99_9_ms": 999}, abs=0.2
    )
