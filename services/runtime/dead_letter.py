"""Dead letters: key, value and headers untouched, with the reason and the place of origin beside them.

What is too large to be published once more is left out and named by size and hash: a dead letter that could never be
published would hold up its partition for ever. The record itself stays where it was read.
"""

from hashlib import sha256

from services.runtime.kafka.producer import LARGEST
from services.runtime.kafka.reader import Incoming
from services.runtime.kafka.topics import DEAD_LETTER_SUFFIX
from services.runtime.output_table import Output

_OURS = 8 * 1024
_PER_HEADER = 16


def dead_letters(
    record: Incoming, stage: str, reason: str, fold: str, seq: int, problem: str | None = None
) -> list[Output]:
    """The dead letter of a record; none for one that was read from a dead-letter topic: it is where it belongs."""
    if record.topic.endswith(DEAD_LETTER_SUFFIX):
        return []
    return [dead_letter(record, stage, reason, fold, seq, problem)]


def dead_letter(record: Incoming, stage: str, reason: str, fold: str, seq: int, problem: str | None = None) -> Output:
    """The output for a record that can never be decoded or handled. Its identity is its origin: a repeat is known.

    `problem`: what its sender would be answered by HTTP, a problem document.
    """
    whole = _size(record) + _OURS <= LARGEST
    added = {
        "dlq.topic": record.topic,
        "dlq.partition": str(record.partition),
        "dlq.offset": str(record.offset),
        "dlq.timestamp": record.at.isoformat(),
        "dlq.fold": fold,
        "dlq.stage": stage,
        "dlq.exception.message": reason.encode()[:4096].decode(errors="ignore"),
    }
    if problem is not None:
        added["dlq.problem"] = problem
    if not whole:
        value = record.value or b""
        added["dlq.left-out"] = f"key, headers and a value of {len(value)} bytes, SHA-256 {sha256(value).hexdigest()}"
    kept = record.headers if whole else ()
    headers = [[name.replace("\x00", "\ufffd"), None if value is None else value.hex()] for name, value in kept]
    headers += [[name, text.encode().hex()] for name, text in added.items()]
    return Output(
        seq=seq,
        topic=record.topic + DEAD_LETTER_SUFFIX,
        key=record.key if whole else None,
        type="dead-letter",
        identity=f"{record.topic}/{record.partition}/{record.offset}",
        at=record.at,
        traceparent=record.trace,
        headers=headers,
        entry_of=None,
        entry_revision=None,
        value=record.value if whole else None,
    )


def _size(record: Incoming) -> int:
    headers = sum(_PER_HEADER + 3 * len(name) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers
