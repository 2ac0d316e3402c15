"""What a play came to: numbers that can be printed, and compared between runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.simulator.expectations import Difference

MOST_SHOWN = 20
COLUMNS = ("authorised", "reserved", "consumed", "exited", "available")


@dataclass(frozen=True, slots=True)
class Summary:
    """The outcome of a play. Everything but the times is the same whenever a seed is played, and however often."""

    seed: int
    licences: int
    refusals: int
    dossiers: int
    reports: int
    messages_in: Mapping[str, Any]
    declarations: int
    verdicts: Mapping[str, int]
    balances: Mapping[str, list[dict[str, Any]]]
    alerts_by_code: Mapping[str, int]
    duplicates_ignored: int
    malformed_refused: int
    message_to_alert_ms: Mapping[str, float | None]
    wall_seconds: float
    phases_seconds: Mapping[str, float]
    urls: Mapping[str, str]
    differences: tuple[Difference, ...] = field(default=())

    @property
    def as_expected(self) -> bool:
        """Whether everything came out as planned."""
        return not self.differences

    def body(self) -> dict[str, Any]:
        """The summary as JSON; `expected_outcomes` is "all" or the list of differences."""
        return {
            "seed": self.seed,
            "licences": self.licences,
            "refusals": self.refusals,
            "dossiers": self.dossiers,
            "reports": self.reports,
            "messages_in": dict(self.messages_in),
            "declarations": self.declarations,
            "verdicts": dict(self.verdicts),
            "balances": dict(self.balances),
            "alerts_by_code": dict(self.alerts_by_code),
            "duplicates_ignored": self.duplicates_ignored,
            "malformed_refused": self.malformed_refused,
            "message_to_alert_ms": dict(self.message_to_alert_ms),
            "wall_seconds": self.wall_seconds,
            "phases_seconds": dict(self.phases_seconds),
            "urls": dict(self.urls),
            "expected_outcomes": "all" if self.as_expected else [one.body() for one in self.differences],
        }

    def rendered(self) -> RenderableType:
        """The summary for a terminal."""
        return Group(self._figures(), self._balances(), self._alerts(), self._outcome())

    def _figures(self) -> Table:
        table = _plain("What came in, and what was answered", show_header=False)
        table.add_column(justify="left")
        table.add_column(justify="right")
        formats = ", ".join(f"{name} {count}" for name, count in self.messages_in["by_format"].items())
        times = self.message_to_alert_ms
        rows = {
            "messages in": f"{self.messages_in['total']} ({formats})",
            "repeats ignored, malformed refused": f"{self.duplicates_ignored}, {self.malformed_refused}",
            "declarations": str(self.declarations),
            **{name.replace("_", " "): str(count) for name, count in self.verdicts.items()},
            "dossiers, from request to decision": str(self.dossiers),
            "reports of use, compared with customs": str(self.reports),
            "message to alert, p50 and p99": f"{_ms(times['p50'])}, {_ms(times['p99'])}",
            "wall time": f"{self.wall_seconds:.1f} s",
            **self.urls,
        }
        for name, value in rows.items():
            table.add_row(name, value)
        return table

    def _balances(self) -> Table:
        """One row per line and dimension; the line is named where it is not the first, an open line has no ceiling."""
        table = _plain("Balances")
        table.add_column("licence", no_wrap=True)
        table.add_column("in", no_wrap=True)
        for name in COLUMNS:
            table.add_column(name, justify="right", no_wrap=True)
        for ref, lines in self.balances.items():
            for line in lines:
                name = ref if line["line"] == 1 else f"{ref} {line['line']}"
                for dimension, measure in (("quantity", "unit"), ("value", "currency")):
                    if line[dimension] is not None:
                        table.add_row(name, line[measure], *(line[dimension][column] or "-" for column in COLUMNS))
        return table

    def _alerts(self) -> Table:
        table = _plain("Alerts")
        table.add_column("code")
        table.add_column("alerts", justify="right")
        for code, count in self.alerts_by_code.items():
            table.add_row(code, str(count))
        return table

    def _outcome(self) -> RenderableType:
        if self.as_expected:
            return Text("\nEverything came out as planned.", style="bold green")
        table = _plain(f"{len(self.differences)} differences from the plan", style="bold red")
        for name in ("what", "expected", "came"):
            table.add_column(name)
        for one in self.differences[:MOST_SHOWN]:
            table.add_row(one.what, one.expected, one.came)
        return table


def _plain(title: str, *, style: str = "bold", show_header: bool = True) -> Table:
    """A table without rules, so that figures fit on 80 columns."""
    return Table(
        title=f"\n{title}", title_style=style, title_justify="left", box=None, pad_edge=False, show_header=show_header
    )


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"
