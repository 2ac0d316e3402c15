"""What the campaigns did and found: one line each at the end of a run of pytest, with the seed that repeats it."""

import os
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

REPORTS: list["Report"] = []
FULL = os.environ.get("TOLBRUG_CAMPAIGN", "slice") == "full"
SEED = int(os.environ.get("TOLBRUG_CAMPAIGN_SEED") or random.SystemRandom().randrange(1_000_000))
os.environ["TOLBRUG_CAMPAIGN_SEED"] = str(SEED)  # the processes of one run of pytest have one


@dataclass
class Report:
    """Counts of one run of a campaign. Lost, duplicated and wrong hold a sentence each; all three must be empty."""

    campaign: str
    of: str = ""
    """Which part of the campaign this run was, told when it fails."""
    messages: int = 0
    entries: int = 0
    faults: int = 0
    repeats: int = 0
    """Records published again after a crash: known as repeats, so they change nothing."""
    passed_over: int = 0
    """Licences that came after a later revision of the same."""
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    """Seconds from a fault to the next decision of what it stopped."""
    told: str = ""
    """What else this campaign is about."""
    proven: bool = False
    """A run that failed on its way was never looked at to the end: its zeros say nothing."""

    def __post_init__(self) -> None:
        REPORTS.append(self)

    def judge(self) -> None:
        """Fail, with the first of each kind, unless nothing was lost, duplicated or wrong."""
        self.proven = True
        found = [*self.lost[:5], *self.duplicated[:5], *self.wrong[:5]]
        assert not found, "\n".join([line([self]), *found, f"{self.of or 'again'}: TOLBRUG_CAMPAIGN_SEED={SEED}"])


def lines(reports: Iterable[Report] = REPORTS) -> Iterator[str]:
    """One for each campaign, all its runs together."""
    runs: dict[str, list[Report]] = {}
    for report in reports:
        runs.setdefault(report.campaign, []).append(report)
    return map(line, runs.values())


def line(runs: list[Report]) -> str:
    """What some runs of one campaign did and found."""

    def total(*names: str) -> str:
        return ", ".join(f"{name} {sum(_count(getattr(run, name)) for run in runs)}" for name in names)

    ended = sum(run.proven for run in runs)
    unproven = "" if ended == len(runs) else f", {len(runs) - ended} OF THEM NOT ENDED"
    return (
        f"{runs[0].campaign} (seed {SEED}): runs {len(runs)}{unproven}, {total('faults', 'messages', 'entries')},"
        f" {total('repeats')}; {total('lost', 'duplicated', 'wrong')};"
        f" {_recovery(sorted(chain.from_iterable(run.recoveries for run in runs)))}"
        f"{''.join('; ' + run.told for run in runs if run.told)}"
    )


def _count(found: int | list[str]) -> int:
    return found if isinstance(found, int) else len(found)


def _recovery(ordered: list[float]) -> str:
    if not ordered:
        return "no recovery to measure"
    p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99))
    return f"recovery p50 {p50:.1f} s, p99 {p99:.1f} s of {len(ordered)}"
