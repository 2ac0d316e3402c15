"""Where webhooks go, and what settings must say for that."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr


@dataclass(frozen=True)
class Endpoint:
    """A destination. `id` names it in tables, metrics and logs: never the URL, which may hold a token."""

    id: str
    url: str
    secret: SecretStr
    allow_private: bool
    timeout_s: float


def check_endpoint(url: str | None, secret: SecretStr | None) -> None:
    """ValueError, without showing the secret, when a webhook could not be sent. Without URL there is none."""
    if not url:
        return
    if not _is_endpoint(url):
        raise ValueError("webhook_url: an http or https URL with a host and without a user was expected")
    if secret is None:
        raise ValueError("webhook_secret: needed with webhook_url; `whsec_` and base64 of 24 to 64 random bytes")
    if not _is_secret(secret.get_secret_value()):
        raise ValueError("webhook_secret: `whsec_` and base64 of 24 to 64 random bytes was expected")


def _is_endpoint(text: str) -> bool:
    try:
        url = urlsplit(text)
        return url.scheme in {"http", "https"} and bool(url.hostname) and url.username is None and url.port != 0
    except ValueError:
        return False


def _is_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith("whsec_") and 24 <= len(key) <= 64
