"""`tolbrug bench` measures what it says, here on a handful of records: the figures are there, none is judged."""

import json
import os
import subprocess
import sys

import pytest

from services.runtime.settings import RuntimeSettings
from tests.integration.installation import Installation

RECORDS = ("--records", "300", "--licences", "10")
BRIEF = ("--seconds", "1", "--rate", "10")


@pytest.mark.parametrize(
    ("job", "options", "figures"),
    [
        ("ledger", RECORDS, {"cpu_us_per_record"}),
        ("pipeline", BRIEF, {"p50_ms", "p99_ms", "p99_9_ms", "offered_per_s"}),
    ],
)
def test_a_run_gives_its_figures_and_what_they_were_measured_on(
    job: str, options: tuple[str, ...], figures: set[str], runtime_settings: RuntimeSettings
) -> None:
    command = [sys.executable, "-m", "services.cli", "bench", job, "--runs", "1", "--json", *options]
    environment = os.environ | Installation.of(runtime_settings).environment()
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout.splitlines()[-1])
    assert result["records_per_s"] > 0
    assert result["peak_rss_mb"] > 20
    assert set(result) >= figures | {"load_average", "postgresql", "partitions", "cores"}
