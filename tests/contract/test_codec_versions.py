"""Values written with other versions of a schema: earlier and later ones are read, what would be misread is not."""

import asyncio
import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any, cast

import fastavro
import pytest

from schemas import loader
from services.core.errors import Rejected, Transient
from services.core.message import plain
from services.core.messages import Cover, Demand
from services.runtime.codec import Codec
from tests.contract.message_values import smallest

DEMAND = smallest(Demand)
WHOLE = loader.whole(Demand.SCHEMA)
Change = Callable[[dict[str, Any]], None]


@dataclass
class OneSchema:
    """A registry that has one schema under id 7; `up` says whether it answers."""

    schema: Any
    up: bool = True
    fetched: dict[int, Any] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)

    def id_of(self, record: str) -> int:
        raise Transient(record)

    def known(self, schema_id: int) -> Any | None:
        return self.fetched.get(schema_id)

    def absent(self, schema_id: int) -> bool:
        return schema_id in self.missing

    async def prepare(self) -> None:
        return

    async def fetch(self, schema_id: int) -> None:
        if not self.up:
            raise Transient("down")
        if schema_id == 7:
            self.fetched[7] = self.schema
        else:
            self.missing.add(schema_id)

    async def close(self) -> None:
        return


def changed(change: Change) -> dict[str, Any]:
    schema = copy.deepcopy(WHOLE)
    change(schema)
    return schema


def field_of(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return next(cast(dict[str, Any], f) for f in schema["fields"] if f["name"] == name)


def decode(schema: Any, **fields: Any) -> Any:
    """What the codec makes of a demand that someone else wrote with `schema`, as a message and as a snapshot."""
    body = BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(schema), plain(DEMAND) | fields)
    value = b"\x00\x00\x00\x00\x07" + body.getvalue()
    codec = Codec(OneSchema(schema))
    asyncio.run(codec.resolve([value]))
    message = codec.decode(value)
    assert codec.decode_record(Demand, value) == message
    return message


def add_field(schema: dict[str, Any]) -> None:
    schema["fields"].append({"name": "colour", "type": ["null", "string"], "default": None})


def add_map(schema: dict[str, Any]) -> None:
    schema["fields"].append({"name": "notes", "type": {"type": "map", "values": "double"}, "default": {}})


def drop_sources(schema: dict[str, Any]) -> None:
    schema["fields"].remove(field_of(schema, "sources"))


def reorder(schema: dict[str, Any]) -> None:
    schema["fields"].sort(key=lambda each: str(each["name"]) not in {"revision", "final_exit"})


def reword(schema: dict[str, Any]) -> None:
    schema["doc"] = "Other words."
    for each in schema["fields"]:
        each.pop("doc")


@pytest.mark.parametrize("change", [add_field, add_map, drop_sources, reorder, reword])
def test_a_compatible_version_is_read(change: Change) -> None:
    found = decode(changed(change))
    assert (found, found.remembered is None) == (DEMAND, change is not reword)


def swap_times(schema: dict[str, Any]) -> None:
    one, other = (schema["fields"].index(field_of(schema, name)) for name in ("accepted_at", "occurred_at"))
    schema["fields"][one], schema["fields"][other] = schema["fields"][other], schema["fields"][one]


def test_a_version_whose_bytes_could_be_taken_for_ours_is_read_as_what_it_is() -> None:
    later = DEMAND.occurred_at + timedelta(hours=1)
    found = decode(changed(swap_times), occurred_at=later)
    assert (found.accepted_at, found.occurred_at) == (DEMAND.accepted_at, later)


def test_a_field_that_a_later_version_added_is_passed_over() -> None:
    assert decode(changed(add_field), colour="red") == DEMAND


def rename(schema: dict[str, Any]) -> None:
    schema["name"] = "Wish"


def without_mrn(schema: dict[str, Any]) -> None:
    schema["fields"].remove(field_of(schema, "mrn"))


def milliseconds(schema: dict[str, Any]) -> None:
    field_of(schema, "accepted_at")["type"] = {"type": "long", "logicalType": "timestamp-millis"}


