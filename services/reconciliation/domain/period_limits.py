"""Limits of a licence line on what may be drawn in any window of so many days, beside what it authorises in all.

A draw fits when no window with its day, whatever came first, then holds more than the limit. Who holds an amount keeps
it. A limit is judged in what the draw states: also in a dimension that the line does not keep otherwise. There is no
tolerance on it; what an over-run does is the authority's choice, as for the whole.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from services.core.messages import Comparison, Licence, LicenceLine, PeriodLimit
from services.reconciliation.domain.case import Case, Failure, Mismatch
from services.reconciliation.domain.measures import shown
from services.reconciliation.domain.rule_set import Mode, RuleSet
from services.reconciliation.domain.spread import Days, Spread, Window, windows

PERIOD_OVERRUN: Final = "period.overrun"
PERIOD_VERSION: Final = 1
Dimension = Literal["quantity", "value"]
_DIMENSIONS: Final[tuple[Dimension, Dimension]] = ("quantity", "value")


class _Over(NamedTuple):
    """A limit that is exceeded: by how much in which window."""

    limit: PeriodLimit
    dimension: Dimension
    most: Decimal
    fullest: Window

    @property
    def drawn(self) -> Decimal:
        return self.fullest.quantity if self.dimension == "quantity" else self.fullest.value


def period_within_limits(case: Case) -> Mismatch | None:
    line = case.line
    if line is None or not line.periods or case.keeps or case.columns is None:
        return None
    spread = case.columns.spread
    takes = {"quantity": case.takes.quantity, "value": case.takes.value}
    days, about = spread.lines[line.line], spread.day_of(case.demand)
    over = [one for one in _over(line, days, takes, about) if takes[one.dimension]]
    if not over:
        return None
    compared = [_compared(one, line, takes[one.dimension], "in any") for one in over]
    others = [
        Comparison(
            what=f"{one.dimension} drawn by others {_days(one)}",
            declared=shown(one.drawn, _measure(line, one.dimension)),
            licensed=shown(one.most, _measure(line, one.dimension)),
        )
        for one in over
    ]
    return Mismatch(tuple(compared), tuple(others), _mode(over, case.rules))


def windows_overdrawn(
    licence: Licence, known: Licence | None, spread: Spread, rules: RuleSet
) -> Iterator[tuple[int, Failure]]:
    """Lines whose limits were lowered below what is drawn in some window already. Reservations stay; this is said."""
    before = {line.line: line for line in known.lines} if known else {}
    for line in licence.lines:
        was = before.get(line.line)
        if was is None or not line.periods:
            continue
        over = [one for one in _over(line, spread.lines[line.line], {}) if _was_more(was, one)]
        if over:
            compared = tuple(_compared(one, line, one.drawn, f"{_days(one)}, limit of") for one in over)
            yield line.line, Failure(PERIOD_OVERRUN, PERIOD_VERSION, Mismatch(compared, mode=_mode(over, rules)))


def _over(line: LicenceLine, days: Days, takes: dict[str, Decimal | None], about: int | None = None) -> Iterator[_Over]:
    """Each limit that is exceeded by what `takes` would add, by days and dimension, with its first fullest window."""
    for limit in sorted(line.periods, key=lambda limit: limit.days):
        found = list(windows(days, limit.days, about))
        for dimension in _DIMENSIONS:
            most: Decimal | None = getattr(limit, dimension)
            if most is None or not found:
                continue
            fullest = max(found, key=lambda window: window.quantity if dimension == "quantity" else window.value)
            one = _Over(limit, dimension, most, fullest)
            if one.drawn + (takes.get(dimension) or 0) > most:
                yield one


def _was_more(was: LicenceLine, one: _Over) -> bool:
    """Whether the line had no such limit, or a higher one."""
    limits = [limit for limit in was.periods if limit.days == one.limit.days]
    most = [getattr(limit, one.dimension) for limit in limits]
    return all(before is None or before > one.most for before in most)


def _compared(one: _Over, line: LicenceLine, stated: Decimal | None, how: str) -> Comparison:
    measure = _measure(line, one.dimension)
    what = f"{one.dimension} {how} {one.limit.days} days"
    return Comparison(what=what, declared=shown(stated, measure), licensed=shown(one.most, measure))


def _days(one: _Over) -> str:
    start = one.fullest.start
    last = min(start + one.limit.days - 1, date.max.toordinal())
    return f"from {date.fromordinal(start)} to {date.fromordinal(last)}"


def _measure(line: LicenceLine, dimension: Dimension) -> str | None:
    return line.unit if dimension == "quantity" else line.currency


def _mode(over: Iterable[_Over], rules: RuleSet) -> Mode:
    """The strictest of those of the dimensions that are exceeded."""
    modes = {rules.quantity.mode if one.dimension == "quantity" else rules.value.mode for one in over}
    return min(modes, key=list(Mode).index)
