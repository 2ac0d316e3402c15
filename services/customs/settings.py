"""Settings of the customs door: `TOLBRUG_CUSTOMS__<KEY>`."""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.runtime.webhook.endpoint import WebhookSettings

_QUIET = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
"""A fault of a secret is told without showing it; a misspelt key is a fault."""


NAME: Final = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
"""The name of a party: it is part of the name of a topic."""


class Party(WebhookSettings):
    """A customs administration at the door.

    `token_sha256`: the SHA-256, in hexadecimal, of the token it shows as `Authorization: Bearer`; the token itself is
    nowhere in the settings. `webhook_url` gets each final verdict on what it stated, signed with `webhook_secret`.
    `administers`: it may amend and invalidate what other parties declared, as a supervising office does.
    """

    model_config = _QUIET

    name: str = Field(min_length=1, max_length=70, pattern=NAME)
    token_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    administers: bool = False


def _parties(stated: Any) -> Any:
    """A JSON list, or the path of a file that holds one."""
    if not isinstance(stated, str):
        return stated
    text = stated.strip()
    if text and not text.startswith("["):
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ValueError(f"a JSON list or the path of a file with one was expected: {_why(error)}") from None
    try:
        return json.loads(text or "[]")
    except ValueError as error:
        raise ValueError(f"no JSON: {_why(error)}") from None


def _why(error: Exception) -> str:
    """What is wrong, without what was read."""
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} at line {error.lineno}, column {error.colno}"
        case OSError():
            return str(error.strerror)
        case _:
            return type(error).__name__


class CustomsSettings(BaseModel):
    """`parties`: the administrations at the door, as a JSON list or the path of a file with one.

    Once one of them has a token every request needs one, and what comes in comes in the name of the party whose token
    it is. `party`: in whose name messages come in while no party has a token: who reaches the port is this party.

    `time_zone`: of times that state none, as AES writes them.
    `unlisted_codes`: a code that no code list has on the day of the declaration is told and taken, or refused.
    `in_flight_s`: how long after its publication a message may be undecided before it counts as unaccounted for, which
    is looked at every `accounts_every_s` seconds.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    party: str = Field(default="customs", min_length=1, max_length=70, pattern=NAME)
    parties: Annotated[tuple[Party, ...], NoDecode, BeforeValidator(_parties)] = ()
    time_zone: str = "Europe/Brussels"
    unlisted_codes: Literal["warn", "refuse"] = "warn"
    in_flight_s: float = Field(default=600, gt=0)
    accounts_every_s: float = Field(default=15, gt=0)

    @property
    def names(self) -> tuple[str, ...]:
        """All parties in whose name messages can come in."""
        asks = any(party.token_sha256 for party in self.parties)
        named = [party.name for party in self.parties]
        return tuple(dict.fromkeys(named if asks else [self.party, *named]))

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no such time zone: {name}") from error
        return name

    @field_validator("parties")
    @classmethod
    def _tell_apart(cls, parties: tuple[Party, ...]) -> tuple[Party, ...]:
        for what, values in (
            ("name", [party.name for party in parties]),
            ("token_sha256", [party.token_sha256 for party in parties if party.token_sha256]),
        ):
            if len(set(values)) != len(values):
                raise ValueError(f"two parties have the same {what}")
        return parties


class Settings(BaseSettings):
    """What the environment says about this service."""

    model_config = SettingsConfigDict(
        env_prefix="TOLBRUG_", env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True
    )

    customs: CustomsSettings = CustomsSettings()