def never_null(schema: dict[str, Any]) -> None:
    field_of(schema, "revision")["type"] = ["null", "long"]


def two_decimals(schema: dict[str, Any]) -> None:
    draw = field_of(schema, "draws")["type"]["items"]
    money = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}
    next(f for f in draw["fields"] if f["name"] == "quantity")["type"] = ["null", money]


def narrower(schema: dict[str, Any]) -> None:
    field_of(schema, "revision")["type"] = "int"


def more_phases(schema: dict[str, Any]) -> None:
    field_of(schema, "phase")["type"]["symbols"].append("STOLEN")


def empty_items(schema: dict[str, Any]) -> None:
    schema["fields"].append({"name": "bomb", "type": {"type": "array", "items": "null"}, "default": []})


def empty_records(schema: dict[str, Any]) -> None:
    hollow = {"type": "record", "name": "Hollow", "fields": [{"name": "nothing", "type": "null"}]}
    schema["fields"].append({"name": "bomb", "type": {"type": "array", "items": hollow}, "default": []})


def endless(schema: dict[str, Any]) -> None:
    link = {"name": "next", "type": ["null", "Chain"], "default": None}
    chain = {"type": "record", "name": "Chain", "fields": [link]}
    schema["fields"].append({"name": "chain", "type": ["null", chain], "default": None})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (rename, "reconciliation.v1.Wish, which is not read here"),
        (without_mrn, "mrn is not written there"),
        (milliseconds, "accepted_at is long .timestamp-millis. there and long .timestamp-micros. here"),
        (never_null, "revision may be null there and never here"),
        (two_decimals, "quantity is bytes .decimal 18 2. there and bytes .decimal 24 6. here"),
        (narrower, "revision is int there and long here"),
        (more_phases, "phase may be STOLEN"),
        (empty_items, "items take no byte"),
        (empty_records, "items take no byte"),
        (endless, "reconciliation.v1.Chain contains itself"),
    ],
)
def test_a_schema_whose_values_would_be_misread_or_unfold_is_rejected(change: Change, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        decode(changed(change))


@pytest.mark.parametrize("schema", ["string", ["null", "string"], {"type": "array", "items": "int"}, {"type": "x"}, 3])
def test_a_schema_that_is_no_record_is_rejected(schema: Any) -> None:
    codec = Codec(OneSchema(schema))
    value = b"\x00\x00\x00\x00\x07\x00"
    asyncio.run(codec.resolve([value]))
    with pytest.raises(Rejected, match="schema 7"):
        codec.decode(value)


def test_an_unknown_id_waits_for_its_registry() -> None:
    registry = OneSchema(WHOLE, up=False)
    codec = Codec(registry)
    value = b"\x00\x00\x00\x00\x07" + Codec().encode(DEMAND)[5:]
    with pytest.raises(Transient, match="schema 7 is not known yet"):
        codec.decode(value)
    with pytest.raises(Transient, match="down"):
        asyncio.run(codec.resolve([value]))
    registry.up = True
    asyncio.run(codec.resolve([value]))
    assert codec.decode(value) == DEMAND


def test_an_id_the_registry_does_not_have_is_rejected_and_its_neighbours_are_read() -> None:
    codec = Codec(OneSchema(WHOLE))
    lost = b"\x00\x00\x00\x00\x08\x00"
    value = b"\x00\x00\x00\x00\x07" + Codec().encode(DEMAND)[5:]
    asyncio.run(codec.resolve([lost, value]))
    assert codec.decode(value) == DEMAND
    with pytest.raises(Rejected, match="schema 8 does not exist"):
        codec.decode(lost)


def test_bundled_ids_stay_readable_with_a_registry_that_is_down() -> None:
    codec = Codec(OneSchema(WHOLE, up=False))
    values = [Codec().encode(DEMAND), Codec().encode(smallest(Cover))]
    asyncio.run(codec.resolve(values))
    assert [codec.decode(value) for value in values] == [DEMAND, smallest(Cover)]
