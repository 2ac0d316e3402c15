"""Settings of the embedded engines: `TOLBRUG_EMBEDDED__<KEY>`. Where they keep their state is `TOLBRUG_STATE`."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tolbrug"


class EmbeddedSettings(BaseSettings):
    """Port 0 takes a free one, and the same again at the next start when nobody took it meanwhile.

    `cache` keeps Kafka's jars, shared by every state directory of this user. `maven_repository` is the address of a
    mirror; empty takes Maven Central. `java_options` are what Kafka's Java is started with, the heap among them.
    """

    model_config = SettingsConfigDict(env_prefix="TOLBRUG_EMBEDDED__", extra="ignore")

    cache: Path = Field(default_factory=_user_cache)
    maven_repository: str = ""
    java_options: str = "-Xms256m -Xmx512m"
    kafka_port: int = 0
    postgres_port: int = 0
