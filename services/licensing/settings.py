"""This service's knobs: `TOLBRUG_LICENSING__<KEY>`."""

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.licensing.domain.lite import LiteExchange
from services.runtime.parties import KnownParty, stated_parties, told_apart


class Party(KnownParty):
    """An authority at the door: a region that licenses, or the federal side that advises and authorises."""

    authority: str = Field(min_length=1, max_length=70)
    side: Literal["region", "federal"]


def one_side_each(parties: tuple[Party, ...]) -> tuple[Party, ...]:
    """The parties. ValueError when two act for one authority, on either side."""
    if len({(party.authority, party.side) for party in parties}) != len({party.authority for party in parties}):
        raise ValueError("two parties act for the same authority on different sides")
    return parties


class LicensingSettings(BaseSettings):
    """`parties`: who comes to the door, as a JSON list or the path of a file with one. Once one of them has a token,
    every request needs one, and may do what its side has the right to.

    `time_zones`: prefix of an authority's code to the IANA time zone its dates are in; the longest prefix wins.

    `validity_years`: the same prefixes to the longest validity (Reg. (EU) 2021/821 art. 12(3); Flanders sets 3).

    `dossier_*_days`: working days for a check, for the advice and for the decision on it. No law that we know sets
    them: they follow the 10 and 30 days of art. 16(5) of that regulation until the two authorities agree on others.

    `lite`: what files of licences leave open (`docs/lite.md`).
    """

    model_config = SettingsConfigDict(
        env_prefix="TOLBRUG_LICENSING__", env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True
    )

    parties: Annotated[
        tuple[Party, ...],
        NoDecode,
        BeforeValidator(stated_parties),
        AfterValidator(told_apart),
        AfterValidator(one_side_each),
    ] = ()

    time_zones: dict[str, str] = Field(default_factory=lambda: {"BE-": "Europe/Brussels"})

    validity_years: dict[str, Annotated[int, Field(ge=1, le=10)]] = Field(default_factory=lambda: {"": 2, "BE-VLG": 3})

    dossier_check_days: Annotated[int, Field(ge=1, le=260)] = 10

    dossier_advice_days: Annotated[int, Field(ge=1, le=260)] = 30

    dossier_decision_days: Annotated[int, Field(ge=1, le=260)] = 10

    lite: LiteExchange = LiteExchange()

    def years_of(self, authority: str) -> int:
        """How long an individual or global licence may run: 2 years unless the authority decides otherwise."""
        prefixes = [prefix for prefix in self.validity_years if authority.startswith(prefix)]
        return self.validity_years[max(prefixes, key=len)] if prefixes else 2

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
