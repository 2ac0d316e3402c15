"""This service's knobs: `TOLBRUG_LICENSING__<KEY>`."""

from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class LicensingSettings(BaseSettings):
    """`time_zones`: prefix of an authority's code to the IANA time zone its dates are in; the longest prefix wins."""

    model_config = SettingsConfigDict(env_prefix="TOLBRUG_LICENSING__", env_nested_delimiter="__", extra="ignore")

    time_zones: dict[str, str] = Field(default_factory=lambda: {"BE-": "Europe/Brussels"})

    def zone_of(self, authority: str) -> str | None:
        """None: this authority cannot issue here, for the validity of its licences would have no meaning."""
        prefixes = [prefix for prefix in self.time_zones if authority.startswith(prefix)]
        return self.time_zones[max(prefixes, key=len)] if prefixes else None

    @model_validator(mode="after")
    def _zones_exist(self) -> Self:
        for prefix, zone in self.time_zones.items():
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError(f"time zone of {prefix!r}: no such zone: {zone!r}") from error
        return self
