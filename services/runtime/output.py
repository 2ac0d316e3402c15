"""From a message to the rows that are committed and published: the one way a fold decides, live and in a replay."""

from datetime import datetime
from typing import Any, TypeVar

from services.core.decision import Decision
from services.core.errors import Rejected
from services.core.message import Message
from services.runtime.codec import Codec
from services.runtime.fold import FoldSpec, Handler
from services.runtime.kafka.producer import LARGEST
from services.runtime.kafka.reader import Incoming
from services.runtime.output_table import Output

S = TypeVar("S")


def decide(
    spec: FoldSpec[S], codec: Codec, handler: Handler[S], state: S, message: Message, record: Incoming, seq: int
) -> tuple[Decision[S], list[Output]]:
    """What a handler decides about a message, and its outputs numbered from `seq`. Rejected when one cannot be kept."""
    place = (record.partition, record.offset) if spec.placed else ()
    decision = handler(state, message, record.at, *place)
    trace = record.trace
    numbered = enumerate(decision.outputs, start=seq)
    return decision, [output_of(spec, codec, m, n, record.at, trace) for n, m in numbered]


def output_of(spec: FoldSpec[Any], codec: Codec, message: Message, seq: int, at: datetime, trace: str | None) -> Output:
    """Rejected when it could not be published: that must be known before anything is committed."""
    value = codec.encode(message)
    if len(value) > LARGEST:
        raise Rejected(f"gives a {type(message).__name__} of {len(value)} bytes, more than {LARGEST}")
    entries = spec.entries
    revision = entries.revision_of(message) if entries is not None and type(message) is entries.type else None
    key = message.key
    entry_of = None if revision is None else key
    return Output(
        seq, message.TOPIC, key.encode(), message.SCHEMA, message.identity, at, trace, None, entry_of, revision, value
    )
