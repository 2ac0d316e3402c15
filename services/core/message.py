"""What every generated record and message has in common."""

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from hashlib import sha256
from typing import Any, ClassVar, Self, cast


class Record:
    """A record defined in `schemas/`: a part of a message, or a stored snapshot."""

    __slots__ = ()
    SCHEMA: ClassVar[str]

    def to_avro(self) -> dict[str, Any]:
        """The fields as the Avro writer takes them: an optional value as (name of its branch, value)."""
        raise NotImplementedError

    @classmethod
    def from_avro(cls, fields: Mapping[str, Any]) -> Self:
        """The record from what the Avro reader gave."""
        raise NotImplementedError


def plain(record: Record) -> dict[str, Any]:
    """The fields as dicts, lists and values, for JSON and for evidence."""
    return {f.name: _plain(getattr(record, f.name)) for f in fields(cast(Any, record))}


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return plain(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value


class Message(Record):
    """A record that travels on a topic.

    `IDENTITY` names the fields that make a repeat recognisable: an aggregate and its revision, or a fact's own id.
    Two messages of one type with the same identity must have the same content.
    """

    __slots__ = ()
    TOPIC: ClassVar[str]
    KEY: ClassVar[str]
    IDENTITY: ClassVar[tuple[str, ...]]

    @property
    def key(self) -> str:
        """The record key: what the topic is partitioned by."""
        return str(getattr(self, self.KEY))

    @property
    def identity(self) -> str:
        """`ce_id`: a hash of type and identity fields, the same for every repeat of this message."""
        parts = [self.SCHEMA, *(str(getattr(self, name)) for name in self.IDENTITY)]
        return sha256("\x1f".join(parts).encode()).hexdigest()[:32]
