"""Messages to bytes and back: Avro with the 5-byte prefix that Kafka tools know (0x00, schema id, big-endian).

The only file that imports fastavro. fastavro is quick and trusting: it writes 1 for the float 1.9, takes a naive time
for local time, rounds a decimal that is too long on reading and ignores what follows a record. So our own logical
types stand where that could happen, and a schema is judged once, before any value is read with it.

**Amounts.** What comes out of Avro has six decimals: `Decimal("3")` comes back as `Decimal("3.000000")`. The two are
equal, hash alike and encode to the same bytes, so `decode(encode(m)) == m`; only `str()` tells them apart. Text that
others see, compare or hash (evidence, JSON) is therefore made with `services.core.values.format_amount`, never `str`.
Times are instants: any aware time goes in, UTC comes out, to the microsecond.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from struct import Struct
from typing import Any, Final, TypeVar

import fastavro

from schemas import evolution, loader
from services.core.errors import Corrupt, Rejected, Transient
from services.core.message import Message, Record
from services.core.messages import RECORDS
from services.runtime import avro_types
from services.runtime.registry import BundledRegistry, Registry

R = TypeVar("R", bound=Record)

MAX_BYTES: Final = 4 * 1024 * 1024
"""Largest message in either direction. Our own snapshots have no limit here."""
MAX_RECORDS: Final = 50_000
"""Most records in one message, parts counted. With the rule that every array item takes a byte
(`evolution.unfolding`) it bounds what a value can unfold to in memory."""

_PREFIX = Struct(">BI")
_MAGIC = 0
_CLASSES: Final = {record.SCHEMA: record for record in RECORDS}
_FAILURES = (
    EOFError, ValueError, TypeError, KeyError, IndexError, OverflowError, ArithmeticError, AttributeError, MemoryError,
    fastavro.read.SchemaResolutionError,
)  # fmt: skip

fastavro.write.LOGICAL_WRITERS.update(avro_types.WRITERS)
fastavro.read.LOGICAL_READERS.update(avro_types.READERS)


class UnknownSchema(Transient):
    """A value names a schema id not met before: `await codec.resolve([value])`, then decode again."""

    def __init__(self, schema_id: int) -> None:
        super().__init__(f"schema {schema_id} is not known yet: it must be fetched, or is of a later release")
        self.schema_id = schema_id


@dataclass(frozen=True, slots=True)
class _Reader:
    """How to read the values written under one id. `ours` is None when the writer's schema is the same."""

    record: type[Record]
    writer: Any
    ours: Any | None


