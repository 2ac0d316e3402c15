"""A recorded output beside the one a replay gives: whether they are the same, and where not."""

from dataclasses import fields
from typing import Any

from services.core.errors import Rejected, TolbrugError
from services.core.message import Message
from services.runtime.codec import PREFIX, Codec
from services.runtime.output_table import Output

_SHOWN = 80


class Differs(TolbrugError):
    """What the topics give is not what is recorded."""


def name_of(output: Output) -> str:
    """An output in words: the entries by licence and revision."""
    if output.entry_of is not None:
        return f"entry {output.entry_revision} of {output.entry_of}"
    return f"{output.type} {output.identity}"


def difference(codec: Codec, recorded: Output, rebuilt: Output) -> str | None:
    """In one sentence; None when they are the same.

    The schema id in front of a value is not compared: a registry may have given another one since.
    """
    if _place(recorded) != _place(rebuilt):
        return f"{name_of(recorded)} is recorded, the topics give {name_of(rebuilt)}: one was removed, added or moved"
    if _journey(recorded) != _journey(rebuilt):
        return f"{name_of(recorded)} is recorded with another key, time or headers than the topics give"
    one, other = recorded.value, rebuilt.value
    if one == other:
        return None
    return differing(codec, one or b"", other or b"", name_of(recorded))


def _place(output: Output) -> tuple[Any, ...]:
    return output.seq, output.topic, output.type, output.identity, output.entry_of, output.entry_revision


def _journey(output: Output) -> tuple[Any, ...]:
    return output.key, output.at, output.traceparent, output.headers


def differing(codec: Codec, one: bytes, other: bytes, name: str) -> str | None:
    """Which fields of two values of one message differ; None when only the schema id does."""
    try:
        recorded, rebuilt = codec.decode(one), codec.decode(other)
    except Rejected as error:
        return f"{name} was altered, it cannot be read: {error}"
    if recorded == rebuilt:
        return None if one[PREFIX:] == other[PREFIX:] else f"{name} was altered in bytes that carry no content"
    return f"{name} was altered: {'; '.join(_fields(recorded, rebuilt))}"


def _fields(recorded: Message, rebuilt: Message) -> list[str]:
    if type(recorded) is not type(rebuilt):
        return [f"recorded as {recorded.SCHEMA}, given as {rebuilt.SCHEMA}"]
    names = [f.name for f in fields(recorded)]  # type: ignore[arg-type]  # every generated message is a dataclass
    pairs = [(name, getattr(recorded, name), getattr(rebuilt, name)) for name in names]
    return [f"{name} is {_shown(one)}, due {_shown(other)}" for name, one, other in pairs if one != other]


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
