"""Which schema stands behind which id."""

from typing import Any, Protocol

from schemas import loader
from services.core.errors import Fatal


class Registry(Protocol):
    """Ids of schemas. The first three know without asking; the others may ask a server."""

    def id_of(self, record: str) -> int:
        """The id to write our form of a record under. Transient before `prepare` has succeeded."""
        ...

    def known(self, schema_id: int) -> Any | None:
        """The schema behind an id met before."""
        ...

    def absent(self, schema_id: int) -> bool:
        """Whether an id is known not to exist."""
        ...

    async def prepare(self) -> None:
        """Make the ids of all our messages known."""
        ...

    async def fetch(self, schema_id: int) -> None:
        """Make one id known, or known not to exist. Transient when the server does not answer."""
        ...

    async def close(self) -> None: ...


class BundledRegistry:
    """The ids of `schemas/released`: no server."""

    def __init__(self) -> None:
        self._schemas = loader.released()
        self._ids = {name: schema_id for schema_id, (name, _) in sorted(loader.released_ids().items())}

    def id_of(self, record: str) -> int:
        schema_id = self._ids.get(record)
        if schema_id is None or loader.bare(self._schemas[schema_id]) != loader.bare(loader.whole(record)):
            raise Fatal(f"{record} has changed since its release: run `python -m schemas.release`")
        return schema_id

    def known(self, schema_id: int) -> Any | None:
        return self._schemas.get(schema_id)

    def absent(self, schema_id: int) -> bool:
        return schema_id not in self._schemas

    async def prepare(self) -> None:
        return

    async def fetch(self, schema_id: int) -> None:
        del schema_id

    async def close(self) -> None:
        return
