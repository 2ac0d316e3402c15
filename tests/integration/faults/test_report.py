"""The lines of the campaigns: what ended well says so, and nothing else does."""

from collections.abc import Iterator

import pytest

from tests.integration.faults.report import REPORTS, SEED, Report, lines


@pytest.fixture(autouse=True)
def reports() -> Iterator[list[Report]]:
    """Those of the test, which are then forgotten: they are of no campaign."""
    before = len(REPORTS)
    made: list[Report] = []
    yield made
    assert REPORTS[before:] == made
    del REPORTS[before:]


def test_the_runs_of_a_campaign_are_one_line_with_the_seed_that_repeats_it(reports: list[Report]) -> None:
    reports += [
        Report("this", messages=3, faults=1, recoveries=[2.0, 1.0]),
        Report("that"),
        Report("this", messages=4, faults=2, recoveries=[3.0], told="and more"),
    ]
    for report in reports:
        report.judge()
    this, that = lines(reports)
    assert this == (
        f"this (seed {SEED}): runs 2, faults 3, messages 7, entries 0, repeats 0; lost 0, duplicated 0, wrong 0;"
        " recovery p50 2.0 s, p99 3.0 s of 3; and more"
    )
    assert that == (
        f"that (seed {SEED}): runs 1, faults 0, messages 0, entries 0, repeats 0; lost 0, duplicated 0, wrong 0;"
        " no recovery to measure"
    )


def test_a_run_that_failed_on_its_way_does_not_pass_for_one_without_losses(reports: list[Report]) -> None:
    reports += [Report("this"), Report("this")]
    reports[0].judge()
    assert "runs 2, 1 OF THEM NOT ENDED, faults 0" in next(lines(reports))


@pytest.mark.parametrize("kind", ["lost", "duplicated", "wrong"])
def test_a_single_finding_fails_the_campaign_and_is_told(kind: str, reports: list[Report]) -> None:
    reports.append(report := Report("this", "its hardest part"))
    getattr(report, kind).append("what was found")
    with pytest.raises(AssertionError, match=f"{kind} 1(.|\n)*what was found\nits hardest part: TOLBRUG_CAMPAIGN_SEED"):
        report.judge()
