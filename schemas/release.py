"""Publishes the current form of every record under an id of its own.

`python -m schemas.release` adds what changed to `schemas/released/` when every version of a record, old and new, can
read every other (FULL_TRANSITIVE); else it says what would break and writes nothing. A released file never changes.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from schemas import evolution, loader
from schemas.loader import JsonObject

FOLDER = Path(__file__).parent / "released"

FIRST_ID = 1_000_000_001
"""No registry counts this far: records written with bundled ids stay readable when an installation gets a registry."""

FIXED = ("topic", "key", "identity")

Released = Mapping[int, tuple[str, int]]


def breaks(name: str, earlier: Mapping[int, JsonObject], current: JsonObject) -> list[str]:
    """What stands against releasing `current`, given earlier versions by number. Empty: nothing."""
    found = []
    for version, old in earlier.items():
        found += [f"{name}: version {version} could not be read: {fault}" for fault in evolution.misread(old, current)]
        found += [f"{name}: readers of version {version} fail: {fault}" for fault in evolution.misread(current, old)]
        found += [f"{name}: {key} may not change" for key in FIXED if old.get(key) != current.get(key)]
    return found + [f"{name}: {fault}" for fault in evolution.unfolding(current)]


def additions(ids: Released, schemas: Mapping[int, JsonObject], current: Mapping[str, JsonObject]) -> Released:
    """New ids for the records whose form changed. ValueError, one fault a line, when a change breaks something."""
    versions: dict[str, dict[int, JsonObject]] = {}
    for schema_id, (name, version) in ids.items():
        versions.setdefault(name, {})[version] = schemas[schema_id]
    faults = [f"{name}: was released, its definition must stay" for name in versions if name not in current]
    next_id = max(ids, default=FIRST_ID - 1) + 1
    new: dict[int, tuple[str, int]] = {}
    for name, schema in sorted(current.items()):
        earlier = versions.get(name, {})
        latest = max(earlier, default=0)
        if latest and loader.bare(earlier[latest]) == loader.bare(schema):
            continue
        faults += breaks(name, earlier, schema)
        new[next_id] = (name, latest + 1)
        next_id += 1
    if faults:
        raise ValueError("\n".join(faults))
    return new


def records() -> dict[str, JsonObject]:
    """Every record as it is now, standing alone, by full name."""
    return {n: loader.whole(n) for n in loader.names() if loader.definition(n)["type"] == "record"}


def write(ids: Released, new: Released, schemas: Mapping[str, JsonObject]) -> None:
    for name, version in new.values():
        path = FOLDER / name / f"{version}.avsc"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(schemas[name], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = ",\n".join(f' "{i}": {json.dumps(list(entry))}' for i, entry in sorted({**ids, **new}.items()))
    FOLDER.joinpath("ids.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def main() -> int:
    current = records()
    ids = loader.released_ids()
    try:
        new = additions(ids, loader.released(), current)
    except ValueError as error:
        sys.stderr.write(f"{error}\nNothing was released. schemas/README.md says which changes are possible.\n")
        return 1
    write(ids, new, current)
    sys.stdout.writelines(f"{schema_id}: {name} version {version}\n" for schema_id, (name, version) in new.items())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
