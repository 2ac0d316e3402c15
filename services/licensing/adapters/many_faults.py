"""Bodies with so many faults that to tell each would hold up everybody else.

Whether a large body has a fault is found beside the event loop, and how many there are costs nothing; only those that
are told are made.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from services.core.errors import Fault

MOST_TOLD: Final = 1_000
_LARGE: Final = 64 * 1024
"""Bytes of a body from which on it could have many more faults than that."""
_FIRST: Final = 100
"""Of each list and object, so many elements are looked at for the faults that are told."""


def errors_of(error: ValidationError, kind: type[BaseModel], document: Any) -> Sequence[Mapping[str, Any]]:
    """What pydantic found in a document that is no `kind`, or where that is very much, some of the first of it."""
    if error.error_count() <= MOST_TOLD:
        return error.errors()
    try:
        kind.model_validate(_beginning(document))
    except ValidationError as few:
        return few.errors()[:MOST_TOLD] if few.error_count() < 20 * MOST_TOLD else ()
    return ()


def more_faults(count: int, told: int) -> Fault:
    """Said in the place of those that are not told."""
    return Fault("", "more-faults", f"{count} faults in all, {told} of them are told here")


async def too_many(kind: type[BaseModel], document: Any, size: int) -> tuple[Sequence[Mapping[str, Any]], int] | None:
    """The errors that are told of a body of so many bytes, and how many it has; None when it has not too many."""
    if size < _LARGE:
        return None
    return await asyncio.to_thread(_too_many, kind, document)


def _too_many(kind: type[BaseModel], document: Any) -> tuple[Sequence[Mapping[str, Any]], int] | None:
    try:
        kind.model_validate(document)
    except ValidationError as error:
        count = error.error_count()
        return (errors_of(error, kind, document), count) if count > MOST_TOLD else None
    return None


def _beginning(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _beginning(value[name]) for name in list(value)[:_FIRST]}
    if isinstance(value, list):
        return [_beginning(each) for each in value[:_FIRST]]
    return value
