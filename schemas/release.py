"""Publishes the current form of every record under an id of its own.

`python -m schemas.release` adds what changed to `schemas/released/` when every version of a record, old and new, can
read every other (FULL_TRANSITIVE); else it says what would break and writes nothing.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from schemas import loader

FOLDER = Path(__file__).parent / "released"

FIRST_ID = 1_000_000_001
"""No registry counts this far: records written with bundled ids stay readable when an installation gets a registry."""


def reset() -> None:
    """Release everything anew as version 1. Only before the first release of the product."""
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    names = [n for n in loader.names() if loader.definition(n)["type"] == "record"]
    _write({FIRST_ID + place: (name, 1) for place, name in enumerate(names)}, {(n, 1): loader.whole(n) for n in names})


def _write(ids: dict[int, tuple[str, int]], schemas: dict[tuple[str, int], Any]) -> None:
    for (name, version), schema in schemas.items():
        path = FOLDER / name / f"{version}.avsc"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(schema, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = ",\n".join(f' "{i}": {json.dumps(list(entry))}' for i, entry in sorted(ids.items()))
    FOLDER.joinpath("ids.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    if "--reset" in arguments:
        reset()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
