"""`tolbrug bench` measures what it says, here on a handful of records: the figures are there, none is judged."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from services.runtime.settings import RuntimeSettings
from tests.integration.installation import Installation

RECORDS = ("--records", "300", "--licences", "10")
MANY = ("--records", "20000", "--licences", "100")
IN_MANY_COMMITS = {"TOLBRUG_FOLD__BATCH": "50"}
"""By itself the peer job is done with these in two or three commits: nothing to see between its first and its last."""
BRIEF = ("--seconds", "1", "--rate", "10")
WAITS = {"p50_ms", "p99_ms", "p99_9_ms", "offered_per_s"}
MACHINE = {"load_average", "postgresql", "kafka", "partitions", "cores", "acks"}
NOT_QUICK = {"TOLBRUG_FOLD__BATCH": "10"}


def bench(runtime_settings: RuntimeSettings, *arguments: str, **environment: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "services.cli", "bench", *arguments, "--json"]
    env = os.environ | Installation.of(runtime_settings).environment() | environment
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr
    result: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    assert set(result) >= MACHINE
    assert result["postgresql"]["fsync"] == "on"
    assert result["kafka"]["min.insync.replicas"] == "1"
    return result


@pytest.mark.parametrize(
    ("arguments", "figures"),
    [
        (("ledger", *RECORDS), {"records_per_s", "cpu_us_per_record", "peak_rss_mb"}),
        (("intake", *BRIEF), {"records_per_s", "cpu_us_per_record", "peak_rss_mb"} | WAITS),
        (("pipeline", *BRIEF), {"records_per_s", "cpu_us_per_record", "peak_rss_mb"} | WAITS),
        (("replay", *RECORDS), {"entries_per_s", "cpu_us_per_entry", "peak_rss_mb"}),
        (("peer-job", *MANY), {"records_per_s", "cpu_us_per_record", "cpu_us_per_record_with_start", "peak_rss_mb"}),
        (("peer-job", *BRIEF, "--licences", "10"), {"cpu_us_per_record", "peak_rss_mb"} | WAITS),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_run_gives_its_figures_and_what_they_were_measured_on(
    arguments: tuple[str, ...], figures: set[str], runtime_settings: RuntimeSettings
) -> None:
    result = bench(runtime_settings, *arguments, "--runs", "1", **IN_MANY_COMMITS)
    assert {name for name in figures if not result[name] > 0} == set()
    assert (result.get("lost", 0), result.get("wrong", 0)) == (0, 0)


def test_a_peer_job_that_is_killed_says_when_it_went_on_and_that_nothing_is_missing(
    runtime_settings: RuntimeSettings,
) -> None:
    result = bench(runtime_settings, "peer-job", "--records", "6000", "--kill", "--runs", "1", **NOT_QUICK)
    assert 0 < result["killed_at"] < 6000
    assert 0 < result["next_output_s"] < 30
    assert (result["lost"], result["wrong"]) == (0, 0)


def test_places_are_filled_with_a_past_that_the_job_goes_on_from(runtime_settings: RuntimeSettings) -> None:
    """Of forty entries an account is stored up to the 33rd, and completed from those after it."""
    (place,) = bench(runtime_settings, "scale", "--place", "50:40:30", "--records", "1000", **NOT_QUICK)["places"]
    assert (place["licences"], place["active"], place["entries"]) == (50, 30, 2000)
    assert place["takeover_s"] > 0
    assert (place["lost"], place["wrong"]) == (0, 0)
