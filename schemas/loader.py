"""Reads the `.avsc` files and resolves the names they use."""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

JsonObject = dict[str, Any]

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})


OURS = "schemas"
"""The package of our own definitions; a benchmark may bring others."""


@cache
def names(package: str = OURS) -> tuple[str, ...]:
    """Full names of all definitions, sorted."""
    folder = files(package)
    return tuple(sorted(f.name.removesuffix(".avsc") for f in folder.iterdir() if f.name.endswith(".avsc")))


@cache
def _text(name: str, package: str) -> str:
    return files(package).joinpath(f"{name}.avsc").read_text(encoding="utf-8")


def definition(name: str, package: str = OURS) -> JsonObject:
    """One definition as written, with references to other definitions by name."""
    parsed: JsonObject = json.loads(_text(name, package))
    return parsed


def references(schema: Any) -> Iterator[str]:
    """Names of the definitions a schema uses directly, in order of appearance."""
    if isinstance(schema, str):
        if schema not in PRIMITIVES:
            yield schema
    elif isinstance(schema, list):
        for branch in schema:
            yield from references(branch)
    elif schema["type"] == "record":
        for field in schema["fields"]:
            yield from references(field["type"])
    elif schema["type"] == "array":
        yield from references(schema["items"])


def in_order_of_use(package: str = OURS) -> tuple[str, ...]:
    """All names, each after those it refers to."""
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in done:
            for used in references(definition(name, package)):
                visit(used)
            done[name] = None

    for name in names(package):
        visit(name)
    return tuple(done)


def whole(name: str, package: str = OURS) -> JsonObject:
    """A definition that stands alone: each named type is spelled out where it is first used.

    This is the form that registries and other languages read.
    """
    seen: set[str] = set()

    def expand(schema: Any) -> Any:
        if isinstance(schema, str):
            if schema in PRIMITIVES or schema in seen:
                return schema
            return expand(definition(schema, package))
        if isinstance(schema, list):
            return [expand(branch) for branch in schema]
        if schema["type"] == "array":
            return {**schema, "items": expand(schema["items"])}
        if schema["type"] == "record":
            seen.add(f"{schema['namespace']}.{schema['name']}")
            return {**schema, "fields": [{**f, "type": expand(f["type"])} for f in schema["fields"]]}
        if schema["type"] == "enum":
            seen.add(f"{schema['namespace']}.{schema['name']}")
        return schema

    result: JsonObject = expand(name)
    return result


def bare(schema: Any) -> Any:
    """A schema without its documentation: two that are bare alike are one version."""
    if isinstance(schema, list):
        return [bare(part) for part in schema]
    if isinstance(schema, dict):
        return {key: bare(part) for key, part in schema.items() if key != "doc"}
    return schema


@cache
def released_ids() -> dict[int, tuple[str, int]]:
    """Bundled id → full name and version of a released schema. Ids are never reused and never change."""
    entries: dict[str, tuple[str, int]] = json.loads(_released("ids.json"))
    return {int(schema_id): (name, version) for schema_id, (name, version) in entries.items()}


@cache
def released() -> dict[int, JsonObject]:
    """Bundled id → released schema in its standalone form."""
    return {i: json.loads(_released(f"{name}/{version}.avsc")) for i, (name, version) in released_ids().items()}


def _released(path: str) -> str:
    return files(OURS).joinpath("released", *path.split("/")).read_text(encoding="utf-8")
