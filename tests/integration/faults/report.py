"""What a campaign did and found, as one line; all lines are printed at the end of the run (see conftest)."""

import os
import random
from dataclasses import dataclass, field

REPORTS: list["Report"] = []
FULL = os.environ.get("TOLBRUG_CAMPAIGN", "slice") == "full"
SEED = int(os.environ.get("TOLBRUG_CAMPAIGN_SEED") or random.SystemRandom().randrange(1_000_000))


@dataclass
class Report:
    """Counts of one campaign. Lost, duplicated and wrong hold a sentence each; all three must be empty."""

    campaign: str
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
    """Seconds from a fault to the next decision of a partition it stopped."""

    def __post_init__(self) -> None:
        REPORTS.append(self)

    def line(self) -> str:
        counts = f"{self.messages} messages, {self.entries} entries, {self.faults} faults, {self.repeats} repeats"
        outcome = f"lost {len(self.lost)}, duplicated {len(self.duplicated)}, wrong {len(self.wrong)}"
        return f"{self.campaign} (seed {SEED}): {counts}; {outcome}; {self._recovery()}"

    def _recovery(self) -> str:
        if not self.recoveries:
            return "no recovery measured"
        ordered = sorted(self.recoveries)
        p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99))
        return f"recovery p50 {p50:.1f} s, p99 {p99:.1f} s of {len(ordered)}"

    def judge(self) -> None:
        """Fail, with the first of each kind, unless nothing was lost, duplicated or wrong."""
        found = [*self.lost[:5], *self.duplicated[:5], *self.wrong[:5]]
        assert not found, "\n".join([self.line(), *found, f"again: TOLBRUG_CAMPAIGN_SEED={SEED}"])
