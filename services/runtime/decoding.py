"""Step 2 of a fold: records to messages; one that cannot be read keeps the reason, for its dead letter."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.core.errors import Rejected
from services.core.message import Message
from services.runtime.codec import Codec
from services.runtime.kafka.reader import Incoming


@dataclass(frozen=True, slots=True)
class Decoded:
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
    if "\x00" in message.key:
        return Decoded(record, None, "its key holds a NUL, which no table can keep")
    if record.key != message.key.encode():
        # It may stand in another partition than its aggregate, which two sessions would then write.
        return Decoded(record, None, "its key is not the key of its message")
    return Decoded(record, message)