class Codec:
    """Encodes and decodes; knows which schema stands behind which id.

    Encoding and decoding do no I/O: `prepare` makes our ids known at start, `resolve` those of others before a batch.
    """

    def __init__(self, registry: Registry | None = None) -> None:
        self._bundled = BundledRegistry()
        self._registry: Registry = registry or self._bundled
        self._readers: dict[int, _Reader] = {}
        self._heads: dict[tuple[int, str], Any] = {}
        self._ids: dict[str, int] = {}
        self._bundled_ids: dict[str, int] = {}

    async def prepare(self) -> None:
        """Make the ids of all our messages known. Transient when the registry is needed and does not answer."""
        await self._registry.prepare()

    async def resolve(self, values: Iterable[bytes]) -> None:
        """Make the schema ids of these values known, so that `decode` needs no I/O.

        Values that are no Avro are passed over: `decode` rejects them. An id the registry does not have is passed over
        too, for the same reason. Transient when the registry does not answer, or an id is of a later release of ours:
        the partition waits for an upgraded worker instead of giving up what that one can read.
        """
        for head in {value[: _PREFIX.size] for value in values}:
            if len(head) == _PREFIX.size and head[0] == _MAGIC:
                schema_id = _PREFIX.unpack(head)[1]
                if schema_id in self._readers or self._known(schema_id) is not None:
                    continue
                if self._bundled.later(schema_id):
                    raise UnknownSchema(schema_id)
                await self._registry.fetch(schema_id)

    async def close(self) -> None:
        await self._registry.close()

    def encode(self, message: Message) -> bytes:
        """The value to publish. Rejected when a field does not fit its schema or the value is too large."""
        name = message.SCHEMA
        schema_id = self._ids.get(name)
        if schema_id is None:
            schema_id = self._ids[name] = self._registry.id_of(name)
        value = _encode(schema_id, message)
        if len(value) > MAX_BYTES:
            raise Rejected(f"{name} takes {len(value)} bytes; at most {MAX_BYTES} are written")
        return value

    def decode(self, value: bytes) -> Message:
        """The message in a value, whatever released or registered version it was written with.

        Rejected with the reason when it cannot be read; UnknownSchema (Transient) when its id must be resolved first.
        """
        if len(value) > MAX_BYTES:
            raise Rejected(f"{len(value)} bytes; at most {MAX_BYTES} are read")
        record = self._decode(value, MAX_RECORDS)
        if not isinstance(record, Message):
            raise Rejected(f"{record.SCHEMA} is not a message of its own")
        return record

    def head(self, value: bytes, last: str) -> dict[str, Any]:
        """The fields before and up to `last`, in the order of the schema, without reading what follows them.

        For readers of many values that need only what stands first. Rejected and UnknownSchema as `decode`.
        """
        if len(value) < _PREFIX.size:
            raise Rejected(f"{len(value)} bytes: too short for the schema prefix")
        schema_id = _PREFIX.unpack_from(value)[1]
        schema = self._heads.get((schema_id, last))
        if schema is None:
            whole = (self._readers.get(schema_id) or self._reader(schema_id)).writer
            end = [field["name"] for field in whole["fields"]].index(last) + 1
            schema = self._heads[schema_id, last] = {**whole, "fields": whole["fields"][:end]}
        avro_types.BUDGET.left = MAX_RECORDS
        stream = BytesIO(value)
        stream.seek(_PREFIX.size)
        try:
            fields: Any = fastavro.schemaless_reader(stream, schema, None)
        except _FAILURES as error:
            raise Rejected(f"schema {schema_id} up to {last}: {_reason(error)}") from error
        return dict(fields)

    def encode_record(self, record: Record) -> bytes:
        """A snapshot to store. Always under a bundled id: our tables stay readable without any registry.

        Corrupt when a field does not fit its schema.
        """
        name = record.SCHEMA
        schema_id = self._bundled_ids.get(name)
        if schema_id is None:
            schema_id = self._bundled_ids[name] = self._bundled.id_of(name)
        try:
            return _encode(schema_id, record)
        except Rejected as error:
            raise Corrupt(f"a state does not fit its schema: {error}") from error

    def decode_record(self, kind: type[R], value: bytes) -> R:
        """A stored snapshot, also one of an earlier version. Corrupt when it is not a whole one of `kind`.

        UnknownSchema (Transient) when a later release of ours wrote it: an upgraded worker takes over.
        """
        try:
            record = self._decode(value, sys.maxsize)
        except Rejected as error:
            raise Corrupt(f"a stored {kind.SCHEMA} cannot be read: {error}") from error
        if not isinstance(record, kind):
            raise Corrupt(f"a stored {kind.SCHEMA} is a {record.SCHEMA}")
        return record

    def _decode(self, value: bytes, most_records: int) -> Record:
        if len(value) < _PREFIX.size:
            raise Rejected(f"{len(value)} bytes: too short for the schema prefix")
        magic, schema_id = _PREFIX.unpack_from(value)
        if magic != _MAGIC:
            raise Rejected(f"first byte is 0x{magic:02x}, not 0x00: no Avro with a schema id")
        reader = self._readers.get(schema_id) or self._reader(schema_id)
        avro_types.BUDGET.left = most_records
        stream = BytesIO(value)
        stream.seek(_PREFIX.size)
        try:
            fields: Any = fastavro.schemaless_reader(stream, reader.writer, reader.ours)
            record = reader.record.from_avro(fields)
        except _FAILURES as error:
            raise Rejected(f"not a {reader.record.SCHEMA} (schema {schema_id}): {_reason(error)}") from error
        if stream.tell() != len(value):
            raise Rejected(f"{len(value) - stream.tell()} bytes after the end of {reader.record.SCHEMA}")
        return record

    def _known(self, schema_id: int) -> Any | None:
        return self._bundled.known(schema_id) or self._registry.known(schema_id)

    def _reader(self, schema_id: int) -> _Reader:
        schema = self._known(schema_id)
        if schema is None:
            if not self._bundled.later(schema_id) and self._registry.absent(schema_id):
                raise Rejected(f"schema {schema_id} does not exist")
            raise UnknownSchema(schema_id)
        try:
            parsed: Any = fastavro.parse_schema(schema)
            name = parsed["name"] if isinstance(parsed, dict) and "fields" in parsed else str(parsed)[:80]
            if name not in _CLASSES:
                raise Rejected(f"schema {schema_id} describes {name}, which is not read here")
            faults = [*evolution.unfolding(parsed), *evolution.misread(parsed, _plain(name))]
            if faults:
                raise Rejected(f"schema {schema_id} of {name} cannot be read as ours: {'; '.join(faults)}")
            writer = fastavro.parse_schema(avro_types.marked(parsed))
        except _SCHEMA_FAILURES as error:
            raise Rejected(f"schema {schema_id} is not usable: {_reason(error)}") from error
        ours = _parsed(name)
        reader = _Reader(_CLASSES[name], writer, None if writer == ours else ours)
        self._readers[schema_id] = reader
        return reader


_SCHEMA_FAILURES = (*_FAILURES, RecursionError, fastavro.schema.SchemaParseException, fastavro.schema.UnknownType)


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}" if str(error) else type(error).__name__


@cache
def _plain(name: str) -> Any:
    return fastavro.parse_schema(loader.whole(name))


@cache
def _parsed(name: str) -> Any:
    return fastavro.parse_schema(avro_types.marked(_plain(name)))


def _encode(schema_id: int, record: Record) -> bytes:
    stream = BytesIO()
    stream.write(_PREFIX.pack(_MAGIC, schema_id))
    try:
        fastavro.schemaless_writer(stream, _parsed(record.SCHEMA), record.to_avro())
    except _FAILURES as error:
        raise Rejected(f"cannot write {record.SCHEMA}: {_reason(error)}") from error
    return stream.getvalue()
