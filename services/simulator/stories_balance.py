"""Shipments that contend for one balance: each waits for the answer before the next one is sent."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.simulator.declarations import ExitItem, Format, Hold
from services.simulator.desk import Desk, Shipment, StoryPlan, licensed_item
from services.simulator.steps import Story

FIRST = datetime(2026, 3, 9, 7, 30, tzinfo=UTC)


class Contest(StoryPlan):
    """A story about one licence: shipments arrive a day apart, each after the one before was answered."""

    def __init__(self, desk: Desk, key: str) -> None:
        super().__init__(desk, key)
        self.licence = desk.licence(key)
        self._day = 0

    def draws(self, format_: Format, quantity: str, amount: str | None = None) -> Shipment:
        """Lodge a declaration that asks for this much, and wait for the answer."""
        self._day += 1
        item = licensed_item(self.licence, quantity, amount=amount)
        at = FIRST + timedelta(days=self._day)
        return self.under(format_, self.licence, item, accepted_at=at).lodge()


def balance(desk: Desk) -> Iterator[Story]:
    yield _last_press(desk)
    yield _last_euro(desk)
    yield _last_gram(desk)
    yield _over_both(desk)
    yield _over_value(desk)
    yield _released_anyway(desk)
    yield _shortfall_returns(desk)
    yield _refused_frees(desk)
    yield _grows_after_release(desk)
    yield _exit_differs(desk)


def _last_press(desk: Desk) -> Story:
    """Two presses: the third is refused until the first shipment is withdrawn."""
    story = Contest(desk, "last-press")
    first = story.draws(Format.JSON, "2", "200000.00").settle("covered")
    second = story.draws(Format.WCO, "1", "50000.00").settle("refused")
    first.invalidate().settle().covered()
    third = story.draws(Format.AES, "1", "100000.00").settle("covered")
    second.release().settle().covered(*second.held(consumed=True)).alerted("quantity.overrun")
    third.covered(*third.held())
    return story.finished()


def _last_euro(desk: Desk) -> Story:
    """A hundred thousand euro, to the cent."""
    story = Contest(desk, "last-euro")
    first = story.draws(Format.AES, "1", "60000.00").settle("covered")
    second = story.draws(Format.WCO, "1", "40000.01").settle("refused")
    third = story.draws(Format.JSON, "1", "40000.00").settle("covered")
    second.invalidate().settle().refused("value.overrun")
    first.release().leave().covered(*first.held(exited=True))
    third.release().leave("A4").covered(*third.held(exited=True))
    return story.finished()


def _last_gram(desk: Desk) -> Story:
    """Refused for half a gram too much, covered once amended."""
    story = Contest(desk, "last-gram")
    first = story.draws(Format.AES, "299.500").settle("covered")
    second = story.draws(Format.WCO, "201.000").settle("refused")
    second.amend(licensed_item(story.licence, "200.500")).settle("covered")
    first.release().leave().covered(*first.held(exited=True))
    second.covered(*second.held()).alerted("quantity.overrun")
    return story.finished()


def _over_both(desk: Desk) -> Story:
    """Over in both dimensions: two findings, nothing held; customs does not release."""
    story = Contest(desk, "over-both")
    made = story.draws(Format.AES, "3").settle("refused").refuse_release()
    made.refused("quantity.overrun", "value.overrun")
    small = story.draws(Format.JSON, "1").settle("covered").release()
    small.covered(*small.held(consumed=True))
    return story.finished()


def _over_value(desk: Desk) -> Story:
    """Over the value and never decided on: it stays refused and holds nothing."""
    story = Contest(desk, "over-value")
    story.draws(Format.WCO, "3").settle("refused").refused("value.overrun")
    return story.finished()


def _released_anyway(desk: Desk) -> Story:
    """Refused and released all the same: facts win, available goes below zero, and the next one finds nothing."""
    story = Contest(desk, "released-anyway")
    made = story.draws(Format.WCO, "1200.000").settle("refused").release().settle().leave().settle()
    made.refused("quantity.overrun", "released.uncovered", holds=made.held(exited=True))
    story.draws(Format.JSON, "10.000").settle("refused").refused("quantity.overrun")
    return story.finished()


def _shortfall_returns(desk: Desk) -> Story:
    """Eight released, five left: three return, and the shipment that waited for them is covered."""
    story = Contest(desk, "shortfall-returns")
    first = story.draws(Format.JSON, "8").settle("covered").release().settle()
    second = story.draws(Format.AES, "5").settle("refused")
    first.leave("A4", items=(ExitItem(1, Decimal(5)),)).settle()
    five = Decimal(5)
    gone = Hold(story.licence.ref, 1, consumed=True, quantity=five, exited_quantity=five)
    first.covered(gone).alerted("exit.shortfall")
    second.covered(*second.held()).alerted("quantity.overrun")
    return story.finished()


def _refused_frees(desk: Desk) -> Story:
    """All of it reserved, then not released: those who waited are covered in the order they came."""
    story = Contest(desk, "refused-frees")
    first = story.draws(Format.AES, "40").settle("covered")
    second = story.draws(Format.JSON, "25").settle("refused")
    third = story.draws(Format.WCO, "15").settle("refused")
    fourth = story.draws(Format.JSON, "20").settle("refused")
    first.refuse_release("goods not presented").settle().covered()
    second.covered(*second.held()).alerted("quantity.overrun")
    third.covered(*third.held()).alerted("quantity.overrun")
    fourth.refused("quantity.overrun")
    return story.finished()


def _grows_after_release(desk: Desk) -> Story:
    """Released goods are amended upwards: within the balance that is covered, beyond it they are uncovered."""
    story = Contest(desk, "grows-after-release")
    made = story.draws(Format.JSON, "12").settle("covered").release().settle()
    made.amend(licensed_item(story.licence, 18), days=2).settle("covered")
    other = story.draws(Format.AES, "2").settle("covered")
    made.amend(licensed_item(story.licence, 21), days=3).settle("refused")
    made.refused("quantity.overrun", "released.uncovered", holds=made.held(consumed=True))
    other.covered(*other.held())
    return story.finished()


def _exit_differs(desk: Desk) -> Story:
    """Less left than released (the value follows pro rata, down to the cent); more left; not all has left yet."""
    story = Contest(desk, "exit-differs")
    less = story.draws(Format.JSON, "3", "100000.00").settle("covered").release().settle()
    less.leave("A4", items=(ExitItem(1, Decimal(2)),))
    two, value = Decimal(2), Decimal("66666.66")
    less.covered(
        Hold(story.licence.ref, 1, consumed=True, quantity=two, value=value, exited_quantity=two, exited_value=value)
    ).alerted("exit.shortfall")

    more = story.draws(Format.JSON, "4").settle("covered").release().settle()
    more.leave("A4", items=(ExitItem(1, Decimal(5)),))
    more.covered(*more.held(exited=True)).alerted("exit.excess")

    part = story.draws(Format.JSON, "5").settle("covered").release().settle()
    part.leave("A1", final=False, items=(ExitItem(1, two),))
    declared = part.held(consumed=True)[0]
    part.covered(replace(declared, exited_quantity=two, exited_value=declared.value / 5 * 2))
    return story.finished()
