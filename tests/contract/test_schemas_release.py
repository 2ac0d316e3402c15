"""Which changes of a schema may be released. Apache Avro's own check is the second judge."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import avro.compatibility
import avro.schema
import pytest

from schemas import evolution, loader, release

COLOUR = {"type": "enum", "name": "Colour", "symbols": ["RED", "BLUE"]}
PART = {"type": "record", "name": "Part", "fields": [{"name": "size", "type": "int"}]}
AMOUNT = {"type": "bytes", "logicalType": "decimal", "precision": 24, "scale": 6}
OLD: dict[str, Any] = {
    "type": "record",
    "name": "Thing",
    "doc": "A thing.",
    "topic": "things.v1",
    "key": "id",
    "identity": ["id"],
    "fields": [
        {"name": "id", "type": "string", "doc": "Id."},
        {"name": "colour", "type": COLOUR},
        {"name": "amount", "type": AMOUNT},
        {"name": "note", "type": ["null", "string"], "default": None},
        {"name": "parts", "type": {"type": "array", "items": PART}, "default": []},
    ],
}
Change = Callable[[dict[str, Any]], Any]


def add(field: dict[str, Any]) -> Change:
    return lambda schema: schema["fields"].append(field)


def retype(place: int, kind: Any) -> Change:
    return lambda schema: schema["fields"][place].__setitem__("type", kind)


def remove(place: int) -> Change:
    return lambda schema: schema["fields"].pop(place)


def changed(change: Change) -> dict[str, Any]:
    schema = copy.deepcopy(OLD)
    change(schema)
    return schema


COMPATIBLE: list[Change] = [
    add({"name": "weight", "type": ["null", AMOUNT], "default": None}),
    add({"name": "tags", "type": {"type": "array", "items": "string"}, "default": []}),
    remove(3),
    remove(4),
    lambda schema: schema["fields"].reverse(),
    lambda schema: schema["fields"][4]["type"]["items"]["fields"].append({"name": "x", "type": "int", "default": 0}),
]
REFUSED_BY_BOTH: list[Change] = [
    add({"name": "weight", "type": AMOUNT}),
    remove(0),
    retype(0, "int"),
    retype(0, ["null", "string"]),
    retype(3, "string"),
    retype(3, ["null", "int"]),
    retype(1, {**COLOUR, "symbols": ["RED", "BLUE", "GREEN"]}),
    retype(1, {**COLOUR, "symbols": ["RED"]}),
    retype(4, {"type": "array", "items": "int"}),
    lambda schema: schema["fields"][4]["type"]["items"]["fields"].append({"name": "x", "type": "int"}),
    lambda schema: schema["fields"][0].__setitem__("name", "reference"),
    lambda schema: schema.__setitem__("name", "Object"),
]
REFUSED_BY_US: list[Change] = [
    retype(2, {**AMOUNT, "scale": 2}),
    retype(2, {**AMOUNT, "precision": 18}),
    retype(2, "bytes"),
    lambda schema: schema.__setitem__("key", "note"),
    lambda schema: schema.__setitem__("topic", "things.v2"),
    lambda schema: schema.__setitem__("identity", ["id", "note"]),
    add({"name": "bomb", "type": {"type": "array", "items": "null"}, "default": []}),
]


def avro_allows(one: dict[str, Any], other: dict[str, Any]) -> bool:
    checker = cast(Any, avro.compatibility).ReaderWriterCompatibilityChecker()
    first, second = (avro.schema.parse(json.dumps(schema)) for schema in (one, other))
    results = [checker.get_compatibility(first, second), checker.get_compatibility(second, first)]
    return all(r.compatibility is avro.compatibility.SchemaCompatibilityType.compatible for r in results)


@pytest.mark.parametrize("change", COMPATIBLE)
def test_a_compatible_change_is_released_under_the_next_id(change: Change) -> None:
    new = changed(change)
    assert avro_allows(OLD, new)
    assert release.additions({5: ("Thing", 1)}, {5: OLD}, {"Thing": new}) == {6: ("Thing", 2)}


@pytest.mark.parametrize("change", REFUSED_BY_BOTH)
def test_a_change_that_breaks_a_reader_is_refused(change: Change) -> None:
    new = changed(change)
    assert not avro_allows(OLD, new)
    with pytest.raises(ValueError, match=r"Thing: (version 1 could not be read|readers of version 1 fail)"):
        release.additions({5: ("Thing", 1)}, {5: OLD}, {"Thing": new})


@pytest.mark.parametrize("change", REFUSED_BY_US)
def test_a_change_of_meaning_is_refused_though_avro_would_resolve_it(change: Change) -> None:
    with pytest.raises(ValueError, match="Thing"):
        release.additions({5: ("Thing", 1)}, {5: OLD}, {"Thing": changed(change)})


def test_a_change_is_judged_against_every_earlier_version_not_only_the_last() -> None:
    without = changed(remove(3))
    again = changed(retype(3, ["null", "int"]))
    assert evolution.misread(without, again) == evolution.misread(again, without) == []
    with pytest.raises(ValueError, match="version 1"):
        release.additions({5: ("Thing", 1), 6: ("Thing", 2)}, {5: OLD, 6: without}, {"Thing": again})


def test_other_words_are_no_new_version() -> None:
    new = changed(lambda schema: schema.__setitem__("doc", "An object."))
    assert release.additions({5: ("Thing", 1)}, {5: OLD}, {"Thing": new}) == {}


def test_a_released_record_may_not_disappear() -> None:
    with pytest.raises(ValueError, match="its definition must stay"):
        release.additions({5: ("Thing", 1)}, {5: OLD}, {})


def test_the_first_release_starts_above_every_registry() -> None:
    assert release.additions({}, {}, {"Thing": OLD}) == {release.FIRST_ID: ("Thing", 1)}


def test_the_command_writes_the_new_version_beside_the_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new = changed(COMPATIBLE[0])
    monkeypatch.setattr(release, "FOLDER", tmp_path)
    release.write({}, {5: ("Thing", 1)}, {"Thing": OLD})
    monkeypatch.setattr(loader, "released_ids", lambda: {5: ("Thing", 1)})
    monkeypatch.setattr(loader, "released", lambda: {5: OLD})
    monkeypatch.setattr(release, "records", lambda: {"Thing": new})
    assert release.main() == 0
    assert capsys.readouterr().out == "6: Thing version 2\n"
    assert json.loads((tmp_path / "ids.json").read_text()) == {"5": ["Thing", 1], "6": ["Thing", 2]}
    assert json.loads((tmp_path / "Thing" / "1.avsc").read_text()) == OLD
    assert json.loads((tmp_path / "Thing" / "2.avsc").read_text()) == new


def test_the_command_writes_nothing_when_a_change_breaks_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(release, "FOLDER", tmp_path)
    monkeypatch.setattr(loader, "released_ids", lambda: {5: ("Thing", 1)})
    monkeypatch.setattr(loader, "released", lambda: {5: OLD})
    monkeypatch.setattr(release, "records", lambda: {"Thing": changed(REFUSED_BY_BOTH[0])})
    assert release.main() == 1
    assert "weight is not written there and has no default here" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
