"""Enumerated names as JSON writes them: LARGE_PROJECT is large-project."""

from enum import StrEnum
from functools import cache
from typing import Literal, TypeVar, cast

E = TypeVar("E", bound=StrEnum)

KindWord = Literal[
    "individual", "global", "large-project", "union-general", "national-general", "transit", "intra-union-transfer"
]
BasisWord = Literal["quantity", "value", "both", "open"]
StepWord = Literal["suspended", "reinstated", "revoked", "annulled", "surrendered", "expired", "exhausted"]
StatusWord = Literal["issued", StepWord]
GeneralWord = Literal["eu001", "eu002", "eu003", "eu004", "eu005", "eu006", "eu007", "eu008", "national"]
ReferenceWord = Literal["original-licence", "exhibition", "contract", "application", "federal-dossier", "other"]
ReportWord = Literal["cumulative", "delta", "contra", "late", "adjust"]
ChannelWord = Literal["electronic-transfer", "visit", "teaching", "technical-assistance", "export"]


@cache
def word(name: StrEnum) -> str:
    """How an enumerated name is written in JSON."""
    return name.value.lower().replace("_", "-")


def named(names: type[E], text: str) -> E:
    """The name that a word of JSON stands for. ValueError when there is none."""
    return cast(E, _named(names, text))


@cache
def _named(names: type[StrEnum], text: str) -> StrEnum:
    return names(text.upper().replace("-", "_"))
