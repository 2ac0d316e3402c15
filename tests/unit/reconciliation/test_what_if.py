"""What other rules would have answered; the file they are read from; a recorded output beside a rebuilt one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from services.core.decision import Decision
from services.core.errors import Fatal
from services.core.messages import DrawVerdict
from services.reconciliation.adapters.replay_rows import difference
from services.reconciliation.adapters.replay_what_if import Period, rules_in
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.rule_set import Ceiling, Mode
from services.reconciliation.domain.rules import DEFAULT_RULE_SET, rule_set
from services.reconciliation.domain.what_if import Answer, changes
from services.runtime.codec import Codec
from services.runtime.output_table import Output
from tests.builders import ACCEPTED_AT, REF, a_demand, a_draw, a_licence, a_line, later, mrn
from tests.ledger_play import Play

CODEC = Codec()
TOLERANT = rule_set(Ceiling(Decimal("0.5")))


def decision(play: Play) -> Decision[LicenceLedger]:
    return Decision(play.state, play.outputs)


def plays() -> tuple[Play, Play]:
    """A licence for two presses, judged without and with tolerance."""
    return Play(a_licence()), Play(a_licence(), rule_set=TOLERANT)


def test_draws_answered_alike_are_no_change() -> None:
    one, other = plays()
    demand = a_demand()
    assert list(changes(decision(one.ask(demand)), decision(other.ask(demand)), later(1))) == []


def test_a_draw_answered_otherwise_is_told_with_both_answers_and_reasons() -> None:
    one, other = plays()
    demand = a_demand(a_draw("3", "200000"), mrn=mrn(2))
    (change,) = changes(decision(one.ask(demand)), decision(other.ask(demand)), later(1))
    assert (change.licence, change.mrn, change.item, change.line, change.at) == (REF, mrn(2), 1, 1, later(1))
    assert change.was == Answer(DrawVerdict.REFUSED, ("quantity.overrun",))
    assert (str(change.was), str(change.would_be)) == ("refused (quantity.overrun)", "covered")


def test_a_shipment_that_only_one_judges_again_is_compared_too() -> None:
    one, other = plays()
    for number in (1, 2, 3):
        demand = a_demand(a_draw(amount="1"), mrn=mrn(number))
        one.ask(demand)
        other.ask(demand)
    freed = replace(one.state.shipments[mrn(1)].demand, draws=())
    was, would_be = decision(one.ask(freed)), decision(other.ask(freed))
    assert [len(was.outputs), len(would_be.outputs)] == [4, 2], "the third is judged again where it was refused"
    assert list(changes(was, would_be, later(1))) == []


def test_a_period_holds_its_first_moment_and_not_its_last() -> None:
    period = Period(ACCEPTED_AT, ACCEPTED_AT + timedelta(days=1))
    assert ACCEPTED_AT in period
    assert ACCEPTED_AT + timedelta(days=1) not in period
    assert ACCEPTED_AT - timedelta(microseconds=1) not in period
    assert datetime(1970, 1, 1, tzinfo=UTC) in Period()


def test_rules_of_a_file_are_named_by_their_content(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text('{"quantity": {"tolerance": "0.05", "mode": "alert"}, "value": {"tolerance": 0.1}}')
    rules = rules_in(file)
    assert rules == rule_set(Ceiling(Decimal("0.05"), Mode.ALERT), Ceiling(Decimal("0.1")))
    file.write_text("{}")
    assert rules_in(file) == DEFAULT_RULE_SET


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"weight": {}}',
        '{"quantity": 5}',
        '{"quantity": {"tolerances": 1}}',
        '{"quantity": {"mode": "shrug"}}',
        '{"value": {"tolerance": "much"}}',
        '{"value": {"tolerance": -0.1}}',
        '{"value": {"tolerance": "NaN"}}',
        '{"value": {"tolerance": "Infinity"}}',
    ],
)
def test_what_is_no_rule_set_is_refused_with_the_file_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(content)
    with pytest.raises(Fatal, match=r"rules\.json"):
        rules_in(file)


def an_output(revision: int = 2) -> Output:
    play = Play(a_licence())
    play.ask(a_demand())
    entry = play.entries[revision - 1]
    value = CODEC.encode(entry)
    key = REF.encode()
    return Output(
        revision, entry.TOPIC, key, entry.SCHEMA, entry.identity, ACCEPTED_AT, None, None, REF, revision, value
    )


def test_the_same_output_has_no_difference() -> None:
    assert difference(CODEC, an_output(), an_output()) is None


def test_an_output_that_differs_is_named_with_its_fields() -> None:
    play = Play(a_licence(a_line(quantity="9")))
    play.ask(a_demand())
    value = CODEC.encode(play.entries[1])
    told = difference(CODEC, an_output()._replace(value=value), an_output())
    assert told is not None
    assert told.startswith(f"entry 2 of {REF} was altered: balances is ")
    assert "hash is" in told


def test_one_in_another_place_or_under_another_key_differs() -> None:
    assert "entry 1" in (difference(CODEC, an_output(), an_output(1)) or "")
    whole = an_output()
    altered = (
        whole._replace(key=b"x"),
        whole._replace(at=later(1)),
        whole._replace(traceparent="x"),
        whole._replace(headers=[]),
    )
    for one in altered:
        assert "key, time or headers" in (difference(CODEC, one, whole) or "")


def test_one_that_cannot_be_read_was_altered() -> None:
    value = an_output().value or b""
    assert "cannot be read" in (difference(CODEC, an_output()._replace(value=value[:-1]), an_output()) or "")


def test_a_head_is_read_without_what_follows() -> None:
    value = an_output().value or b""
    whole = CODEC.decode(value)
    head = CODEC.head(value, "revision")
    assert head == {"licence": REF, "revision": 2}
    assert CODEC.head(value[:60], "revision") == head
    assert whole.key == head["licence"]
