"""A message of a decision as the row that is committed and then published."""

from datetime import datetime
from typing import Any

from services.core.errors import Rejected
from services.core.message import Message
from services.runtime.codec import Codec
from services.runtime.fold import FoldSpec
from services.runtime.fold_table import Output
from services.runtime.kafka.producer import LARGEST


def output_of(spec: FoldSpec[Any], codec: Codec, message: Message, seq: int, at: datetime, trace: str | None) -> Output:
    """Rejected when it could not be published: that must be known before anything is committed."""
    value = codec.encode(message)
    if len(value) > LARGEST:
        raise Rejected(f"gives a {type(message).__name__} of {len(value)} bytes, more than {LARGEST}")
    is_entry = spec.entries is not None and isinstance(message, spec.entries.type)
    fields: Any = message
    return Output(
        seq=seq,
        topic=message.TOPIC,
        key=message.key.encode(),
        type=message.SCHEMA,
        identity=message.identity,
        at=at,
        traceparent=trace,
        headers=None,
        entry_of=message.key if is_entry else None,
        entry_revision=fields.revision if is_entry else None,
        value=value,
    )
