"""The hash chain of a licence's entries.

An entry's hash is the SHA-256, in lower-case hexadecimal, of its Avro body up to its last field, which is `hash`. The
field before it is `previous_hash`, so each hash vouches for all entries before it. The body is the very one that is
stored and published, under whatever version of the schema: to verify one takes the bytes and nothing else. The schema
id in front of a body, batches and commit times do not enter.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from services.core.errors import Rejected
from services.core.message import remember
from services.core.messages import Entry

DIGITS: Final = 64
_LENGTH: Final = b"\x80\x01"
"""Before the digits of a hash, their number as Avro writes it."""
LAST_FIELD: Final = len(_LENGTH) + DIGITS
"""Bytes that a hash takes at the end of a body."""
_NO_HASH: Final = 1
"""Bytes that an empty one takes."""


def hash_of(body: bytes) -> str:
    """The hash that must stand at the end of this body of an entry."""
    return sha256(body[:-LAST_FIELD]).hexdigest()


def digest_over(partitions: Iterable[str]) -> str:
    """One digest of the digests of all partitions, in order: two ledgers that recorded the same have the same."""
    return sha256("".join(partitions).encode()).hexdigest()


def sealed(entry: Entry) -> Entry:
    """The entry, which has none yet, with its hash. Rejected when it does not fit its schema."""
    if entry.hash:
        raise ValueError(f"entry {entry.revision} of {entry.licence} has a hash already")
    try:
        vouched = entry.avro()[:-_NO_HASH]
    except ValueError as error:
        raise Rejected(f"gives an entry that cannot be written: {error}") from error
    digits = sha256(vouched).hexdigest()
    result = Entry(
        licence=entry.licence,
        revision=entry.revision,
        cause=entry.cause,
        cause_id=entry.cause_id,
        recorded_at=entry.recorded_at,
        rule_set=entry.rule_set,
        terms=entry.terms,
        shipment=entry.shipment,
        balances=entry.balances,
        origin=entry.origin,
        authorisation=entry.authorisation,
        usage=entry.usage,
        carried=entry.carried,
        raised=entry.raised,
        previous_hash=entry.previous_hash,
        hash=digits,
    )
    remember(result, b"".join((vouched, _LENGTH, digits.encode())))
    return result
