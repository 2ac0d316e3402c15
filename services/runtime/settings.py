"""Settings that every process has, from the environment: `TOLBRUG_<SECTION>__<KEY>`, read once at start."""

from pathlib import Path

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaSettings(BaseModel):
    """`partitions` counts when topics are first created; after that the broker's count holds and may not change."""

    bootstrap_servers: str = ""
    topic_prefix: str = ""
    partitions: int = Field(default=12, ge=1)
    replication_factor: int = Field(default=1, ge=1)
    create_topics: bool = True


class DatabaseSettings(BaseModel):
    """`url` as PostgreSQL's own clients take it: `postgresql://user:password@host:port/database`."""

    url: str = ""
    pool_size: int = Field(default=24, ge=2)


class RegistrySettings(BaseModel):
    """Without `url` the ids bundled with `schemas/` are used."""

    url: str | None = None


class HttpSettings(BaseModel):
    """Port 0 takes a free one. 9464 serves probes and metrics of processes without a door of their own.

    `waiting` requests may be under way at once, as many again that only read, and `waiting_bytes` of their bodies, on
    at most so many `connections`.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    waiting: int = Field(default=2_000, ge=1)
    waiting_bytes: int = Field(default=128 * 1024 * 1024, ge=1)
    connections: int = Field(default=5_000, ge=1)


class FoldSettings(BaseModel):
    """`lease_s`: a worker silent for so long loses its partitions; `batch` bounds the records of one transaction.

    `cache` bounds what a partition keeps in memory: aggregates, and the shipments of ledgers. The state of an aggregate
    with entries is stored after more than `store_after` of them, and more than half the parts it holds.
    """

    lease_s: float = Field(default=8.0, gt=0)
    batch: int = Field(default=2_000, ge=1)
    cache: int = Field(default=50_000, ge=1)
    store_after: int = Field(default=32, ge=0)


class OutboxSettings(BaseModel):
    """Rows of a door's outbox are deleted `keep_h` hours after they were published; their topic keeps what they say."""

    keep_h: float = Field(default=168.0, ge=1)


class RuntimeSettings(BaseSettings):
    """All of the above. `state` is where a process keeps what may be lost: registry cache, embedded engines."""

    model_config = SettingsConfigDict(env_prefix="TOLBRUG_", env_nested_delimiter="__", extra="ignore")

    kafka: KafkaSettings = KafkaSettings()
    database: DatabaseSettings = DatabaseSettings()
    registry: RegistrySettings = RegistrySettings()
    http: HttpSettings = HttpSettings()
    fold: FoldSettings = FoldSettings()
    outbox: OutboxSettings = OutboxSettings()
    state: Path = Path(".tolbrug")
    log_level: str = "INFO"
