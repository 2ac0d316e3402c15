"""Where the aggregates of a fold are kept, and how others read them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from services.core.message import Record
from services.runtime.codec import Codec
from services.runtime.columns import Bytes, Texts
from services.runtime.database import Connection
from services.runtime.statements import Part, Statements, write

S = TypeVar("S")


class Store(Protocol[S]):
    """Loads and saves aggregates; both run on the fold's connection, `save` inside its transaction."""

    async def load(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, S]:
        """The stored ones among `ids`."""
        ...

    async def save(self, connection: Connection, partition: int, states: Mapping[str, S]) -> None:
        """Insert or replace."""
        ...


class PartStore(ABC, Generic[S]):
    """A store that needs to ask nothing to save: what it writes can go with the statement that advances a partition."""

    @abstractmethod
    def parts(self, partition: int, states: Mapping[str, S]) -> Sequence[Part]:
        """What inserts or replaces these, of which there is one at least."""

    async def save(self, connection: Connection, partition: int, states: Mapping[str, S]) -> None:
        await write(connection, self.parts(partition, states))


R = TypeVar("R", bound=Record)

_SELECT = "SELECT aggregate, state FROM {s}.snapshot WHERE fold = %s AND aggregate = ANY(%s)"
_UPSERT = (
    "INSERT INTO {s}.snapshot (fold, aggregate, partition, state)"
    " SELECT %s, a, %s, v FROM moved, unnest(%s::text[], %s::bytea[]) AS rows (a, v)"
    " ON CONFLICT (fold, aggregate) DO UPDATE SET state = excluded.state, partition = excluded.partition"
)
_STATEMENTS = Statements()


class SnapshotStore(PartStore[S], Generic[S, R]):
    """One Avro record per aggregate in `<schema>.snapshot`."""

    def __init__(
        self,
        service: str,
        fold: str,
        codec: Codec,
        record: type[R],
        to_record: Callable[[S], R],
        from_record: Callable[[R], S],
    ) -> None:
        self._service = service
        self._fold = fold
        self._codec = codec
        self._record = record
        self._to_record = to_record
        self._from_record = from_record

    async def load(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, S]:
        cursor = await connection.execute(_STATEMENTS.of(self._service, _SELECT), (self._fold, Texts(ids)))
        return {row["aggregate"]: self._decode(row["state"]) for row in await cursor.fetchall()}

    def parts(self, partition: int, states: Mapping[str, S]) -> Sequence[Part]:
        values = Bytes(self._codec.encode_record(self._to_record(state)) for state in states.values())
        upsert = _STATEMENTS.of(self._service, _UPSERT)
        return (Part(upsert, (self._fold, partition, Texts(states), values)),)

    def _decode(self, state: bytes) -> S:
        return self._from_record(self._codec.decode_record(self._record, bytes(state)))
