"""What holds for every schema, and that the generated types and the released versions follow."""

import json
import subprocess
import sys
from itertools import permutations, product
from typing import Any, cast

import avro.compatibility
import avro.schema
import pytest

from schemas import evolution, loader, release
from schemas.codegen_fields import Fields
from services.core.message import Message, Record
from services.core.messages import RECORDS, IntakeMessage
from services.runtime.registry import MESSAGES

pytestmark = pytest.mark.filterwarnings("ignore::avro.errors.IgnoredLogicalType")

NAMES = loader.names()
RECORD_NAMES = tuple(n for n in NAMES if loader.definition(n)["type"] == "record")
AMOUNT = {"type": "bytes", "logicalType": "decimal", "precision": 24, "scale": 6}
every_record = pytest.mark.parametrize("name", RECORD_NAMES)


def types_in(schema: Any) -> list[Any]:
    """Every schema inside a schema, itself included."""
    if isinstance(schema, list):
        return [found for branch in schema for found in types_in(branch)]
    if not isinstance(schema, dict):
        return [schema]
    nested = [schema["items"]] if "items" in schema else [f["type"] for f in schema.get("fields", ())]
    return [schema, *types_in(nested)]


def read_every_version() -> dict[str, list[dict[str, Any]]]:
    versions: dict[str, list[dict[str, Any]]] = {}
    for schema_id, (name, _) in sorted(loader.released_ids().items()):
        versions.setdefault(name, []).append(loader.released()[schema_id])
    return versions


VERSIONS = read_every_version()


def test_the_generated_messages_are_what_the_schemas_give() -> None:
    command = [sys.executable, "-m", "schemas.codegen", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_every_record_has_its_class() -> None:
    assert sorted(record.SCHEMA for record in RECORDS) == sorted(RECORD_NAMES)


@every_record
def test_the_current_form_is_the_latest_released(name: str) -> None:
    assert loader.bare(VERSIONS[name][-1]) == loader.bare(loader.whole(name)), "run `python -m schemas.release`"


def test_nothing_is_left_to_release() -> None:
    assert release.additions(loader.released_ids(), loader.released(), release.records()) == {}


@pytest.mark.parametrize("name", VERSIONS)
def test_every_released_version_reads_every_other(name: str) -> None:
    checker = cast(Any, avro.compatibility).ReaderWriterCompatibilityChecker()
    for writer, reader in product(VERSIONS[name], repeat=2):
        result = checker.get_compatibility(_avro(reader), _avro(writer))
        assert result.compatibility is avro.compatibility.SchemaCompatibilityType.compatible, result.messages
    for writer, reader in permutations(VERSIONS[name], 2):
        assert evolution.misread(writer, reader) == []


def test_released_versions_are_numbered_without_gaps_and_each_has_its_file() -> None:
    ids = loader.released_ids()
    files = {p.relative_to(release.FOLDER).with_suffix("").as_posix() for p in release.FOLDER.rglob("*.avsc")}
    assert files == {f"{name}/{version}" for name, version in ids.values()}
    assert len(set(ids.values())) == len(ids)
    for name, versions in VERSIONS.items():
        assert sorted(v for n, v in ids.values() if n == name) == list(range(1, len(versions) + 1))
    assert sorted(ids) == list(range(release.FIRST_ID, release.FIRST_ID + len(ids)))


@every_record
def test_a_released_record_stands_alone_for_another_implementation(name: str) -> None:
    assert _avro(VERSIONS[name][-1]).fullname == name


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_lies_in_the_file_of_its_name_and_says_what_it_is(name: str) -> None:
    schema = loader.definition(name)
    assert f"{schema['namespace']}.{schema['name']}" == name
    assert schema["doc"].endswith(".")
    for each in schema.get("fields", ()):
        assert each["doc"].endswith("."), each["name"]


@every_record
def test_fields_keep_to_the_types_that_survive_every_reader(name: str) -> None:
    """Amounts are decimal(24,6), times micros; no float or map; what is optional defaults to null.

    Bare bytes are only what somebody sent, which is kept as it came.
    """
    schema = loader.whole(name)
    for part in types_in(schema):
        assert name == IntakeMessage.SCHEMA or part != "bytes"
        assert part not in {"float", "double"} if isinstance(part, str) else part["type"] != "map"
        if isinstance(part, dict) and part["type"] == "bytes":
            assert part == AMOUNT
        if isinstance(part, dict) and part["type"] == "long":
            assert part["logicalType"] == "timestamp-micros"
    for each in loader.definition(name)["fields"]:
        if isinstance(each["type"], list):
            assert each["default"] is None, each["name"]
    assert evolution.unfolding(schema) == []


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.SCHEMA)
def test_a_message_names_its_topic_key_and_identity(kind: type[Message]) -> None:
    schema = loader.definition(kind.SCHEMA)
    fields = {each["name"]: each["type"] for each in schema["fields"]}
    key = fields[schema["key"]]
    assert (key if isinstance(key, str) else key["type"]) == "string"
    assert schema["identity"]
    assert set(schema["identity"]) <= fields.keys()
    assert schema["topic"] == kind.TOPIC
    assert schema["topic"].rsplit(".", 1)[1].startswith("v")


def test_references_come_before_those_who_use_them() -> None:
    order = loader.in_order_of_use()
    assert sorted(order) == sorted(NAMES)
    for place, name in enumerate(order):
        assert set(loader.references(loader.definition(name))) <= set(order[:place])


def test_only_a_union_of_null_and_one_type_becomes_an_optional_field() -> None:
    fields = Fields(loader.OURS)
    assert fields.annotation(["null", "string"]) == "str | None"
    with pytest.raises(ValueError, match="only"):
        fields.annotation(["string", "null"])


def _avro(schema: dict[str, Any]) -> avro.schema.RecordSchema:
    parsed = avro.schema.parse(json.dumps(schema))
    assert isinstance(parsed, avro.schema.RecordSchema)
    return parsed


def test_a_record_without_a_topic_is_no_message() -> None:
    without = {name for name in RECORD_NAMES if "topic" not in loader.definition(name)}
    assert without == {r.SCHEMA for r in RECORDS if issubclass(r, Record) and not issubclass(r, Message)}
