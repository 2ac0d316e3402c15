"""A group of requests: each gets its own answer, whatever becomes of the others."""

from pathlib import Path

from services.core.errors import Refused
from services.licensing.adapters import groups
from services.licensing.adapters.groups import decided


def decide(command: int) -> tuple[str, list[int]]:
    """Makes as many messages as the number says; refuses those below nought."""
    if command < 0:
        raise Refused(409, f"{command} is below nought")
    return f"answer {command}", [command] * command


def test_those_after_a_refused_one_are_decided() -> None:
    group = decided([1, -1, 2], ["a", "b", "c"], decide)
    first, refused, last = group.answers
    assert (first, last) == ("answer 1", "answer 2")
    assert isinstance(refused, Refused)
    assert refused.title == "-1 is below nought"


def test_each_message_has_the_trace_of_its_request() -> None:
    group = decided([2, -1, 0, 1], ["a", "b", "c", None], decide)
    assert list(zip(group.made, group.traces, strict=True)) == [(2, "a"), (2, "a"), (1, None)]


def test_who_refers_to_a_row_never_waits_for_who_changes_it() -> None:
    """A foreign key is checked under a lock on the row it names, taken in the order in which the others are written.

    Two requests on use of licences B and A, and two that change A and B, would wait for each other.
    """
    for source in Path(groups.__file__).parent.rglob("*.py"):
        assert "FOR UPDATE" not in source.read_text(encoding="utf-8"), source.name
