"""This service's knobs: `TOLBRUG_ALERTING__<KEY>`."""

from pydantic_settings import BaseSettings, SettingsConfigDict

from services.runtime.webhook.endpoint import WebhookSettings


class AlertingSettings(WebhookSettings, BaseSettings):
    """Alerts go to `webhook_url`, when there is one."""

    model_config = SettingsConfigDict(
        env_prefix="TOLBRUG_ALERTING__",
        env_nested_delimiter="__",
        extra="ignore",
        # A fault of the secret is told without showing it.
        hide_input_in_errors=True,
    )
