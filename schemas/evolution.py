"""What a change of a schema would break, beyond what Avro's own resolution refuses.

Avro resolves a writer's `decimal(10,2)` into a reader's `decimal(24,6)`, a `timestamp-millis` into `timestamp-micros`
and an `int` into a `long` field by field, and its libraries differ in whether they notice. Here a field keeps its
type for ever. Schemas are in the standalone form with full names, as `loader.whole` or a parser gives them.
"""

import sys
from collections.abc import Iterator
from typing import Any

_LOGICAL = ("logicalType", "precision", "scale")
_MEANING_ONLY = frozenset({"mrn", "eori", "licence-ref", "commodity-code", "country", "unit", "currency"})


def misread(writer: Any, reader: Any) -> list[str]:
    """Where `reader` would not get what `writer` wrote, each as one sentence. Empty: it always does."""
    return list(_Comparison(_named(writer), _named(reader)).faults(writer, reader, ""))


def unfolding(schema: Any) -> list[str]:
    """Where a few bytes could become a great deal of data: items that take no byte, types that contain themselves."""
    named = _named(schema)
    return list(_unfolding(schema, named, (), set()))


def longest_with(records: int, schema: Any) -> int:
    """How many bytes a value may have and still hold at most so many records, parts counted, whatever they are.

    For a schema in which nothing unfolds: each item of an array takes its least number of bytes for the records in it.
    """
    items: list[tuple[int, int]] = []
    whole, _ = _weight(schema, _named(schema), items)
    return min([(records - whole) * least // held for held, least in items if held], default=sys.maxsize)


def full_name(schema: Any) -> str:
    """Full name of a named type."""
    name = str(schema["name"])
    return name if "." in name or not schema.get("namespace") else f"{schema['namespace']}.{name}"


def _named(schema: Any) -> dict[str, Any]:
    if isinstance(schema, str):
        return {}
    found = {full_name(schema): schema} if isinstance(schema, dict) and "name" in schema else {}
    for part in _parts(schema):
        found |= _named(part)
    return found


def _unfolding(schema: Any, named: dict[str, Any], inside: tuple[str, ...], done: set[str]) -> Iterator[str]:
    if isinstance(schema, str):
        if schema in inside:
            yield f"{schema} contains itself"
        if schema not in named or schema in done:
            return
        schema = named[schema]
    if isinstance(schema, dict) and "fields" in schema:
        done.add(full_name(schema))
        inside = (*inside, full_name(schema))
    for part in _parts(schema):
        yield from _unfolding(part, named, inside, done)
    if isinstance(schema, dict) and schema["type"] == "array" and not _takes_bytes(schema["items"], named):
        yield "an array whose items take no byte"


def _parts(schema: Any) -> list[Any]:
    """The schemas a schema is directly made of."""
    if isinstance(schema, list):
        return schema
    nested = [schema[key] for key in ("items", "values") if key in schema]
    return nested + [field["type"] for field in schema.get("fields", ())]


def _takes_bytes(schema: Any, named: dict[str, Any], depth: int = 0) -> bool:
    """Whether every value takes at least one byte. A type that contains itself is refused elsewhere."""
    if isinstance(schema, str) and schema in named and depth < 50:
        schema = named[schema]
    if isinstance(schema, dict) and "fields" in schema:
        return any(_takes_bytes(field["type"], named, depth + 1) for field in schema["fields"])
    if isinstance(schema, dict):
        return schema["type"] != "null" and schema.get("size") != 0
    return bool(schema != "null")


def _weight(schema: Any, named: dict[str, Any], items: list[tuple[int, int]]) -> tuple[int, int]:
    """The most records in a value beside those in its arrays, and its fewest bytes; `items`: the same of each array."""
    schema = named.get(schema, schema) if isinstance(schema, str) else schema
    if isinstance(schema, list):
        branches = [_weight(branch, named, items) for branch in schema]
        return max(held for held, _ in branches), 1 + min(least for _, least in branches)
    parts = [_weight(part, named, items) for part in _parts(schema)] if isinstance(schema, dict) else []
    if isinstance(schema, dict) and "fields" in schema:
        return 1 + sum(held for held, _ in parts), sum(least for _, least in parts)
    items += parts
    return 0, int(schema != "null")


class _Comparison:
    def __init__(self, writers: dict[str, Any], readers: dict[str, Any]) -> None:
        self._writers = writers
        self._readers = readers
        self._seen: set[str] = set()

    def faults(self, writer: Any, reader: Any, path: str) -> Iterator[str]:
        writer = self._writers.get(writer, writer) if isinstance(writer, str) else writer
        reader = self._readers.get(reader, reader) if isinstance(reader, str) else reader
        if isinstance(writer, list):
            for branch in writer:
                yield from self._branch(branch, reader, path)
        elif isinstance(reader, list):
            yield from self._branch(writer, reader, path)
        elif _kind(writer) != _kind(reader):
            yield f"{path or 'the schema'} is {_kind(writer)} there and {_kind(reader)} here"
        else:
            yield from self._same_kind(writer, reader, path)

    def _same_kind(self, writer: Any, reader: Any, path: str) -> Iterator[str]:
        kind = writer if isinstance(writer, str) else writer["type"]
        if kind == "record":
            yield from self._record(writer, reader, path)
        elif kind == "enum":
            strange = [s for s in writer["symbols"] if s not in reader["symbols"]]
            if strange and "default" not in reader:
                yield f"{path} may be {', '.join(strange)}, which is not known here"
        elif kind in {"array", "map"}:
            nested = "items" if kind == "array" else "values"
            yield from self.faults(writer[nested], reader[nested], f"{path}[]")

    def _record(self, writer: Any, reader: Any, path: str) -> Iterator[str]:
        name = full_name(writer)
        if name in self._seen:
            return
        self._seen.add(name)
        theirs = {field["name"]: field for field in writer["fields"]}
        for field in reader["fields"]:
            where = f"{path}.{field['name']}" if path else field["name"]
            if field["name"] in theirs:
                yield from self.faults(theirs[field["name"]]["type"], field["type"], where)
            elif "default" not in field:
                yield f"{where} is not written there and has no default here"

    def _branch(self, writer: Any, reader: Any, path: str) -> Iterator[str]:
        candidates = reader if isinstance(reader, list) else [reader]
        candidates = [branch for branch in candidates if (branch == "null") == (writer == "null")]
        attempts = []
        for candidate in candidates:
            seen = set(self._seen)
            faults = list(self.faults(writer, candidate, path))
            if not faults:
                return
            self._seen = seen
            attempts.append(faults)
        yield from min(attempts, key=len, default=[f"{path} may be {_kind(writer)} there and never here"])


def _kind(schema: Any) -> str:
    """Type, name and logical type in one word: what must never change."""
    if isinstance(schema, str):
        return schema
    if "name" in schema:
        return f"{schema['type']} {full_name(schema)}"
    logical = [str(schema[k]) for k in _LOGICAL if k in schema]
    if not logical or logical[0] in _MEANING_ONLY:
        return str(schema["type"])
    return f"{schema['type']} ({' '.join(logical)})"
