"""Where webhooks go, and what settings must say for that."""

import base64
import binascii
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, model_validator


@dataclass(frozen=True)
class Endpoint:
    """A destination. `id` names it in tables, metrics and logs: never the URL, which may hold a token."""

    id: str
    url: str
    secret: SecretStr
    allow_private: bool
    timeout_s: float


class WebhookSettings(BaseModel):
    """Without `webhook_url` no webhook is sent.

    `webhook_secret`: `whsec_` and base64 of 24 to 64 random bytes (Standard Webhooks); there is no default.
    `webhook_allow_private`: also send to private and loopback addresses; off, so that a URL from outside cannot reach
    inside. `webhook_timeout_s`: for one attempt as a whole.
    """

    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    webhook_allow_private: bool = False
    webhook_timeout_s: float = Field(default=10.0, gt=0, le=60)

    @model_validator(mode="after")
    def _webhook_is_usable(self) -> Self:
        """ValueError, without showing the secret, when a webhook could not be sent."""
        if not self.webhook_url:
            return self
        if not _is_endpoint(self.webhook_url):
            raise ValueError("webhook_url: an http or https URL with a host and without a user was expected")
        if self.webhook_secret is None:
            raise ValueError("webhook_secret: needed with webhook_url; `whsec_` and base64 of 24 to 64 random bytes")
        if not _is_secret(self.webhook_secret.get_secret_value()):
            raise ValueError("webhook_secret: `whsec_` and base64 of 24 to 64 random bytes was expected")
        return self

    def endpoint(self, name: str) -> Endpoint | None:
        """Where to, under this name; None: nowhere."""
        if not self.webhook_url or self.webhook_secret is None:
            return None
        return Endpoint(name, self.webhook_url, self.webhook_secret, self.webhook_allow_private, self.webhook_timeout_s)


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
