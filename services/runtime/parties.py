"""Parties at a door: what settings say of them, and whose token a request carries (RFC 6750, RFC 7617)."""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers

from services.core.errors import Fault, Refused

NAME: Final = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
"""The name of a party: it may be part of the name of a topic."""
BEARER: Final = "Bearer"
BASIC: Final = 'Basic realm="Tolbrug", charset="UTF-8"'


class KnownParty(BaseModel):
    """A party as settings state it.

    `token_sha256`: the SHA-256, in hexadecimal, of the token it shows; the token itself is nowhere in the settings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    # A fault of a secret is told without showing it; a misspelt key is a fault.

    name: str = Field(min_length=1, max_length=70, pattern=NAME)
    token_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


P = TypeVar("P", bound=KnownParty)


def stated_parties(stated: Any) -> Any:
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


def told_apart(parties: tuple[P, ...]) -> tuple[P, ...]:
    """The parties. ValueError when two of them have one name or one token."""
    for what, values in (
        ("name", [party.name for party in parties]),
        ("token_sha256", [party.token_sha256 for party in parties if party.token_sha256]),
    ):
        if len(set(values)) != len(values):
            raise ValueError(f"two parties have the same {what}")
    return parties


def _why(error: Exception) -> str:
    """What is wrong, without what was read."""
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} at line {error.lineno}, column {error.colno}"
        case OSError():
            return str(error.strerror)
        case _:
            return type(error).__name__


class Unknown(Refused):
    """Nobody this door knows; `challenge` says how to show who one is (RFC 9110 section 15.5.2)."""

    def __init__(self, challenge: str, detail: str) -> None:
        super().__init__(401, "Who sends this is not known", (Fault("Authorization", "token", detail),))
        self.challenge = challenge


class Doorkeeper:
    """`tokens`: names of parties, each with the SHA-256 of its token in hexadecimal. Without, all are `otherwise`."""

    def __init__(self, tokens: Mapping[str, str], otherwise: str) -> None:
        self._tokens = [(digest.encode(), name) for name, digest in tokens.items()]
        self._otherwise = otherwise

    @property
    def asks(self) -> bool:
        """Whether a request must say who sends it."""
        return bool(self._tokens)

    def party(self, headers: Headers, *, browser: bool = False) -> str:
        """The party a request comes from. Refused with 401 when it shows no token, or one that no party has.

        `browser`: what is asked for is a page, so the token may come as the password of any user, and is asked for so.
        All digests are compared, each in constant time: how long it takes says nothing about any of them.
        """
        if not self._tokens:
            return self._otherwise
        given = headers.getlist("authorization")
        token = _token(given[0], browser=browser) if len(given) == 1 else b""
        digest = sha256(token).hexdigest().encode()
        found = [name for known, name in self._tokens if compare_digest(known, digest)]
        if token and found:
            return found[0]
        if browser:
            raise Unknown(BASIC, "the token of a party of this door is expected as the password")
        raise Unknown(BEARER, "`Bearer` and the token of a party of this door is expected")


def _token(given: str, *, browser: bool) -> bytes:
    """Empty when none is shown in a way that is taken here."""
    scheme, _, shown = given.partition(" ")
    match scheme.lower():
        case "bearer":
            return shown.strip().encode("latin-1", "replace")
        case "basic" if browser:
            try:
                return b64decode(shown.strip(), validate=True).partition(b":")[2]
            except (binascii.Error, ValueError):
                return b""
        case _:
            return b""
