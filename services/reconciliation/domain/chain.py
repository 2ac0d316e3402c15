"""The hash chain of a licence's entries.

Canonical form of an entry, in UTF-8: JSON without spaces, keys sorted by code point, of all fields but `hash`; a
decimal is a string with six decimals, a time a whole number of microseconds since 1970-01-01T00:00:00Z, a date
ISO 8601, an enum its name. Fields that are null or an empty array are left out, so that a field a later schema adds
does not alter the hash of an entry made before it. `hash` is the SHA-256 of that text in lower-case hexadecimal; as
`previous_hash` is among the fields, each hash vouches for all entries before it. Schema ids and batches do not enter.
"""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from services.core.messages import Entry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def canonical(entry: Entry) -> bytes:
    """The canonical form of the entry without its own hash."""
    fields = entry.to_avro()
    del fields["hash"]
    return json.dumps(_plain(fields), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def hash_of(entry: Entry) -> str:
    """The hash the entry must have."""
    return sha256(canonical(entry)).hexdigest()


def sealed(entry: Entry) -> Entry:
    """The entry with its hash."""
    return replace(entry, hash=hash_of(entry))


def _plain(value: Any) -> Any:
    """JSON values; None stands for whatever is left out."""
    kind = type(value)
    if kind is str or kind is int or kind is bool:
        return value
    if kind is Decimal:
        return format(value, ".6f")
    if kind is dict:
        return {key: plain for key, item in value.items() if (plain := _plain(item)) is not None}
    if kind is list:
        return [_plain(item) for item in value] or None
    if kind is datetime:
        return (value - _EPOCH) // _MICROSECOND
    return value.isoformat() if isinstance(value, date) else value
