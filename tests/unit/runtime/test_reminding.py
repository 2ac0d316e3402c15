"""When a reminder may be said: after its time, and after all that came before it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.core.message import Message
from services.core.messages import Reminder
from services.core.values import Mrn
from services.runtime import reminding
from services.runtime.clock import Clock
from services.runtime.fold import FoldSpec, Reminders
from services.runtime.kafka.reader import PartitionReader, Position
from services.runtime.reminding import Changes, Reminding
from tests.builders_customs import a_release

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MRN = Mrn("26BE343000000001A1")
HOUR = timedelta(hours=1)
A_FACT = a_release()


@dataclass
class Inputs:
    """Ends that are asked for."""

    ends_now: dict[str, int]
    asked: int = 0

    async def ends(self) -> dict[str, int]:
        self.asked += 1
        return dict(self.ends_now)


@dataclass
class Watch(Clock):
    """Shows what it is set to."""

    shows: datetime = field(default=NOON)

    def now(self) -> datetime:
        return self.shows


def reminders_of(due: Any) -> Reminders[Any]:
    return Reminders("1", Reminder, due, lambda mrn, at: Reminder(mrn=Mrn(mrn), due=at))


def a_spec(reminders: Reminders[Any] | None) -> FoldSpec[Any]:
    return FoldSpec(
        service="probe", name="fold", inputs=("a", "b"), handlers={}, aggregate=str, new=str, store=cast(Any, None),
        reminders=reminders,
    )  # fmt: skip


def at(**positions: int) -> Mapping[str, Position]:
    return {topic: Position(offset) for topic, offset in positions.items()}


class Partition:
    """One with a state that is itself the time of its reminder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reminding, "EVERY_S", 0)
        self.clock = Watch()
        self.inputs = Inputs({"a": 5, "b": 2})
        self.reminding = Reminding(a_spec(reminders_of(lambda state: state)), self.clock, 0)

    def handled(self, before: datetime | None, after: datetime | None, message: Message = A_FACT) -> Changes:
        self.reminding.handling(MRN, before, message)
        changes = self.reminding.changes(lambda _: after)
        self.reminding.committed(changes)
        return changes

    async def until(self, **positions: int) -> datetime | None:
        return await self.reminding.until(cast(PartitionReader, self.inputs), at(**positions))


@pytest.fixture
def partition(monkeypatch: pytest.MonkeyPatch) -> Partition:
    return Partition(monkeypatch)


async def test_nothing_is_said_before_its_time_and_no_broker_asked(partition: Partition) -> None:
    partition.handled(None, NOON + HOUR)
    assert await partition.until(a=5, b=2) is None
    assert partition.inputs.asked == 0


async def test_what_came_before_its_time_is_read_first(partition: Partition) -> None:
    partition.handled(None, NOON)
    assert await partition.until(a=4, b=2) is None
    partition.inputs.ends_now = {"a": 99, "b": 99}
    assert await partition.until(a=5, b=1) is None
    assert await partition.until(a=5, b=2) == NOON, "what comes after it need not be"
    assert partition.inputs.asked == 1


async def test_an_input_of_which_nothing_was_read_counts_too(partition: Partition) -> None:
    partition.handled(None, NOON)
    assert await partition.until(a=5) is None
    assert await partition.until(a=5, b=2) == NOON


async def test_an_input_that_holds_nothing_is_not_waited_for(partition: Partition) -> None:
    partition.inputs.ends_now = {"a": 5, "b": 0}
    partition.handled(None, NOON)
    assert await partition.until(a=5) == NOON


async def test_a_clock_that_goes_back_lets_nothing_happen_and_forgets_nothing(partition: Partition) -> None:
    partition.handled(None, NOON)
    partition.clock.shows = NOON - timedelta(days=2)
    assert await partition.until(a=5, b=2) is None
    partition.clock.shows = NOON + HOUR
    assert await partition.until(a=5, b=2) == NOON + HOUR


async def test_of_several_the_first_counts(partition: Partition) -> None:
    partition.handled(None, NOON + 2 * HOUR)
    partition.handled(None, NOON - HOUR)
    partition.handled(None, NOON + HOUR)
    assert await partition.until(a=5, b=2) == NOON


def test_only_what_changed_is_written(partition: Partition) -> None:
    assert partition.handled(None, NOON) == Changes({MRN: NOON})
    assert not partition.handled(NOON, NOON)
    assert partition.handled(NOON, None) == Changes(gone=[MRN])
    assert not partition.handled(None, None)


def test_after_a_reminder_the_table_is_told_in_any_case(partition: Partition) -> None:
    told = Reminder(mrn=MRN, due=NOON)
    assert partition.handled(NOON + HOUR, NOON + HOUR, told) == Changes({MRN: NOON + HOUR})
    assert partition.handled(None, None, told) == Changes(gone=[MRN])
    assert not partition.handled(NOON, NOON), "and only then"


def test_of_what_comes_and_goes_in_one_batch_nothing_is_written(partition: Partition) -> None:
    partition.reminding.handling(MRN, None, A_FACT)
    partition.reminding.handling(MRN, NOON, A_FACT)
    assert not partition.reminding.changes(lambda _: None)


async def test_a_fold_without_reminders_has_none() -> None:
    without = Reminding(a_spec(None), Clock(), 0)
    without.handling(MRN, None, Reminder(mrn=MRN, due=NOON))
    assert not without.changes(lambda _: NOON)
    assert await without.until(cast(PartitionReader, Inputs({})), {}) is None
