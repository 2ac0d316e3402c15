"""Settings of the customs door: `TOLBRUG_CUSTOMS__<KEY>`."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.runtime.parties import NAME, KnownParty, stated_parties, told_apart
from services.runtime.webhook.endpoint import WebhookSettings


class Party(KnownParty, WebhookSettings):
    """A customs administration at the door; it shows its token as `Authorization: Bearer`.

    `webhook_url` gets each final verdict on what it stated, signed with `webhook_secret`.
    `administers`: it may amend and invalidate what other parties declared, as a supervising office does.
    """

    administers: bool = False


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
    parties: Annotated[tuple[Party, ...], NoDecode, BeforeValidator(stated_parties), AfterValidator(told_apart)] = ()
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


class Settings(BaseSettings):
    """What the environment says about this service."""

    model_config = SettingsConfigDict(
        env_prefix="TOLBRUG_", env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True
    )

    customs: CustomsSettings = CustomsSettings()
