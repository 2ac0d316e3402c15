"""What every generated record and message has in common."""

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, ClassVar, Final, Self, cast


class Record:
    """A record defined in `schemas/`: a part of a message, or a stored snapshot.

    It remembers its Avro body once that is made, so a part that stays the same is written once. All it holds is
    immutable, so the body stays true; it is no part of equality, hash, `repr`, `replace` or a pickle.

    A record is filled while it is of its open class, `_Name`, an ordinary class with the same slots, and then becomes
    of its frozen one: a quarter of the time that a frozen dataclass takes, which assigns through `object.__setattr__`.
    """

    __slots__ = ("remembered",)
    SCHEMA: ClassVar[str]
    remembered: bytes | None

    def avro(self) -> bytes:
        """Its Avro body, under the current schema. ValueError, naming the field, when one does not fit."""
        raise NotImplementedError

    @staticmethod
    def read(b: bytes, i: int) -> tuple["Record", int]:
        """The record whose body begins at `i`, and where it ends (perhaps behind the end of `b`).

        Only of the very bytes that `avro` gives (see `services.core.avro`); any exception on others.
        """
        raise NotImplementedError

    @classmethod
    def from_avro(cls, fields: Mapping[str, Any]) -> Self:
        """The record from fields as an Avro reader without logical types gives them: times are numbers, amounts bytes.

        Any of ValueError, TypeError, KeyError and OverflowError when one does not fit.
        """
        raise NotImplementedError

    def __reduce__(self) -> tuple[Any, ...]:
        values = {f.name: getattr(self, f.name) for f in fields(cast(Any, self))}
        return _rebuilt, (type(self), values)


def _rebuilt(kind: type[Record], values: dict[str, Any]) -> Record:
    return kind(**values)


open_record: Final = object.__new__
thaw: Final = object.__setattr__
remember: Final = cast(Any, Record.__dict__["remembered"]).__set__
"""`remember(record, body)`: for who knows the record's canonical body, having read or made the record from it."""


def unfit(record: Record, made: Mapping[str, Any], error: Exception) -> ValueError:
    """Why a record cannot be written: its first field whose bytes, `<name>_`, are not among those made."""
    for field in fields(cast(Any, record)):
        if f"{field.name}_" not in made:
            if type(error) is ValueError:
                return ValueError(f"{field.name}: {error}")
            kind = getattr(field.type, "__name__", field.type)
            return ValueError(f"{field.name}: not {kind}: {getattr(record, field.name, None)!r:.100}")
    return ValueError(str(error))


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
        raise NotImplementedError

    @property
    def identity(self) -> str:
        """`ce_id`: a hash of type and identity fields, the same for every repeat of this message."""
        raise NotImplementedError
