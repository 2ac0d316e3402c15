"""The lists a release brings: revision 0 of each, from the CSV files beside this module."""

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from services.core.codes import DOCUMENT_TYPES, OFFICES, version_of
from services.core.messages import CodeList
from services.runtime.codes.rows import from_csv

PARTIAL = frozenset({DOCUMENT_TYPES, OFFICES})
"""Of these there are thousands, and nationals ones too: what is not among them is not unknown."""
_BEFORE_ANY_IMPORT = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def bundled(name: str) -> CodeList:
    """A list as this release knows it."""
    codes = from_csv(name, files("services.runtime.codes").joinpath("data", f"{name}.csv").read_bytes())
    complete = name not in PARTIAL
    return CodeList(
        name=name,
        revision=0,
        version=version_of(codes, complete=complete),
        complete=complete,
        imported_at=_BEFORE_ANY_IMPORT,
        codes=codes,
    )
