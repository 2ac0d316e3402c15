"""This service's knobs: `TOLBRUG_ALERTING__<KEY>`."""

import base64
import binascii
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class AlertingSettings(BaseSettings):
    """Without `webhook_url` no webhook is sent.

    `webhook_secret`: `whsec_` and base64 of 24 to 64 random bytes (Standard Webhooks); there is no default.
    `webhook_allow_private`: also send to private and loopback addresses; off, so that a URL from outside cannot reach
    inside. `webhook_timeout_s`: for one attempt as a whole.
    """

    model_config = SettingsConfigDict(
        env_prefix="TOLBRUG_ALERTING__",
        env_nested_delimiter="__",
        extra="ignore",
        # A fault of the secret is told without showing it.
        hide_input_in_errors=True,
    )

    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    webhook_allow_private: bool = False
    webhook_timeout_s: float = Field(default=10.0, gt=0, le=60)

    @model_validator(mode="after")
    def _webhook_is_usable(self) -> Self:
        if not self.webhook_url:
            return self
        if not _is_endpoint(self.webhook_url):
            raise ValueError("webhook_url: an http or https URL with a host and without a user was expected")
        if self.webhook_secret is None:
            raise ValueError("webhook_secret: needed with webhook_url; `whsec_` and base64 of 24 to 64 random bytes")
        if not _is_secret(self.webhook_secret.get_secret_value()):
            raise ValueError("webhook_secret: `whsec_` and base64 of 24 to 64 random bytes was expected")
        return self


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
