"""This service's knobs: `TOLBRUG_ALERTING__<KEY>`."""

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.runtime.webhook.endpoint import check_endpoint


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
        check_endpoint(self.webhook_url, self.webhook_secret)
        return self
