"""Who asks: the party whose token a request carries (RFC 6750)."""

from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest

from starlette.datastructures import Headers

from services.core.errors import Fault, Refused


class Doorkeeper:
    """`tokens`: names of parties, each with the SHA-256 of its token in hexadecimal. Without, all are `otherwise`."""

    def __init__(self, tokens: Mapping[str, str], otherwise: str) -> None:
        self._tokens = [(digest.encode(), name) for name, digest in tokens.items()]
        self._otherwise = otherwise

    @property
    def asks(self) -> bool:
        """Whether a request must say who sends it."""
        return bool(self._tokens)

    def party(self, headers: Headers) -> str:
        """The party a request comes from. Refused with 401 when it shows no token, or one that no party has.

        All digests are compared, each in constant time: how long it takes says nothing about any of them.
        """
        if not self._tokens:
            return self._otherwise
        given = headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        digest = sha256(token.strip().encode("latin-1", "replace")).hexdigest().encode()
        found = [name for known, name in self._tokens if compare_digest(known, digest)]
        if scheme.lower() != "bearer" or not found:
            fault = Fault("Authorization", "token", "`Bearer` and the token of a party of this door is expected")
            raise Refused(401, "Who sends this is not known", (fault,))
        return found[0]
