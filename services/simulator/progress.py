"""How far a play is: a protocol, nothing to see, or live bars."""

from types import TracebackType
from typing import Protocol, Self

from rich import progress as rich_progress
from rich.console import Console


class Progress(Protocol):
    """What the player tells while it plays."""

    def phase(self, name: str, total: int) -> None:
        """A phase begins; it has `total` steps."""

    def advance(self, steps: int = 1) -> None:
        """So many steps of the phase are done."""


class Silent:
    """Nobody looks."""

    def phase(self, name: str, total: int) -> None: ...

    def advance(self, steps: int = 1) -> None: ...


class Bars:
    """A bar per phase on a console; use as a context manager."""

    def __init__(self, console: Console) -> None:
        self._bars = rich_progress.Progress(
            rich_progress.TextColumn("{task.description:<14}"),
            rich_progress.BarColumn(),
            rich_progress.MofNCompleteColumn(),
            rich_progress.TimeElapsedColumn(),
            console=console,
        )
        self._current: rich_progress.TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def phase(self, name: str, total: int) -> None:
        self._current = self._bars.add_task(name, total=total)

    def advance(self, steps: int = 1) -> None:
        if self._current is not None:
            self._bars.advance(self._current, steps)
