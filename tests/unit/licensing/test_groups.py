"""A group of requests: each gets its own answer, whatever becomes of the others."""

from services.core.errors import Refused
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
