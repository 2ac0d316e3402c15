"""Messages to bytes and back: Avro with the 5-byte prefix that Kafka tools know (0x00, schema id, big-endian).

The only file that imports fastavro. A message writes itself, and reads itself when its bytes are what it would write
under our current schema (`services.core.avro`): it then remembers them. Every other value (an earlier or later
version, another writer's spelling, a broken one) is read by fastavro, which is trusting, so a schema is judged once,
before any value is read with it, and each field as it is converted.

**Amounts.** What comes out of Avro has six decimals: `Decimal("3")` comes back as `Decimal("3.000000")`. The two are
equal, hash alike and encode to the same bytes, so `decode(encode(m)) == m`; only `str()` tells them apart. Text that
others see, compare or hash (evidence, JSON) is therefore made with `services.core.values.format_amount`, never `str`.
Times are instants: any aware time goes in, UTC comes out, to the microsecond.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from struct import Struct
from typing import Any, Final, TypeVar, cast

import fastavro

from schemas import evolution
from services.core.errors import Corrupt, Rejected, Transient
from services.core.message import Message, Record, remember
from services.core.messages import RECORDS
from services.runtime import unfolding
from services.runtime.registry import BundledRegistry, Registry

R = TypeVar("R", bound=Record)

MAX_BYTES: Final = 4 * 1024 * 1024
"""Largest message in either direction. Our own snapshots have no limit here."""
MAX_RECORDS: Final = 50_000
"""Most records in one message, parts counted. With the rule that every array item takes a byte
(`evolution.unfolding`) it bounds what a value can unfold to in memory."""

_PREFIX = Struct(">BI")
PREFIX: Final = _PREFIX.size
"""Bytes in front of the Avro body of a value: a zero, and the id of its schema."""
_MAGIC = 0
_FAILURES = (
    EOFError, ValueError, TypeError, KeyError, IndexError, OverflowError, ArithmeticError, AttributeError, MemoryError,
    fastavro.read.SchemaResolutionError,
)  # fmt: skip

# fastavro's own logical types stay as they are: other users of it in the process keep its behaviour.
fastavro.read.LOGICAL_READERS.update(unfolding.READERS)


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
    is_message: bool
    unbounded: int
    """A value of so many bytes cannot hold more than `MAX_RECORDS` records; 0 when its schema is not ours."""


class Codec:
    """Encodes and decodes; knows which schema stands behind which id.

    Encoding and decoding do no I/O: `prepare` makes our ids known at start, `resolve` those of others before a batch.
    `bundled` gives the ids of snapshots, and of messages when there is no `registry`. A benchmark with messages of its
    own gives its `records` (its generated `RECORDS`) and a `BundledRegistry` with their ids.
    """

    def __init__(
        self,
        registry: Registry | None = None,
        records: Sequence[type[Record]] = RECORDS,
        bundled: BundledRegistry | None = None,
    ) -> None:
        self._bundled = bundled or BundledRegistry()
        self._registry: Registry = registry or self._bundled
        self._classes = {record.SCHEMA: record for record in records}
        self._readers: dict[bytes, _Reader] = {}
        self._heads: dict[tuple[bytes, str], Any] = {}
        self._prefixes: dict[str, bytes] = {}
        self._bundled_prefixes: dict[str, bytes] = {}

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
            if head not in self._readers and len(head) == _PREFIX.size and head[0] == _MAGIC:
                schema_id = _PREFIX.unpack(head)[1]
                if self._known(schema_id) is not None:
                    continue
                if self._bundled.later(schema_id):
                    raise UnknownSchema(schema_id)
                await self._registry.fetch(schema_id)

    async def close(self) -> None:
        await self._registry.close()

    def encode(self, message: Message) -> bytes:
        """The value to publish. Rejected when a field does not fit its schema or the value is too large."""
        name = message.SCHEMA
        prefix = self._prefixes.get(name)
        if prefix is None:
            prefix = self._prefixes[name] = _PREFIX.pack(_MAGIC, self._registry.id_of(name))
        value = prefix + _body(message)
        if len(value) > MAX_BYTES:
            raise Rejected(f"{name} takes {len(value)} bytes; at most {MAX_BYTES} are written")
        return value

    def decode(self, value: bytes) -> Message:
        """The message in a value, whatever released or registered version it was written with.

        Rejected with the reason when it cannot be read; UnknownSchema (Transient) when its id must be resolved first.
        """
        reader = self._readers.get(value[: _PREFIX.size]) or self._reader(value)
        if not reader.is_message:
            raise Rejected(f"{reader.record.SCHEMA} is not a message of its own")
        return cast(Message, _read(reader, value))

    def decode_as(self, kind: type[R], value: bytes) -> R:
        """The same for a record that is no message of ours: others put it on topics that are named after them."""
        reader = self._readers.get(value[: _PREFIX.size]) or self._reader(value)
        if reader.record is not kind:
            raise Rejected(f"{reader.record.SCHEMA} is not read here, but {kind.SCHEMA}")
        return cast(R, _read(reader, value))

    def head(self, value: bytes, last: str) -> dict[str, Any]:
        """The fields before and up to `last`, in the order of the schema, without reading what follows them.

        For readers of many values that need only what stands first. Rejected and UnknownSchema as `decode`.
        """
        prefix = value[: _PREFIX.size]
        schema = self._heads.get((prefix, last))
        if schema is None:
            whole = (self._readers.get(prefix) or self._reader(value)).writer
            names = [field["name"] for field in whole["fields"]]
            if last not in names:
                raise Rejected(f"{whole['name']} has no {last}")
            schema = self._heads[prefix, last] = {**whole, "fields": whole["fields"][: names.index(last) + 1]}
        unfolding.BUDGET.left = MAX_RECORDS
        stream = BytesIO(value)
        stream.seek(_PREFIX.size)
        try:
            fields: Any = fastavro.schemaless_reader(stream, schema, None)
        except _FAILURES as error:
            raise Rejected(f"{schema['name']} up to {last}: {_reason(error)}") from error
        return dict(fields)

    def encode_record(self, record: Record) -> bytes:
        """A snapshot to store. Always under a bundled id: our tables stay readable without any registry.

        Corrupt when a field does not fit its schema.
        """
        name = record.SCHEMA
        prefix = self._bundled_prefixes.get(name)
        if prefix is None:
            prefix = self._bundled_prefixes[name] = _PREFIX.pack(_MAGIC, self._bundled.id_of(name))
        try:
            return prefix + _body(record)
        except Rejected as error:
            raise Corrupt(f"a state does not fit its schema: {error}") from error

    def decode_record(self, kind: type[R], value: bytes) -> R:
        """A stored snapshot, also one of an earlier version. Corrupt when it is not a whole one of `kind`.

        UnknownSchema (Transient) when a later release of ours wrote it: an upgraded worker takes over.
        """
        try:
            reader = self._readers.get(value[: _PREFIX.size]) or self._reader(value)
            record = (_own(reader.record, value) if reader.ours is None else None) or _any(reader, value, sys.maxsize)
        except Rejected as error:
            raise Corrupt(f"a stored {kind.SCHEMA} cannot be read: {error}") from error
        if not isinstance(record, kind):
            raise Corrupt(f"a stored {kind.SCHEMA} is a {record.SCHEMA}")
        return record

    def _known(self, schema_id: int) -> Any | None:
        return self._bundled.known(schema_id) or self._registry.known(schema_id)

    def _reader(self, value: bytes) -> _Reader:
        if len(value) < _PREFIX.size:
            raise Rejected(f"{len(value)} bytes: too short for the schema prefix")
        magic, schema_id = _PREFIX.unpack_from(value)
        if magic != _MAGIC:
            raise Rejected(f"first byte is 0x{magic:02x}, not 0x00: no Avro with a schema id")
        schema = self._known(schema_id)
        if schema is None:
            if not self._bundled.later(schema_id) and self._registry.absent(schema_id):
                raise Rejected(f"schema {schema_id} does not exist")
            raise UnknownSchema(schema_id)
        try:
            reader = self._judged(schema_id, fastavro.parse_schema(schema))
        except _SCHEMA_FAILURES as error:
            raise Rejected(f"schema {schema_id} is not usable: {_reason(error)}") from error
        self._readers[value[: _PREFIX.size]] = reader
        return reader

    def _judged(self, schema_id: int, parsed: Any) -> _Reader:
        name = parsed["name"] if isinstance(parsed, dict) and "fields" in parsed else str(parsed)[:80]
        if name not in self._classes:
            raise Rejected(f"schema {schema_id} describes {name}, which is not read here")
        ours: Any = fastavro.parse_schema(self._bundled.current(name))
        faults = [*evolution.unfolding(parsed), *evolution.misread(parsed, ours)]
        if faults:
            raise Rejected(f"schema {schema_id} of {name} cannot be read as ours: {'; '.join(faults)}")
        record, is_message = self._classes[name], issubclass(self._classes[name], Message)
        writer, reader = (fastavro.parse_schema(unfolding.counted(each)) for each in (parsed, ours))
        if writer != reader:
            return _Reader(record, writer, reader, is_message, 0)
        return _Reader(record, writer, None, is_message, min(MAX_BYTES, evolution.longest_with(MAX_RECORDS, ours)))


_SCHEMA_FAILURES = (*_FAILURES, RecursionError, fastavro.schema.SchemaParseException, fastavro.schema.UnknownType)


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}" if str(error) else type(error).__name__


def _body(record: Record) -> bytes:
    try:
        return record.avro()
    except (ValueError, MemoryError) as error:
        raise Rejected(f"cannot write {record.SCHEMA}: {_reason(error)}") from error


def _read(reader: _Reader, value: bytes) -> Record:
    if len(value) <= reader.unbounded:
        return _own(reader.record, value) or _any(reader, value, MAX_RECORDS)
    if len(value) <= MAX_BYTES:
        return _any(reader, value, MAX_RECORDS)
    raise Rejected(f"{len(value)} bytes; at most {MAX_BYTES} are read")


def _own(kind: type[Record], value: bytes) -> Record | None:
    """The record in a value that is byte for byte what the record itself would write, and which remembers it."""
    try:
        record, end = kind.read(value, _PREFIX.size)
    except _FAILURES:
        return None
    if end != len(value):
        return None
    remember(record, value[_PREFIX.size :])
    return record


def _any(reader: _Reader, value: bytes, most_records: int) -> Record:
    """The record in a value, or Rejected with the reason."""
    unfolding.BUDGET.left = most_records
    stream = BytesIO(value)
    stream.seek(_PREFIX.size)
    try:
        fields: Any = fastavro.schemaless_reader(stream, reader.writer, reader.ours)
        record = reader.record.from_avro(fields)
    except _FAILURES as error:
        raise Rejected(f"not a {reader.record.SCHEMA}: {_reason(error)}") from error
    if stream.tell() != len(value):
        raise Rejected(f"{len(value) - stream.tell()} bytes after the end of {reader.record.SCHEMA}")
    return record
