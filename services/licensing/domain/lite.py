"""The exchange of licence files with a back office that writes `licenceData`: what the two have agreed, and its order.

`docs/lite.md` says what each field of a file becomes.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.core.errors import Fault

LAST_RUN: Final = 99_999
"""Run numbers go from 0 to here, and begin again."""

UNITS: Final[Mapping[str, str]] = {
    "021": "GRM",
    "023": "KGM",
    "025": "TNE",
    "030": "NAR",
    "031": "NPR",
    "045": "MTK",
    "057": "MTR",
    "074": "MLT",
    "076": "LTR",
    "087": "MTQ",
    "110": "4G",
    "111": "MGM",
    "116": "MC",
}
"""Quantity codes of the UK tariff to units of UN/ECE recommendation 20 and TARIC."""


class LiteExchange(BaseModel):
    """What a file does not say. Without `authority` there is no exchange.

    `kinds`: licence type of the file to ours. `control_codes`: beginnings of commodity codes to entries of Annex I, the
    longest wins; `control_code`: of a line that none of them fits. `country_groups`: groups to countries.
    `open_currency`: in what use of an open line is recorded. `first_run`: the number of the first file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    authority: str | None = None
    kinds: Mapping[str, str] = Field(
        default_factory=lambda: {"SIE": "individual", "OIE": "global", "OGE": "national-general"}
    )
    control_code: str | None = None
    control_codes: Mapping[str, str] = Field(default_factory=dict)
    country_groups: Mapping[str, Sequence[str]] = Field(default_factory=dict)
    procedures: Sequence[str] = ()
    open_currency: str = "GBP"
    cancelled_as: Literal["revoked", "surrendered", "annulled"] = "revoked"
    first_run: Annotated[int, Field(ge=0, le=LAST_RUN)] = 1

    def entry_of(self, commodity: str) -> str | None:
        """The entry of Annex I for goods of a commodity code, which may be empty."""
        fits = [beginning for beginning in self.control_codes if commodity.startswith(beginning)]
        return self.control_codes[max(fits, key=len)] if fits else self.control_code


def out_of_order(run: int, last: int | None, first: int) -> Fault | None:
    """Why a file cannot be the next one. A later file waits for an earlier one: it may amend what that one issues."""
    expected = first if last is None else (last + 1) % (LAST_RUN + 1)
    if run == expected:
        return None
    # Half of all numbers are behind, half ahead: what is behind was there before.
    if last is not None and (last - run) % (LAST_RUN + 1) <= LAST_RUN // 2:
        detail = f"run {run} was another file, or none; the next is {expected}"
        return Fault("line 1 run", "run-taken", detail)
    return Fault("line 1 run", "run-gap", f"run {run} came before {expected}: send that first, and this one again")


def follows(new: str, old: str) -> bool:
    """Whether a reference is the next one of a licence: `…/P/A` follows `…/P`, and `…/P/B` follows `…/P/A`."""
    stem, _, letter = new.rpartition("/")
    before, _, other = old.rpartition("/")
    if not (len(letter) == 1 and letter.isalpha()):
        return False
    return stem == old or (stem == before and len(other) == 1 and other.isalpha() and letter != other)
