"""What a service is: a value that `wiring.build` gives, and that a process runs. Nothing starts at import."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from services.runtime.codec import Codec
from services.runtime.database import Database
from services.runtime.fold import FoldSpec
from services.runtime.outbox import Outbox
from services.runtime.settings import RuntimeSettings


@dataclass(frozen=True)
class Runtime:
    """What a service may use. The database opens before any loop, route or fold of the service runs."""

    settings: RuntimeSettings
    database: Database
    codec: Codec

    @property
    def door(self) -> Database:
        """The same database for those who answer somebody: they are told soon when it is away."""
        return self.database.at_once()


@dataclass(frozen=True)
class Service:
    """A service: its name is also its PostgreSQL schema. `loops` run until cancelled; one that ends is an error."""

    name: str
    topics: tuple[str, ...]
    migrations: str | None = None
    routers: tuple[APIRouter, ...] = ()
    folds: tuple[FoldSpec[Any], ...] = ()
    outboxes: tuple[Outbox, ...] = ()
    loops: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)


Build = Callable[[Runtime], Service]
"""`services.<name>.wiring.build`."""
