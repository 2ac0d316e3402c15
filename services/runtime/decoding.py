"""Step 2 of a fold: records to messages; one that cannot be read keeps the reason, for its dead letter."""

from collections.abc import Sequence
from typing import NamedTuple

from services.core.errors import Rejected
from services.core.message import Message
from services.runtime.codec import Codec
from services.runtime.kafka.reader import Incoming


class Decoded(NamedTuple):
    """A record and its message, or the reason there is none."""

    record: Incoming
    message: Message | None
    reason: str = ""


async def decode(codec: Codec, records: Sequence[Incoming]) -> list[Decoded]:
    """One for each record. Transient when a schema must be asked for and the registry does not answer."""
    await codec.resolve([r.value for r in records if r.value is not None])
    return [_decode(codec, record) for record in records]


def _decode(codec: Codec, record: Incoming) -> Decoded:
    try:
        message = codec.decode(record.value or b"")
    except Rejected as error:
        return Decoded(record, None, str(error))
    key = message.key.encode()
    if b"\x00" in key:
        return Decoded(record, None, "its key holds a NUL, which no table can keep")
    if record.key != key:
        # It may stand in another partition than its aggregate, which two sessions would then write.
        return Decoded(record, None, "its key is not the key of its message")
    if not record.dated:
        return Decoded(record, None, f"its time, {record.at_ms} ms, is none that a table can keep")
    return Decoded(record, message)
