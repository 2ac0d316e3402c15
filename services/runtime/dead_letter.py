"""Dead letters: key, value and headers untouched, with the reason and the place of origin beside them."""

from services.runtime.fold_table import Output
from services.runtime.kafka.reader import Incoming
from services.runtime.kafka.topics import DEAD_LETTER_SUFFIX


def dead_letter(record: Incoming, stage: str, reason: str, fold: str, seq: int) -> Output:
    """The output for a record that can never be decoded or handled. Its identity is its origin: a repeat is known."""
    origin = f"{record.topic}/{record.partition}/{record.offset}"
    added = {
        "dlq.topic": record.topic,
        "dlq.partition": str(record.partition),
        "dlq.offset": str(record.offset),
        "dlq.timestamp": record.at.isoformat(),
        "dlq.fold": fold,
        "dlq.stage": stage,
        "dlq.exception.message": reason[:4096],
    }
    headers = [[name, value.hex()] for name, value in record.headers]
    headers += [[name, value.encode().hex()] for name, value in added.items()]
    return Output(
        seq=seq,
        topic=record.topic + DEAD_LETTER_SUFFIX,
        key=record.key,
        type="dead-letter",
        identity=origin,
        at=record.at,
        traceparent=record.header("traceparent"),
        headers=headers,
        entry_of=None,
        entry_revision=None,
        value=record.value,
    )
