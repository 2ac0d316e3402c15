"""Settings of the customs door: `TOLBRUG_CUSTOMS__<KEY>`."""

from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class CustomsSettings(BaseModel):
    """`party`: in whose name every message comes in. There is no authentication: who reaches the port is this party.

    `time_zone`: of times that state none, as AES writes them.
    `in_flight_s`: how long after its publication a message may be undecided before it counts as unaccounted for, which
    is looked at every `accounts_every_s` seconds.
    """

    party: str = Field(default="customs", min_length=1, max_length=70)
    time_zone: str = "Europe/Brussels"
    in_flight_s: float = Field(default=600, gt=0)
    accounts_every_s: float = Field(default=15, gt=0)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no such time zone: {name}") from error
        return name


class Settings(BaseSettings):
    """What the environment says about this service."""

    model_config = SettingsConfigDict(env_prefix="TOLBRUG_", env_nested_delimiter="__", extra="ignore")

    customs: CustomsSettings = CustomsSettings()
